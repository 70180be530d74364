"""`estimator_compat.contrib` has the symbols of the facade, by every form of import."""

import importlib

import estimator_compat
from estimator_compat.facade import names


def test_forms_of_import() -> None:
    layers = importlib.import_module("estimator_compat.contrib.layers")
    expected = names.find("tensorflow.contrib.layers.layer_norm")
    assert layers.layer_norm is expected
    assert estimator_compat.contrib.layers.layer_norm is expected
    assert "layer_norm" in dir(layers)
    assert "layers" in dir(estimator_compat.contrib)
    nest = importlib.import_module("estimator_compat.contrib.framework.nest")
    assert nest.flatten([[1], 2]) == [1, 2]


def test_what_is_not_there() -> None:
    assert isinstance(estimator_compat.contrib.nothing, names.Missing)
    assert isinstance(estimator_compat.contrib.layers.nothing, names.Missing)
