"""A Scaffold whose saver is a `tf.train.Checkpoint`: its checkpoints in loops, and back."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from migrate import checkpoint_conversion
from migrate.hosting.checkpoints import loop_checkpoints, object_names
from migrate.hosting.host import host


def model_fn(features: Any, labels: Any, mode: str) -> Any:
    """As in TensorFlow's guide to checkpoints, with a TF1 optimizer that the Checkpoint tracks."""
    kernel = tf.Variable([[1.0]], name="line/kernel")
    optimizer = tf1.train.AdamOptimizer(0.1)
    step = tf1.train.get_global_step()
    loss = tf.reduce_mean(tf.square(features @ kernel - labels))
    train_op = optimizer.minimize(loss, step)
    saved = tf.train.Checkpoint(step=step, optimizer=optimizer, kernel=kernel)
    return estimator.EstimatorSpec(
        mode,
        loss=loss,
        train_op=train_op if mode == "train" else None,
        scaffold=tf1.train.Scaffold(saver=saved),
    )


def input_fn() -> tf.data.Dataset:
    x = np.arange(6, dtype=np.float32).reshape(6, 1)
    return tf.data.Dataset.from_tensor_slices((x, 2 * x)).batch(2).repeat()


def test_checkpoints_of_a_checkpoint_object(tmp_path: Path) -> None:
    def run(side: str) -> Any:
        return estimator.Estimator(model_fn, config=estimator.RunConfig(str(tmp_path / side)))

    run("one").train(input_fn, steps=4)
    latest = tf.train.latest_checkpoint(str(tmp_path / "one"))
    names = object_names.by_name(latest)
    assert names["line/kernel"] == "kernel/.ATTRIBUTES/VARIABLE_VALUE"
    assert names["global_step"] == "step/.ATTRIBUTES/VARIABLE_VALUE"
    assert loop_checkpoints.is_legacy(latest)

    loop = host(model_fn, input_fn=input_fn, loss_summaries=False)
    loop.restore(latest)
    resumed = run("one")
    resumed.train(input_fn, steps=4)
    loop.train(steps=4)
    for name, value in loop_checkpoints.read(resumed.latest_checkpoint()).items():
        np.testing.assert_array_equal(loop.variables[name], value)
    assert loop.evaluate(steps=2) == resumed.evaluate(input_fn, steps=2)

    saved = loop.save_legacy(str(tmp_path / "two" / "model.ckpt"))
    assert (
        dict(tf.train.list_variables(saved)).keys()
        == dict(tf.train.list_variables(resumed.latest_checkpoint())).keys()
    )
    kernel = tf.Variable([[0.0]])
    tf.train.Checkpoint(kernel=kernel).restore(saved).expect_partial()
    np.testing.assert_array_equal(kernel, loop.variables["line/kernel"])
    run("two").train(input_fn, max_steps=9)


def test_its_conversion_keeps_the_variables_names(tmp_path: Path) -> None:
    run = estimator.Estimator(model_fn, config=estimator.RunConfig(str(tmp_path / "one")))
    run.train(input_fn, steps=2)
    done = checkpoint_conversion.convert(str(tmp_path / "one"), str(tmp_path / "converted/"))
    assert done.legacy
    assert done.written is not None
    loop = host(model_fn, input_fn=input_fn, loss_summaries=False)
    loop.restore(done.written)
    np.testing.assert_array_equal(
        loop.variables["line/kernel"],
        tf.train.load_variable(str(tmp_path / "one"), "kernel/.ATTRIBUTES/VARIABLE_VALUE"),
    )
