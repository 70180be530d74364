"""The stage "train_steps": a loop's method for many steps against its method for one.

The losses of `train_step` were compared with the reference's before. From the same weights,
`train_steps` must have the same losses, and leave the same variables.
"""

from collections.abc import Callable, Collection, Sequence

import numpy as np

from migrate.verifying import rounding
from migrate.verifying.batches import Batches
from migrate.verifying.comparison import compare
from migrate.verifying.reference import Progress, Values
from migrate.verifying.subjects import SubjectAdapter
from migrate.verifying.verdict import (
    Comparison,
    Outcome,
    Stage,
    Tolerances,
    skipped_stage,
    stage,
)

NAME = "train_steps"
_MOST_CALLS = 4  # of 1, 2, 3 and 4 steps


def stages(
    subject: SubjectAdapter,
    batches: Batches,
    initial: Values,
    losses: Sequence[np.ndarray],
    tolerances: Tolerances,
    progress: Progress,
    is_random: bool = False,
    restart: Callable[[], object] | None = None,
    trainable: Collection[str] = (),
) -> list[Stage]:
    """Returns the stage; nothing for a subject without `train_steps`.

    Args:
      subject: The subject.
      batches: The batches of training.
      initial: The initial values of the variables.
      losses: The loss of each step, from `train_step`.
      tolerances: How far apart equivalent numbers may be.
      progress: Is called with a line of text.
      is_random: Whether training draws random numbers.
      restart: Begins with the reference's draws of the first step again; None if the subject does
        not get them.
      trainable: The names of the trainable variables.
    """
    if not subject.has_train_steps():
        return []
    if is_random and restart is None:
        return [skipped_stage(NAME, "training draws random numbers")]
    counts = _counts(len(batches.values))
    total = sum(counts)
    progress(f"{subject.name}: {total} steps in `train_steps`")
    # State that the subject keeps elsewhere would be left from the steps before: look for it.
    restart = restart or (lambda: None)
    restart()
    subject.assign(initial)
    again = subject.steps_on(batches, total)
    if any(_differ(*pair, tolerances) for pair in zip(losses, again, strict=False)):
        reason = (
            "`train_step`, from the same variables again, has other losses: the subject keeps "
            "something in training that is not in `variables`"
        )
        return [skipped_stage(NAME, reason)]
    expected = subject.read()
    restart()
    subject.assign(initial)
    found = subject.train_steps(batches, counts)
    actual = subject.read()
    variables = _variables(expected, actual, total, tolerances)
    notes: list[str] = []
    if any(one.outcome is Outcome.DIFFERENT for one in variables):
        # Weights whose gradients are rounding errors move by whole steps under Adam.
        restart()
        subject.assign({**initial, **rounding.perturb(initial, trainable)})
        subject.steps_on(batches, total)
        sample = _variables(expected, subject.read(), total, tolerances)
        how = "by `train_step` from weights one unit in the last place away"
        variables, notes = rounding.forgive(variables, sample, how=how)
    comparisons = [*_losses(again, counts, found, tolerances), *variables]
    compared = f"{total} steps in {len(counts)} calls, with those of `train_step`"
    return [stage(NAME, compared, comparisons, notes)]


def _variables(
    expected: Values, actual: Values, step: int, tolerances: Tolerances
) -> list[Comparison]:
    return [
        compare(
            name,
            value,
            actual[name],
            tolerance=tolerances.variables,
            smallest=tolerances.smallest,
            step=step,
        )
        for name, value in expected.items()
    ]


def _counts(batches: int) -> list[int]:
    """Returns the numbers of steps of each call: 1, 2, 3 ..., as far as there are batches."""
    counts = [1]
    while len(counts) < _MOST_CALLS and sum(counts) + len(counts) + 1 <= batches:
        counts.append(len(counts) + 1)
    return counts


def _losses(
    expected: Sequence[np.ndarray],
    counts: Sequence[int],
    found: Sequence[np.ndarray],
    tolerances: Tolerances,
) -> list[Comparison]:
    """Compares the losses of all calls, each of which returned one loss or the losses of all steps.

    One loss is the last step's, or the mean over the call's steps.
    """
    comparisons, step = [], 0
    for count, actual in zip(counts, found, strict=True):
        losses = expected[step : step + count]
        step += count
        if actual.shape:
            pairs = list(zip(losses, actual, strict=True))
        else:
            mean = np.mean(losses, dtype=np.float64).astype(losses[-1].dtype)
            is_last = not _differ(losses[-1], actual, tolerances)
            is_mean = not is_last and not _differ(mean, actual, tolerances)
            pairs = [(mean if is_mean else losses[-1], actual)]
        first = step - len(pairs) + 1
        comparisons += [_loss(*pair, tolerances, each) for each, pair in enumerate(pairs, first)]
    return comparisons


def _loss(
    expected: np.ndarray, actual: np.ndarray, tolerances: Tolerances, step: int
) -> Comparison:
    return compare(
        "loss",
        expected,
        actual,
        tolerance=tolerances.losses,
        smallest=tolerances.smallest,
        step=step,
    )


def _differ(expected: np.ndarray, actual: np.ndarray, tolerances: Tolerances) -> bool:
    """Returns whether two losses are further apart than the tolerance."""
    return _loss(expected, actual, tolerances, 0).outcome is Outcome.DIFFERENT
