"""The stages of a verification: what is compared, and what is noted."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.hosting.graph.random_ops import RandomOp
from migrate.verifying.reference import TrainingRecord
from migrate.verifying.reruns import Rerun, Reruns
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
    stage, fits = STAGES.variables(
        record(), {"w": tf.Variable([5.0])}, None, optimizer_state={"global_step"}
    )
    assert fits
    assert (stage.outcome, stage.compared) == (Outcome.IDENTICAL, "1 variable: names, shapes")
    assert stage.notes == ()  # a loop may count its steps elsewhere


def test_initial_values_are_compared() -> None:
    variables = {"w": tf.Variable([1.0]), "own": tf.Variable(0.0)}
    initial = {"w": np.array([1.5], np.float32)}
    stage, fits = STAGES.variables(record(), variables, initial, optimizer_state={"global_step"})
    assert fits
    assert stage.outcome is Outcome.DIFFERENT
    assert stage.compared == "1 variable: names, shapes, initial values"
    assert stage.first is not None
    assert (stage.first.name, stage.first.relative) == ("w", 0.5)  # 0.5 / 1
    assert stage.notes == ("not in the reference: own",)


def test_state_of_the_model_that_training_moves_must_be_there() -> None:
    values = {"w": np.float32(1), "average": np.float32(0), "w/slot": np.float32(0)}
    moved = record(
        initial={**values, "still": np.float32(0)},
        final={"w": np.float32(2), "average": np.float32(1), "w/slot": np.float32(1), "still": 0.0},
    )
    optimizer = {"global_step", "w/slot"}
    stage, fits = STAGES.variables(moved, {"w": tf.Variable(1.0)}, None, optimizer_state=optimizer)
    assert fits  # the other stages are compared all the same
    assert stage.outcome is Outcome.DIFFERENT
    assert stage.first is not None
    assert (stage.first.name, stage.first.note) == (
        "average",
        "the reference's training moves it; the subject has no variable of this name",
    )
    assert stage.notes == (
        "1 variable of the reference's optimizer is not compared, being not in the subject",
        "not in the subject: still",
    )


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


def perturbed(again: TrainingRecord, gradients: Any = None) -> Reruns:
    return Reruns(perturbed=(Rerun(record=again, gradients=gradients or {}),))


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
    reruns = perturbed(record(), {"w": np.array([3], np.float32)})
    stage = STAGES.gradients(GRADIENTS, subject, reruns)
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
    reruns = perturbed(record(first={"w": np.array([0.85], np.float32)}))
    stage = STAGES.one_step(record(), subject, reruns)
    assert stage.outcome is Outcome.EQUIVALENT
    assert stage.notes[0].startswith(ROUNDING_NOTE)


def test_an_update_of_which_the_reference_has_two_is_not_repeatable() -> None:
    subject = {"w": np.array([0.95], np.float32)}
    again = record(first={"w": np.array([0.85], np.float32)})
    reruns = Reruns(again=(Rerun(record=again, gradients={}),))
    assert STAGES.one_step(record(), subject, reruns).outcome is Outcome.NOT_REPEATABLE
    # The reference is 0.05 from itself; 0.6 is more than ten times that.
    wrong = {"w": np.array([1.5], np.float32)}
    assert STAGES.one_step(record(), wrong, reruns).outcome is Outcome.DIFFERENT


def test_the_first_step_that_moves_the_variables_is_named() -> None:
    stage = STAGES.one_step(record(first_step=2), {"w": np.array([0.9], np.float32)})
    assert stage.compared == "1 variable and slots, after step 2"
    assert stage.notes == ("step 2 is the first one after which each trained variable has moved",)
    still = record(final=record().initial)
    assert STAGES.one_step(still, {"w": np.array([0.9], np.float32)}).notes == (
        "the reference's training moves no trainable variable",
    )


def test_what_training_added_is_compared_with_what_it_added() -> None:
    """A weight of 1000 that moves by 0.5 and by 0.505: 5e-6 of the weight, 1e-2 of the movement."""
    values = [{"w": np.array([x], np.float32)} for x in (1000.0, 1000.5, 1000.505)]
    moved = record(initial=values[0], first=values[1], final=values[1])
    stage = STAGES.steps(moved, moved.losses, values[2])
    assert stage.outcome is Outcome.DIFFERENT
    assert stage.first is not None
    assert stage.first.relative == pytest.approx(0.01, rel=0.02)  # an ulp of 1000 is 6e-5


def test_what_must_move_must_move_where_numbers_cannot_be_compared() -> None:
    ops = [RandomOp("drop", "RandomUniform", False)]
    trained = {"w": np.array([7], np.float32), "global_step": np.int64(2)}
    stage = STAGES.movement(record(), trained, alignment_note(ops))
    assert (stage.outcome, stage.notes) == (
        Outcome.NOT_COMPARED,
        (
            "random ops that cannot be aligned: drop (RandomUniform)",
            "2 variables that the reference's training moves also moved in the subject; how far "
            "was not compared",
        ),
    )
    for name, note in (
        ("w", "training moves it in the reference, and does not move it in the subject"),
        ("global_step", "2 in the reference, 1 in the subject"),
    ):
        wrong = {**trained, name: record().initial["w"] if name == "w" else np.int64(1)}
        stage = STAGES.movement(record(), wrong, alignment_note(ops))
        assert stage.outcome is Outcome.DIFFERENT
        assert stage.first is not None
        assert (stage.first.name, stage.first.note) == (name, note)


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


def test_metrics_that_the_reference_does_not_repeat() -> None:
    reference, subject = {"loss": np.float32(2)}, {"loss": np.float32(3)}
    again = {"loss": np.float32(2.5)}
    stage = STAGES.evaluation(reference, subject, 3, again)
    assert stage.outcome is Outcome.NOT_REPEATABLE
    assert STAGES.evaluation(reference, subject, 3, reference).outcome is Outcome.DIFFERENT
    stage = STAGES.predictions([_X, _X], [_X, _X + 1], [_X, _X + 2])
    assert stage.outcome is Outcome.NOT_REPEATABLE


def test_a_second_training() -> None:
    stage = STAGES.second_train([3.0, 2.0], [3.0, 2.5], 100, [])
    assert (stage.outcome, stage.compared) == (
        Outcome.DIFFERENT,
        "a second call of train: 2 losses",
    )
    assert stage.first is not None
    assert (stage.first.place, stage.first.relative) == ("loss at step 102", 0.25)


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
