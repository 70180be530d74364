"""`migrate verify` as a process: what it prints, and how it exits."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from migrate import cli
from migrate.commands import verify
from migrate.verifying.verdict import Outcome, Stage, Tolerances
from tests.recording.commands import migrate

PENGUINS = """\
The reference (estimator_compat.Estimator) against the subject (CustomLoop), from the same weights,
on the same batches:

stage         verdict    absolute  relative  ulps  compared
----------------------------------------------------------------------------------------------
variables     identical         0         0     0  15 variables: names, shapes, initial values
forward       identical         0         0     0  first batch: predictions, loss
gradients     identical         0         0     0  first batch: 4 variables
one step      identical         0         0     0  15 variables and slots
steps         identical         0         0     0  100 losses; 15 variables
second train  identical         0         0     0  a second call of train: 3 losses
evaluation    identical         0         0     0  2 batches: 3 metrics
predictions   identical         0         0     0  2 batches

IDENTICAL: every number that was compared is the same, bit for bit.
"""
# A legacy program: it calls `disable_v2_behavior`, and reads a width with `.value`. With `counts`,
# each graph has another loss, so that the reference differs from itself. With `stops`, a hook ends
# both trainings.
PROGRAM = """
import itertools
import tensorflow as tf

tf.disable_v2_behavior()
numbers = itertools.count(1.0)

def model_fn(features, labels, mode, params):
    width = features["x"].shape[-1].value
    outputs = tf.layers.dense(features["x"], width, name="outputs")
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions=outputs)
    loss = tf.losses.mean_squared_error(labels, outputs)
    if params.get("counts"):
        loss *= next(numbers)
    hooks = [tf.train.StopAtStepHook(last_step=1)] if params.get("stops") else []
    step = tf.train.get_or_create_global_step()
    train_op = tf.train.AdamOptimizer(0.1).minimize(loss, step)
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op, training_hooks=hooks)

def data():
    features = {"x": [[1.0], [2.0], [3.0]]}
    return tf.data.Dataset.from_tensor_slices((features, [[1.0], [2.0], [3.0]])).batch(2)

def target():
    import migrate
    assert not tf.executing_eagerly()  # nor is it at the top level of such a program
    return migrate.Target(model_fn=model_fn, input_fns=data)
"""

# It has gradient descent where the program has Adam.
OTHER_LOOP = """
import tensorflow as tf

class Loop:
    def __init__(self):
        self.variables = {
            "outputs/kernel": tf.Variable([[1.0]]),
            "outputs/bias": tf.Variable([0.0]),
        }

    def train_step(self, features, labels):
        kernel, bias = self.variables.values()
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((labels - features["x"] @ kernel - bias) ** 2)
        for weight, gradient in zip((kernel, bias), tape.gradient(loss, [kernel, bias])):
            weight.assign_sub(0.1 * gradient)
        return loss
"""


GIVEN = ("program.py:model_fn", "--input_fn=program.py:data")


def run(folder: Path, *arguments: str, given: Sequence[str] = GIVEN) -> Any:
    (folder / "program.py").write_text(PROGRAM)
    return migrate("verify", "--facade", *given, *arguments, cwd=folder)


@pytest.mark.subprocess
def test_the_embedded_example() -> None:
    result = migrate("verify")
    assert (result.stdout, result.returncode) == (PENGUINS, 0), result.stderr


@pytest.mark.subprocess
def test_a_hook_of_a_legacy_program_ends_both_trainings(tmp_path: Path) -> None:
    arguments = ("--params=stops=true", "--format=json")
    result = run(tmp_path, *arguments, given=["program.py:target"])
    assert result.returncode == 0, result.stderr
    verdict = json.loads(result.stdout)
    assert verdict["outcome"] == "identical"
    assert len(verdict["run_losses"]) == len(verdict["subject_losses"]) == 1


@pytest.mark.subprocess
def test_a_loop_that_differs(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(OTHER_LOOP)
    arguments = ("--subject=other.py:Loop", "--format=json")
    result = run(tmp_path, *arguments, given=["program.py:target"])
    assert result.returncode == 1, result.stderr
    verdict = json.loads(result.stdout)
    assert verdict["outcome"] == "different"


@pytest.mark.subprocess
@pytest.mark.slow
def test_a_legacy_program_that_does_not_repeat_itself(tmp_path: Path) -> None:
    arguments = ("--params=counts=true", "--format=json")
    result = run(tmp_path, *arguments, given=["program.py:target"])
    assert result.returncode == 2, result.stderr
    verdict = json.loads(result.stdout)
    assert verdict["outcome"] == "not repeatable"
    assert (verdict["first"]["stage"], verdict["first"]["name"]) == ("forward", "loss")
    assert verdict["races"] == [
        "The reference does not repeat its own numbers. No variable was found to race."
    ]


@pytest.mark.subprocess
@pytest.mark.slow
def test_a_legacy_program_that_is_the_same(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.endswith(PENGUINS.splitlines(keepends=True)[-1])


@pytest.mark.subprocess
@pytest.mark.slow
def test_it_could_not_be_verified(tmp_path: Path) -> None:
    result = run(tmp_path, "--input_fn=program.py:nothing")
    assert result.returncode == 2
    assert "program.py has no `nothing`; expected a function defined there" in result.stderr


SHARED = """
import tensorflow as tf
from absl import flags

