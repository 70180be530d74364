"""What a verification found: numbers compared, the stages they make up, and the verdict."""

import dataclasses
import enum
from collections.abc import Sequence
from typing import Any

from estimator_compat.ledger.json_values import to_json

Json = dict[str, Any]

FORGIVEN = "taken for rounding"  # how notes begin that name such differences: see `rounding`


class Outcome(enum.Enum):
    """How two sides compare, from best to worst."""

    IDENTICAL = "identical"
    EQUIVALENT = "equivalent"
    NOT_COMPARED = "not compared"
    DIFFERENT = "different"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """How far equivalent numbers may be apart, relative to the largest magnitude of their array.

    An element near zero is the difference of larger numbers and inherits their rounding, hence the
    largest magnitude; magnitudes below `smallest` count as that.

    Attributes:
      losses: For the loss of each step.
      gradients: For the gradients of the first batch.
      variables: For the variables after the steps.
      updates: For what the first step adds to a variable, relative to the largest such addition:
        the size of a variable would hide a wrong learning rate. The rounding of the sum, two units
        in the last place of the largest element, is forgiven.
      metrics: For evaluation.
      predictions: For predictions.
      smallest: See above.
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
    """One array of the run against the subject's.

    Attributes:
      name: What it is: a variable's name, "loss", a metric's name.
      step: After how many training steps, or of which; None where that means nothing.
      outcome: `IDENTICAL`, `EQUIVALENT` or `DIFFERENT`.
      absolute: The largest absolute difference of two elements.
      rms: The root mean square of the differences of all elements.
      relative: `absolute`, relative to the largest magnitude that the run's array has.
      ulps: The largest distance in floats of its type: units in the last place. 0 for other types.
      tolerance: The largest `relative` that is equivalent.
      note: What is different where that is no number: a shape, a missing value.
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

    @property
    def place(self) -> str:
        return self.name if self.step is None else f"{self.name} at step {self.step}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of a verification.

    Attributes:
      name: "variables", "forward", "gradients", "one step", "steps", "evaluation", "predictions".
      outcome: The worst of its comparisons.
      compared: What was compared, in words: "7 variables: names, shapes, initial values".
      comparisons: How many arrays that was.
      largest: The comparison with the largest relative difference; None where nothing differs.
      first: The first comparison with this outcome; None where the stage is identical.
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
    """Makes a stage of its comparisons, in the order in which they could diverge."""
    if not comparisons:
        return skipped(name, *notes)
    order = list(Outcome)
    worst = max((one.outcome for one in comparisons), key=order.index)
    unequal = [one for one in comparisons if one.outcome is not Outcome.IDENTICAL]
    return Stage(
        name=name,
        outcome=worst,
        compared=compared,
        comparisons=len(comparisons),
        largest=max(unequal, key=lambda one: one.relative, default=None),
        first=next((one for one in unequal if one.outcome is worst), None),
        notes=tuple(notes),
    )


def skipped(name: str, *reasons: str) -> Stage:
    return Stage(name=name, outcome=Outcome.NOT_COMPARED, notes=reasons)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What `migrate.verify` found.

    Attributes:
      subject: What was compared with the run, in words.
      outcome: The worst of the stages that were compared; `NOT_COMPARED` where that is none
        but the variables, which say nothing of training.
      stages: In the order in which they were made.
      run_losses, subject_losses: The loss of each step, as Python floats.
      unaligned: The random ops that do not draw the same numbers on both sides.
      tolerances: The tolerances that "equivalent" stands for.
    """

    subject: str
    stages: tuple[Stage, ...]
    run_losses: tuple[float, ...] = ()
    subject_losses: tuple[float, ...] = ()
    unaligned: tuple[str, ...] = ()
    tolerances: Tolerances = dataclasses.field(default_factory=Tolerances)

    @property
    def compared(self) -> tuple[Stage, ...]:
        return tuple(one for one in self.stages if one.outcome is not Outcome.NOT_COMPARED)

    @property
    def outcome(self) -> Outcome:
        order = list(Outcome)
        worst = max((one.outcome for one in self.compared), key=order.index, default=None)
        rests = {one.name for one in self.compared} - {"variables"}
        if worst is None or not (rests or worst is Outcome.DIFFERENT):
            return Outcome.NOT_COMPARED
        return worst

    @property
    def passed(self) -> bool:
        """Whether the subject computes the same: identical, or equivalent within the tolerances."""
        return self.outcome in (Outcome.IDENTICAL, Outcome.EQUIVALENT)

    @property
    def first(self) -> tuple[Stage, Comparison] | None:
        """The first divergence: the first stage with the verdict's outcome, and where in it."""
        for one in self.compared:
            if one.first is not None and one.outcome is self.outcome:
                return one, one.first
        return None

    def to_json(self) -> Json:
        """Returns it as what `json` can write."""
        first = self.first
        where = {"stage": first[0].name, **to_json(first[1])} if first else None
        return {"outcome": to_json(self.outcome), "first": where, **to_json(self)}
