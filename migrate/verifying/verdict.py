"""The values of a verification: comparisons of arrays, the stages they form, and the verdict."""

import dataclasses
import enum
from collections.abc import Sequence
from typing import Any

from estimator_compat.ledger.json_values import to_json

Json = dict[str, Any]

# Begins each note that names differences which `rounding.forgive` has made equivalent.
ROUNDING_NOTE = "attributed to rounding"


# The stages that compare numbers of a training.
_TRAINING = ("one step", "steps")


class Outcome(enum.Enum):
    """How the subject compares with the reference, from best to worst.

    Attributes:
      IDENTICAL: All bits are the same.
      EQUIVALENT: The differences are within the tolerances, or rounding explains them.
      NOT_COMPARED: Of a stage only: none of its numbers were compared.
      NOT_VERIFIED: Of a verdict only: nothing differs, but the numbers of training were not
        compared.
      NOT_REPEATABLE: The reference differs from itself, depending on the order in which its
        operations run, and this explains how the subject differs.
      DIFFERENT: The subject does not compute the same numbers.
    """

    IDENTICAL = "identical"
    EQUIVALENT = "equivalent"
    NOT_COMPARED = "not compared"
    NOT_VERIFIED = "not verified"
    NOT_REPEATABLE = "not repeatable"
    DIFFERENT = "different"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """How far apart equivalent numbers may be, relative to the largest magnitude in their array.

    The largest magnitude is used because an element near zero may be the difference of larger
    numbers, and then has their rounding errors.

    Attributes:
      losses: For the loss of each step.
      gradients: For the gradients of the first batch.
      variables: For initial values; and for the variables after the last step, relative to the
        largest number that training added to an element. The rounding of the additions is allowed
        for, as in `updates`.
      updates: For what the first step adds to a variable, relative to the largest such addition: a
        difference relative to the variable itself would hide a wrong learning rate. The rounding of
        the addition is allowed for: two units in the last place of the largest element.
      metrics: For evaluation.
      predictions: For predictions.
      smallest: A difference is relative to this number, if the largest magnitude is smaller.
    """

    losses: float = 1e-6
    gradients: float = 1e-5
    variables: float = 1e-5
    updates: float = 1e-4
    metrics: float = 1e-6
    predictions: float = 1e-6
    smallest: float = 1e-3


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One array of the reference, compared with the subject's.

    Attributes:
      name: What the array is: a variable's name, "loss", a metric's name.
      step: The training step of a loss or gradient, or the step before a variable was read; None
        if the array belongs to no step.
      outcome: `IDENTICAL`, `EQUIVALENT`, `NOT_REPEATABLE` or `DIFFERENT`.
      absolute: The largest absolute difference of two elements.
      rms: The root mean square of the differences of all elements.
      relative: `absolute`, relative to the largest magnitude in the reference's array, or to the
        largest update.
      ulps: The largest distance of two elements, in units in the last place of the array's
        floating-point type; 0 for other types.
      tolerance: The largest `relative` that is equivalent.
      note: A difference that is not a number, such as another shape or a missing variable.
      is_rounding: Whether `relative` is larger than `tolerance`, but is attributed to rounding.
    """

    name: str
    step: int | None = None
    outcome: Outcome
    absolute: float = 0.0
    rms: float = 0.0
    relative: float = 0.0
    ulps: int = 0
    tolerance: float = 0.0
    note: str = ""
    is_rounding: bool = False

    @property
    def place(self) -> str:
        """The name, with the step if there is one: "loss at step 3"."""
        return self.name if self.step is None else f"{self.name} at step {self.step}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of a verification.

    Attributes:
      name: "variables", "forward", "gradients", "one step", "steps", "evaluation", "predictions";
        and "inputs", if a written module is proved.
      outcome: The worst outcome of its comparisons.
      compared: What was compared, in words: "7 variables: names, shapes, initial values".
      comparisons: The number of compared arrays.
      largest: The comparison with the largest relative difference, out of those that are not
        attributed to rounding if there are any; None if nothing differs.
      first: The first comparison with the stage's outcome; None if the stage is identical.
      notes: What was not compared, and why.
    """

    name: str
    outcome: Outcome
    compared: str = ""
    comparisons: int = 0
    largest: Comparison | None = None
    first: Comparison | None = None
    notes: tuple[str, ...] = ()


