"""The stages of a verification: what is compared, and what is noted."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.hosting.graph.random_ops import RandomOp
from migrate.verifying.reference import TrainingRecord
from migrate.verifying.stages import Stages, alignment_note, not_aligned
from migrate.verifying.verdict import ROUNDING_NOTE, Outcome, Tolerances

_X = np.arange(24.0, dtype=np.float32).reshape(12, 2) / 24


def test_another_number_of_steps() -> None:
    record = TrainingRecord(
        initial={}, first={}, final={}, trainable=frozenset(), losses=[_X[0]] * 3
    )
    made = Stages(Tolerances()).steps(record, [_X[0]] * 4, {})
    assert made.first is not None
    assert made.first.note == "3 steps in the reference, 4 in the subject"


def record(**changes: Any) -> TrainingRecord:
    """A training of two steps in which `w` falls from 1 to 0.9 to 0.5."""
    given: dict[str, Any] = {
        "initial": {"w": np.array([1], np.float32), "global_step": np.int64(0)},
        "first": {"w": np.array([0.9], np.float32), "global_step": np.int64(1)},
        "final": {"w": np.array([0.5], np.float32), "global_step": np.int64(2)},
        "trainable": frozenset({"w"}),
        "losses": [np.float32(3), np.float32(2)],
    }
    return TrainingRecord(**{**given, **changes})


STAGES = Stages(Tolerances())


def test_variables_that_fit_are_given_the_references_values() -> None:
    stage, fits = STAGES.variables(record(), {"w": tf.Variable([5.0])}, None)
    assert fits
    assert (stage.outcome, stage.compared) == (Outcome.IDENTICAL, "1 variable: names, shapes")
    assert stage.notes == (
        "not in the subject: global_step",
        "the subject was given the reference's initial values",
    )


def test_initial_values_are_compared() -> None:
    variables = {"w": tf.Variable([1.0]), "own": tf.Variable(0.0)}
    stage, fits = STAGES.variables(record(), variables, {"w": np.array([1.5], np.float32)})
    assert fits
    assert stage.outcome is Outcome.DIFFERENT
    assert stage.compared == "1 variable: names, shapes, initial values"
    assert stage.first is not None
    assert (stage.first.name, stage.first.relative) == ("w", 0.5)  # 0.5 / 1
    assert stage.notes == ("not in the subject: global_step", "not in the reference: own")


@pytest.mark.parametrize(
    ("subject", "note"),
    [
        ({}, "the subject has no variable of this name"),
        (
            {"w": tf.Variable([1.0, 2.0])},
            "float32 of shape [1] in the reference, float32 of shape [2] in the subject",
        ),
        (
            {"w": tf.Variable([1], dtype=tf.int32)},
            "float32 of shape [1] in the reference, int32 of shape [1] in the subject",
        ),
    ],
    ids=["missing", "shape", "type"],
)
def test_variables_that_do_not_fit(subject: dict[str, Any], note: str) -> None:
    stage, fits = STAGES.variables(record(), subject, {"w": np.array([1], np.float32)})
    assert not fits
    assert stage.first is not None
    assert (stage.first.name, stage.first.note) == ("w", note)


def test_strings_have_the_type_of_tensorflow() -> None:
    names = record(initial={"w": np.array([b"a"], object)})
    _, fits = STAGES.variables(names, {"w": tf.Variable(["b"])}, None)
    assert fits


def test_the_first_batch() -> None:
    reference = {"y": [np.array([1, 2], np.float32)], "more": np.float32(1)}
    stage = STAGES.forward(reference, {"y": [np.array([1, 3], np.float32)]}, (3.0, 3.0), ["a note"])
    assert stage.outcome is Outcome.DIFFERENT
    assert (stage.compared, stage.comparisons) == ("first batch: predictions, loss", 2)
    assert stage.first is not None
    assert (stage.first.name, stage.first.relative) == ("y/0", 0.5)  # 1 / 2, the largest element
    assert stage.notes == ("a note", "not in the subject: more")


def test_without_predictions_and_losses_nothing_is_compared() -> None:
    stage = STAGES.forward(None, None, None, ["no predictions"])
    assert (stage.outcome, stage.notes) == (Outcome.NOT_COMPARED, ("no predictions",))


GRADIENTS = {"w": np.array([4], np.float32)}


@pytest.mark.parametrize(
    ("reference", "subject", "note"),
    [
        (GRADIENTS, None, "the subject has no `gradients`"),
        ({}, {}, "the loss depends on no trainable variable"),
    ],
)
def test_gradients_that_are_not_compared(reference: Any, subject: Any, note: str) -> None:
    stage = STAGES.gradients(reference, subject)
    assert (stage.outcome, stage.notes) == (Outcome.NOT_COMPARED, (note,))


def test_gradients_of_the_first_batch() -> None:
    reference = {**GRADIENTS, "b": np.array([1], np.float32)}
    stage = STAGES.gradients(reference, {"w": tf.constant([5.0])})
    assert stage.outcome is Outcome.DIFFERENT
    assert stage.compared == "first batch: 1 variable"
    assert stage.first is not None
    assert (stage.first.place, stage.first.relative) == ("w at step 1", 0.25)
    assert stage.notes == ("not in the subject: b",)


def test_gradients_as_sensitive_as_the_reference_are_forgiven() -> None:
    subject = {"w": np.array([5], np.float32)}
    stage = STAGES.gradients(GRADIENTS, subject, perturbed={"w": np.array([3], np.float32)})
    assert stage.outcome is Outcome.EQUIVALENT
    [note] = stage.notes
    assert note.startswith(ROUNDING_NOTE)


def test_an_update_is_compared_with_the_update() -> None:
    subject = {"w": np.array([0.95], np.float32), "global_step": np.int64(1)}
    stage = STAGES.one_step(record(), subject)
    assert (stage.outcome, stage.compared) == (Outcome.DIFFERENT, "2 variables and slots")
    assert stage.first is not None
    assert stage.first.name == "w"
    # The reference went 0.1 and the subject 0.05. Two units in the last place are allowed for.
    assert stage.first.relative == pytest.approx(0.5, rel=1e-4)


def test_an_update_that_rounding_makes_is_forgiven() -> None:
    subject = {"w": np.array([0.95], np.float32)}
    stage = STAGES.one_step(record(), subject, record(first={"w": np.array([0.85], np.float32)}))
    assert stage.outcome is Outcome.EQUIVALENT
    assert stage.notes[0].startswith(ROUNDING_NOTE)


def test_the_losses_and_the_last_variables() -> None:
    variables = {"w": np.array([0.5], np.float32)}
    stage = STAGES.steps(record(), [3.0, 2.0], variables, ["left out"])
    assert (stage.outcome, stage.compared) == (Outcome.IDENTICAL, "2 losses; 1 variable")
    assert stage.notes == ("left out",)
    stage = STAGES.steps(record(), [3.0, 2.5], variables)
    assert stage.first is not None
    assert (stage.first.place, stage.first.relative) == ("loss at step 2", 0.25)


def test_metrics() -> None:
    reference = {"loss": np.float32(2), "mae": np.float32(1)}
    stage = STAGES.evaluation(reference, {"loss": np.float32(1)}, 3)
    assert (stage.outcome, stage.compared) == (Outcome.DIFFERENT, "3 batches: 1 metric")
    assert stage.notes == ("not in the subject: mae",)


def test_predictions_of_each_batch() -> None:
    batches = [{"y": np.array([1], np.float32)}, {"y": np.array([2], np.float32)}]
    stage = STAGES.predictions(batches, [batches[0], {"y": np.array([3], np.float32)}])
    assert (stage.outcome, stage.compared) == (Outcome.DIFFERENT, "2 batches")
    assert stage.first is not None
    assert stage.first.name == "1/y"
    stage = STAGES.predictions(batches, batches[:1])
    assert stage.first is not None
    assert stage.first.note == "2 batches in the reference, 1 in the subject"


def test_three_random_ops_are_named() -> None:
    ops = [RandomOp(name, "RandomUniform", False) for name in "abcd"]
    stage = not_aligned("steps", ops[:1])
    assert (stage.name, stage.outcome) == ("steps", Outcome.NOT_COMPARED)
    assert stage.notes == ("random ops that cannot be aligned: a (RandomUniform)",)
    assert alignment_note(ops) == (
        "random ops that cannot be aligned: a (RandomUniform), b (RandomUniform), "
        "c (RandomUniform), ..."
    )