flags.DEFINE_float("rate", 0.1, "The learning rate.")
IS_FACADE = hasattr(tf, "layers")
"""
# The same module as the model_fn's: there TensorFlow 1's names, here TensorFlow 2's.
OWN_PROGRAM = """
import shared
import tensorflow as tf

assert shared.IS_FACADE

def model_fn(features, labels, mode, params):
    outputs = tf.layers.dense(features, 1, name="outputs")
    loss = tf.losses.mean_squared_error(labels, outputs)
    optimizer = tf.train.GradientDescentOptimizer(shared.flags.FLAGS.rate)
    train_op = optimizer.minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)

def target():
    import migrate
    def data():
        values = ([[1.0, 2.0], [3.0, 5.0], [4.0, 1.0]], [[1.0], [2.0], [3.0]])
        return tf.data.Dataset.from_tensor_slices(values).batch(2).repeat()
    return migrate.Target(model_fn=model_fn, input_fns={"train": data})
"""
OWN_LOOP = """
from absl import flags
import shared
import tensorflow as tf

flags.DEFINE_bool("by_the_loop", True, "Only here.")
assert not shared.IS_FACADE

class Loop:
    def __init__(self):
        self.dense = tf.keras.layers.Dense(1)
        self.dense.build([None, 2])
        assert type(self.dense.kernel).__module__.startswith("keras.src")

    @property
    def variables(self):
        return {"outputs/kernel": self.dense.kernel, "outputs/bias": self.dense.bias}

    @tf.function
    def train_step(self, features, labels):
        weights = [weight.value for weight in self.dense.trainable_variables]
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(labels - self.dense(features)))
        for weight, gradient in zip(weights, tape.gradient(loss, weights)):
            weight.assign_sub(flags.FLAGS.rate * gradient)
        return loss
"""


@pytest.mark.subprocess
def test_a_loop_of_the_same_package(tmp_path: Path) -> None:
    for name, text in (("shared", SHARED), ("own", OWN_PROGRAM), ("loop", OWN_LOOP)):
        (tmp_path / f"{name}.py").write_text(text)
    result = migrate(
        "verify",
        "--legacy=shared",
        "own.py:target",
        "--subject=loop.py:Loop",
        "--steps=10",
        "--format=json",
        "--",
        "--rate=0.01",
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    verdict = json.loads(result.stdout)
    assert verdict["subject"] == "loop.py:Loop"
    assert len(verdict["subject_losses"]) == 10
    assert "Fatal" not in result.stderr


def test_arguments_of_a_subject() -> None:
    options = cli.parser().parse_args(["verify", "--subject=loop.py:Loop", "--subject_timeout=9"])
    assert (options.subject, options.subject_timeout) == ("loop.py:Loop", 9)


def test_tolerances() -> None:
    given = ["verify", "--tolerance=losses=1e-3", "--tolerance=updates=0"]
    assert cli.parser().parse_args(given).tolerance == [("losses", 1e-3), ("updates", 0.0)]
    names = {field.name for field in dataclasses.fields(Tolerances)}
    assert set(verify._TOLERANCES) == names - {"smallest"}


@pytest.mark.parametrize("text", ["loss=1e-3", "losses", "losses=abc", "losses=-1", "losses=nan"])
def test_invalid_tolerances(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.parser().parse_args(["verify", f"--tolerance={text}"])
    assert stopped.value.code == 2
    assert "must be one of losses, gradients" in capsys.readouterr().err


def test_an_interruption_shows_what_was_compared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stages = [
        Stage(name="variables", outcome=Outcome.IDENTICAL, compared="15 variables"),
        Stage(name="forward", outcome=Outcome.IDENTICAL, compared="first batch: loss"),
    ]

    def interrupted(*_: Any, on_stages: Any, **__: Any) -> None:
        on_stages(stages[:1])
        on_stages(stages[1:])
        raise KeyboardInterrupt

    monkeypatch.setattr("migrate.canned_verification.verify_loop", interrupted)
    assert cli.main(["verify"]) == 130
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        "Interrupted. These stages were compared:\n"
        "\n"
        "stage      verdict    absolute  relative  ulps  compared\n"
        "-----------------------------------------------------------------\n"
        "variables  identical         0         0     0  15 variables\n"
        "forward    identical         0         0     0  first batch: loss\n"
        "\n"
        "The other stages were not: there is no verdict.\n"
    )
