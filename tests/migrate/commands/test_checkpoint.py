"""`migrate checkpoint` as a process: what it prints, what it writes, and how it exits."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from tests.models.hosted_programs import run
from tests.recording.commands import migrate

pytestmark = pytest.mark.subprocess


def test_the_command(tmp_path: Path) -> None:
    trained, _ = run(tmp_path / "run", steps=2)
    count = len(trained.get_variable_names())
    done = migrate("checkpoint", f"{tmp_path}/run", f"{tmp_path}/new/")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"{tmp_path}/run/model.ckpt-2, an Estimator's\n"
        f"  matched   {count}\n"
        f"written to {tmp_path}/new/ckpt-2, a custom loop's\n"
    )
    other = migrate(
        "checkpoint",
        f"{tmp_path}/run",
        f"{tmp_path}/penguins/",
        "--target=migrate.examples:penguins",
    )
    assert other.returncode == 1
    assert "dense/kernel: (3, 4) in the checkpoint, (9, 16) in the model" in other.stdout
    assert "nothing was written; mend what does not match, or pass" in other.stdout
    assert not (tmp_path / "penguins").exists()


PROGRAM = """
import tensorflow as tf

tf.disable_v2_behavior()

def model_fn(features, labels, mode):
    loss = tf.losses.mean_squared_error(labels, tf.layers.dense(features, 1, name="dense"))
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)

def data():
    return tf.data.Dataset.from_tensors(([[1.0, 2.0]], [[3.0]]))
"""


def test_the_command_for_a_legacy_program(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    values = {
        "global_step": np.int64(7),
        "dense/kernel": np.ones([2, 1], np.float32),
        "dense/bias": np.ones([1], np.float32),
        "older": np.ones([1], np.float32),
    }
    saver = tf1.train.Saver({name: tf.Variable(value) for name, value in values.items()})
    saver.save(None, str(tmp_path / "odd"))
    target = ["--facade", "--target=program.py:model_fn", "--input_fn=program.py:data"]
    given = ["checkpoint", "odd", "new/", *target, "--allow-partial"]
    done = migrate(*given, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")  # `older` did not match
    assert "older (the model has no variable)" in done.stdout
    back = migrate("checkpoint", "new", "names/", *target, cwd=tmp_path)
    assert (back.returncode, back.stderr) == (0, "")
    # The folder is a relative one, and the file in it that names the latest can be moved with it.
    assert 'model_checkpoint_path: "model.ckpt-7"' in (tmp_path / "names/checkpoint").read_text()
