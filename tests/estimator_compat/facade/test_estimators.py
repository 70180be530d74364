"""Names below `tf.estimator`, public and private."""

from typing import Any

import pytest

import estimator_compat
from estimator_compat import inputs, v1
from estimator_compat.export import PredictOutput
from estimator_compat.facade import estimators


def test_the_run_config_of_tpus_is_its_own() -> None:
    assert estimators.find("tensorflow.estimator.RunConfig") is estimator_compat.RunConfig
    assert estimators.find("tensorflow.estimator.tpu.RunConfig") is not estimator_compat.RunConfig
    assert estimators.find("python.estimator.run_config.RunConfig") is estimator_compat.RunConfig


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("tensorflow.estimator.Estimator", v1.Estimator),
        ("tensorflow.estimator.inputs", inputs),
        ("tensorflow.estimator.inputs.numpy_input_fn", inputs.numpy_input_fn),
        ("tensorflow_estimator.python.estimator.export.export_output.PredictOutput", PredictOutput),
        # A file of the original, and a module of this package.
        ("tensorflow.python.estimator.spec", None),
        ("tensorflow.estimator.NoSuchName", None),
    ],
)
def test_the_last_part_of_a_name_decides(path: str, value: Any) -> None:
    assert estimators.find(path) is value


def test_public_names_that_are_not_here() -> None:
    assert estimators.is_public("tensorflow.estimator.BoostedTreesClassifier")
    assert not estimators.is_public("tensorflow.estimator.NoSuchName")
