"""The modes: what they train, evaluate, print and return."""

from typing import Any

import pytest
import tensorflow as tf

import estimator_compat
from estimator_compat.command_line.modes import run_mode
from estimator_compat.command_line.settings import TrainSettings

tf1 = tf.compat.v1


class _Display:
    """A display that keeps its notes."""

    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)

    def stage(self, label, *, unit, start, total):
        return self

    def due(self, position):
        return False

    def show(self, position, loss):
        pass

    def close(self):
        pass


def model_fn(features, labels, mode):
    """A loss that is the mean of the features, and a global step that rises by one."""
    if mode == "infer":
        return estimator_compat.EstimatorSpec(mode, predictions={"feature": features})
    loss = tf.reduce_mean(features)
    with tf.control_dependencies([loss]):
        step = tf1.assign_add(tf1.train.get_global_step(), 1)
    return estimator_compat.EstimatorSpec(mode, loss=loss, train_op=step)


def inputs():
    """Three batches: their losses are 1.5, 3.5 and 5."""
    return tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0, 5.0]).batch(2)


@pytest.fixture
def run(tmp_path):
    """Runs a mode, and returns its result and the notes."""

    def run(mode, **changes):
        settings = TrainSettings(
            model_fn=model_fn,
            train_input_fn=inputs,
            eval_input_fn=inputs,
            predict_input_fn=inputs,
            mode=mode,
            model_dir=str(tmp_path / "run"),
            **changes,
        )
        display: Any = _Display()
        return run_mode(settings, display), display.notes

    return run


def test_train(run, tmp_path):
    result, notes = run("train", max_steps=2)
    assert result.title == "training to step 2"
    assert result.metrics == {"global_step": 2, "loss": 3.5}
    assert notes == []
    result, notes = run("train", max_steps=2)
    assert (result.title, result.metrics) == ("", {})
    assert notes == [
        f"nothing to train: {tmp_path}/run/model.ckpt-2 is at --max_steps (2) or beyond; raise it "
        "to train on"
    ]


def test_evaluate(run):
    run("train")
    result, notes = run("evaluate", loss_summaries=False)
    assert result.title == "evaluation at step 3"
    assert notes == []
    # (1.5 + 3.5 + 5) / 3
    assert result.metrics == {"global_step": 3, "loss": pytest.approx(10 / 3)}
    result, _ = run("evaluate", eval_steps=2)
    # the mean of batches, and of their examples: (1.5 + 3.5) / 2, (1 + 2 + 3 + 4) / 4
    assert result.metrics == {"global_step": 3, "loss": 2.5, "average_loss": 2.5}


def test_per_example_losses(run, tmp_path):
    run("train", max_steps=1)
    path = tmp_path / "losses.csv"
    _, notes = run("evaluate", per_example_losses=str(path), worst=2)
    assert notes == [f"{path} has 2 examples"]
    assert [line.split(",")[1] for line in path.read_text().splitlines()[1:]] == ["5.0", "4.0"]


def test_predict(run, tmp_path, capsys):
    run("train", max_steps=1)
    result, notes = run("predict")
    assert (result.title, result.metrics) == ("", {})
    assert notes == [f"5 predictions from {tmp_path}/run/model.ckpt-1"]
    assert capsys.readouterr().out == "".join(f'{{"feature": {n}.0}}\n' for n in range(1, 6))


def test_train_and_evaluate(run):
    result, notes = run("train_and_evaluate", save_checkpoints_steps=2, loss_summaries=False)
    # each checkpoint but the first, of step 0
    assert notes == ["evaluation at step 2: loss 3.33333", "evaluation at step 3: loss 3.33333"]
    assert result.title == "evaluation at step 3"
    again, notes = run("train_and_evaluate", max_steps=3)
    assert again.title == "evaluation at step 3"
    assert len(notes) == 1  # nothing to train


@pytest.mark.parametrize("mode", ["evaluate", "predict"])
def test_without_a_checkpoint(run, tmp_path, mode):
    with pytest.raises(ValueError, match="has no checkpoint") as raised:
        run(mode)
    assert str(raised.value) == (
        f"`--model_dir` ({tmp_path}/run) has no checkpoint; expected a checkpoint to {mode} "
        "with; train first, or name the folder that has one."
    )
