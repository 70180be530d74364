"""`SavedModelEstimator` goes on where the Estimator that exported its SavedModel was."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import estimator_compat
from estimator_compat.experimental import SavedModelEstimator

tf1 = tf.compat.v1
X = np.array([[1.0], [2.0], [-1.0], [3.0]], np.float32)


def _input_fn() -> Any:
    return tf1.data.Dataset.from_tensor_slices(({"x": X}, X[:, 0] * 3 + 1)).batch(2)


def _model_fn(features: Any, labels: Any, mode: str) -> Any:
    bias = tf1.get_variable("bias", [], initializer=tf1.zeros_initializer())
    # The name of the first variable is a part of the second's.
    weight = tf1.get_variable("bias_2", [], initializer=tf1.ones_initializer())
    outputs = features["x"][:, 0] * weight + bias
    if mode == "infer":
        return estimator_compat.EstimatorSpec(mode, {"y": outputs})
    loss = tf1.losses.mean_squared_error(labels, outputs)
    step = tf1.train.get_global_step()
    return estimator_compat.EstimatorSpec(
        mode,
        loss=loss,
        train_op=tf1.train.MomentumOptimizer(0.1, 0.9).minimize(loss, step),
        eval_metric_ops={"mean": tf1.metrics.mean(outputs)},
    )


def _features() -> dict[str, Any]:
    return {"x": tf1.placeholder(tf.float32, [None, 1], name="x")}


def _supervised() -> Any:
    receiver = estimator_compat.experimental.build_raw_supervised_input_receiver_fn
    return receiver(_features(), tf1.placeholder(tf.float32, [None], name="y"))()


def _serving() -> Any:
    features = _features()
    return estimator_compat.export.ServingInputReceiver(features, features)


@pytest.fixture(scope="module")
def estimator(tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = estimator_compat.Estimator(_model_fn, str(tmp_path_factory.mktemp("model")))
    return made.train(_input_fn, steps=1)


@pytest.fixture(scope="module")
def exported(estimator: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = str(tmp_path_factory.mktemp("exports"))
    receivers = {"train": _supervised, "eval": _supervised, "infer": _serving}
    return estimator.experimental_export_all_saved_models(folder, receivers)


def _metrics(found: dict[str, Any]) -> dict[str, float]:
    return {name.removeprefix("metrics/"): float(value) for name, value in found.items()}


def test_evaluation_prediction_and_training(estimator: Any, exported: Any, tmp_path: Path) -> None:
    loaded = SavedModelEstimator(exported, str(tmp_path))
    found = loaded.evaluate(_input_fn)
    assert sorted(found) == ["global_step", "loss", "metrics/mean"]
    assert _metrics(found) == _metrics(estimator.evaluate(_input_fn))

    def features() -> Any:
        return _input_fn().map(lambda features, _: features)

    expected = [one["y"] for one in estimator.predict(features)]
    assert [one["y"] for one in loaded.predict(features)] == expected
    loaded.train(_input_fn)
    assert loaded.get_variable_value("global_step") == 3  # one step before, two batches now
    assert sorted(loaded.get_variable_names()) == sorted(estimator.get_variable_names())


def test_a_mode_that_was_not_exported(estimator: Any, tmp_path: Path) -> None:
    loaded = SavedModelEstimator(estimator.export_saved_model(str(tmp_path), _serving))
    with pytest.raises(RuntimeError, match="train mode is not available in the SavedModel"):
        loaded.train(_input_fn)


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ({}, 'Key "x" not found in features or labels passed in to the model function'),
        ({"x": X.astype(np.int32)}, "Tensor shape and/or dtype validation failed for input x:"),
        ({"x": X[:, 0]}, "Tensor shape and/or dtype validation failed for input x:"),
    ],
)
def test_other_features(exported: Any, features: dict[str, Any], words: str) -> None:
    def input_fn() -> Any:
        return tf1.data.Dataset.from_tensors((dict(features), X[:, 0]))

    with pytest.raises(ValueError, match=words):
        SavedModelEstimator(exported).evaluate(input_fn)
