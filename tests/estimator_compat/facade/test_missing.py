"""The messages about names that the facade lacks."""

from estimator_compat.api import legacy_symbols
from estimator_compat.facade import missing


def test_close_names_and_absent_packages() -> None:
    assert "tf.contrib.layers.layer_norm" in missing.explain("contrib.layers.layernorm")
    row = legacy_symbols.ROWS["contrib.layers.conv2d"]
    told = missing.unloadable("contrib.layers.conv2d", row, ImportError("no tf_slim"))
    assert told.endswith("pip install 'estimator-compat[contrib]'.")
