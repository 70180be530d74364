"""Variables that only EVAL or PREDICT has: from the restored checkpoint, or an error."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from migrate.hosting.checkpoints import filled_variables
from migrate.hosting.host import host


def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
    """With `other`, the layer has another name outside TRAIN; with `more`, TRAIN has both."""
    name = "other" if params.get("other") and mode != "train" else "own"
    outputs = tf1.layers.dense(features, 1, name=name, kernel_initializer=tf1.ones_initializer())
    if params.get("more") and mode == "train":
        initializer = tf1.constant_initializer(7.0)
        for part, shape in (("kernel", [1, 1]), ("bias", [1])):
            tf1.get_variable(f"other/{part}", shape, initializer=initializer)
    if mode == "infer":
        return estimator.EstimatorSpec(mode, predictions={"y": outputs})
    loss = tf1.losses.mean_squared_error(labels, outputs)
    optimizer = tf1.train.GradientDescentOptimizer(0.1)
    train_op = optimizer.minimize(loss, tf1.train.get_global_step())
    return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def input_fn() -> tf.data.Dataset:
    x = np.arange(4, dtype=np.float32).reshape(4, 1)
    return tf.data.Dataset.from_tensors((x, 2 * x)).repeat(3)


def hosted(**params: Any) -> Any:
    return host(model_fn, input_fn=input_fn, params=params, loss_summaries=False)


def test_after_training_they_are_an_error_that_names_them(tmp_path: Path) -> None:
    loop = hosted(other=True)
    loop.train(steps=2)
    told = r"mode 'eval' has variables that neither .* filled: other/bias, other/kernel; expected"
    for _ in range(2):
        with pytest.raises(ValueError, match=told):
            loop.evaluate()
    with pytest.raises(
        ValueError, match=r"mode 'infer' has .*; build the model alike in all modes"
    ):
        next(loop.predict())
    restored = hosted(other=True)
    restored.restore(loop.save(str(tmp_path)))
    with pytest.raises(ValueError, match=told):
        restored.evaluate()


def test_before_training_they_have_their_initial_values(caplog: pytest.LogCaptureFixture) -> None:
    """As under an Estimator without a checkpoint; after the training they are an error."""
    loop = hosted(other=True)
    with caplog.at_level("INFO", logger="tensorflow"):
        assert loop.evaluate()["loss"] == np.float32(3.5)  # mean((2x - x)^2) of 0, 1, 2, 3
    assert (
        "Could not find trained model in model_dir: None, running initialization to" in caplog.text
    )
    loop.train(steps=1)
    with pytest.raises(ValueError, match="filled: other/bias, other/kernel"):
        loop.evaluate()


def test_a_restored_checkpoint_may_have_them(tmp_path: Path) -> None:
    """An Estimator evaluates such a checkpoint, too; the next training leaves them stale."""
    config = estimator.RunConfig(str(tmp_path))
    run = estimator.Estimator(model_fn, params={"other": True, "more": True}, config=config)
    run.train(input_fn, steps=2)
    loop = hosted(other=True)
    loop.restore(str(tmp_path))
    expected = run.evaluate(input_fn)
    for _ in range(2):
        assert loop.evaluate()["loss"] == expected["loss"]
    assert next(loop.predict())["y"].tolist() == [[7.0], [14.0], [21.0], [28.0]]
    loop.train(steps=1)
    with pytest.raises(ValueError, match="filled: other/bias, other/kernel"):
        loop.evaluate()


def test_the_message_has_advice_for_keras_3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filled_variables.legacy_keras, "advice_on_names", lambda: "Keras 3 is. ")
    told = filled_variables.unfilled("eval", ["dense_1/bias"])
    assert told.endswith("with the same names. Keras 3 is.")