def stage(
    name: str, compared: str, comparisons: Sequence[Comparison], notes: Sequence[str] = ()
) -> Stage:
    """Builds a stage from its comparisons.

    Args:
      name: The stage's name.
      compared: What was compared, in words.
      comparisons: In the order of the computation; if empty, the stage counts as not compared.
      notes: What was not compared, and why.
    """
    if not comparisons:
        return skipped_stage(name, *notes)
    order = list(Outcome)
    worst = max((each.outcome for each in comparisons), key=order.index)
    unequal = [each for each in comparisons if each.outcome is not Outcome.IDENTICAL]
    return Stage(
        name=name,
        outcome=worst,
        compared=compared,
        comparisons=len(comparisons),
        largest=max(unequal, key=_size, default=None),
        first=next((each for each in unequal if each.outcome is worst), None),
        notes=tuple(notes),
    )


def _size(comparison: Comparison) -> tuple[bool, float]:
    return not comparison.is_rounding, comparison.relative


def skipped_stage(name: str, *reasons: str) -> Stage:
    """Builds a stage that was not compared, for the given reasons."""
    return Stage(name=name, outcome=Outcome.NOT_COMPARED, notes=reasons)


def with_notes(stage: Stage, *notes: str) -> Stage:
    """Returns a stage with more notes; empty ones are left out."""
    return dataclasses.replace(stage, notes=(*stage.notes, *filter(None, notes)))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result of `migrate.verify`. `print(verdict)` prints it as a table.

    Attributes:
      subject: What was compared with the reference, in words.
      outcome: The worst outcome of the compared stages. It is `NOT_VERIFIED` if none of them
        differs, but no numbers of training were compared, or the reference cannot be evaluated or
        predict with what it trained.
      stages: The stages in the order of the computation.
      run_losses: The reference's loss of each step, as Python floats.
      subject_losses: The subject's loss of each step, as Python floats.
      unaligned: The random ops that draw different numbers in the reference and in the subject.
      tolerances: The tolerances of "equivalent".
      explanations: What makes the first divergence, each a sentence. An explanation is given only
        if it gives the subject's numbers.
      races: The operations of the reference that run in any order and change its numbers, each a
        sentence. They are looked for only if the subject differs.
      reference_trains: Whether the reference's training moves a trainable variable, or has none.
      untrained: The modes in which the reference cannot run, because its training fills no value
        for some of their variables: a sentence for each, which names the variables.
    """

    subject: str
    stages: tuple[Stage, ...]
    run_losses: tuple[float, ...] = ()
    subject_losses: tuple[float, ...] = ()
    unaligned: tuple[str, ...] = ()
    tolerances: Tolerances = dataclasses.field(default_factory=Tolerances)
    explanations: tuple[str, ...] = ()
    races: tuple[str, ...] = ()
    reference_trains: bool = True
    untrained: tuple[str, ...] = ()

    @property
    def compared(self) -> tuple[Stage, ...]:
        """The stages that were compared."""
        return tuple(each for each in self.stages if each.outcome is not Outcome.NOT_COMPARED)

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of the compared stages: see the class."""
        order = list(Outcome)
        worst = max((each.outcome for each in self.compared), key=order.index, default=None)
        if worst in (Outcome.DIFFERENT, Outcome.NOT_REPEATABLE):
            return worst
        is_training_compared = any(each.name in _TRAINING for each in self.compared)
        if worst is None or not is_training_compared or not self.reference_trains:
            return Outcome.NOT_VERIFIED
        if self.untrained:
            return Outcome.NOT_VERIFIED
        return worst

    @property
    def passed(self) -> bool:
        """Whether the subject trains the same: identical, or equivalent within the tolerances."""
        return self.outcome in (Outcome.IDENTICAL, Outcome.EQUIVALENT)

    @property
    def first(self) -> tuple[Stage, Comparison] | None:
        """The first divergence: the first stage and comparison with the verdict's outcome."""
        for each in self.compared:
            if each.first is not None and each.outcome is self.outcome:
                return each, each.first
        return None

    def to_json(self) -> Json:
        """Returns the verdict as a dict that Python's `json` can write."""
        first = self.first
        divergence = {"stage": first[0].name, **to_json(first[1])} if first else None
        return {"outcome": to_json(self.outcome), "first": divergence, **to_json(self)}

    def __str__(self) -> str:
        """Returns the table of the stages, the first divergence and the verdict."""
        from migrate.reports import verdict_text

        return verdict_text.render(self).removesuffix("\n")

    def plot(self, path: str) -> None:
        """Plots both losses and their difference, with matplotlib.

        Args:
          path: The file to write, in the format of its ending, such as `losses.png`.

        Raises:
          ValueError: matplotlib is not installed, or the folder or the format does not exist.
        """
        from migrate.reports import verdict_plot

        verdict_plot.require(path, argument=f"`path` ({path})")
        verdict_plot.save(self, path)
