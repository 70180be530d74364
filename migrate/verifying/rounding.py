"""Separates differences that rounding makes from differences that the subject makes.

A weight whose true gradient is zero has a gradient of rounding errors; the bias of a Transformer's
attention keys is an example. Adam turns such a gradient into steps of full size. Besides, many
steps of any training make small differences large. The reference itself shows how large: it is
trained once more, from weights that are perturbed by one unit in the last place.
"""

import dataclasses
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import numpy as np

from migrate.verifying.verdict import ROUNDING_NOTE, Comparison, Outcome

# A difference up to TIMES the reference's own sensitivity to rounding is equivalent. The
# sensitivity is about as large as the effect of adding up a sum in another order.
TIMES = 10.0
# A relative difference jumps if it is more than _JUMP times the largest earlier difference, and
# more than _JUMP times the tolerance. Rounding errors do not jump: they grow from step to step.
_JUMP = 1000.0
# A difference up to _CLOSE times the sensitivity may be rounding that one perturbed training shows
# too small by chance: of two normal numbers, one is more than a hundred times the other in one case
# of 160, and more than ten times in one case of 16.
_CLOSE = 100.0
_SHOWN = 3

Disturbance = Callable[[dict[str, np.ndarray], dict[str, np.ndarray]], dict[str, np.ndarray]]


def perturb(
    values: Mapping[str, np.ndarray], names: Collection[str], seed: int = 1
) -> dict[str, np.ndarray]:
    """Moves each number to the next float, up or down at random.

    Args:
      values: Arrays by name.
      names: The names of the arrays to perturb. Arrays of other dtypes than floats are left out.
      seed: Decides which numbers go up.
    """
    generator = np.random.default_rng(seed)
    perturbed = {}
    for name in sorted(names):
        value = values[name]
        if value.dtype.kind == "f":
            up = generator.integers(2, size=value.shape, dtype=bool)
            targets = np.where(up, np.inf, -np.inf).astype(value.dtype)
            perturbed[name] = np.nextafter(value, targets)
    return perturbed


def carry(
    before: Mapping[str, np.ndarray],
    reference: Mapping[str, np.ndarray],
    subject: Mapping[str, np.ndarray],
    names: Collection[str],
    tolerance: float,
) -> Disturbance:
    """Returns a function that makes each update as wrong as the subject's first one.

    The subject's first update is `along` times the reference's, and a rest. The rest of a later
    update is the rest of the first one, in proportion to the largest number that is added.

    Args:
      before: The variables before the first update.
      reference: The reference's variables after it.
      subject: The subject's variables after it.
      names: The names of the variables to disturb. Other dtypes than floats are left out.
      tolerance: An update becomes wrong by at most this number, relative to its largest element. A
        small first update may be further off by the rounding of its addition, which does not grow
        with the update.
    """
    wrong: dict[str, tuple[float, np.ndarray, float]] = {}
    for name in names:
        if np.asarray(reference[name]).dtype.kind == "f":
            update, off = (
                np.asarray(after[name], np.float64) - np.asarray(start[name], np.float64)
                for start, after in ((before, reference), (reference, subject))
            )
            if np.isfinite(update).all() and np.isfinite(off).all() and update.any():
                largest = float(np.abs(update).max())
                off *= min(1.0, tolerance * largest / max(float(np.abs(off).max()), 1e-300))
                along = float((off * update).sum() / np.square(update).sum())
                wrong[name] = along, off - along * update, largest

    def disturb(
        start: dict[str, np.ndarray], after: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        disturbed = {}
        for name, (along, rest, largest) in wrong.items():
            update = np.asarray(after[name], np.float64) - start[name]
            off = along * update + rest * (float(np.abs(update).max()) / largest)
            disturbed[name] = (after[name] + off).astype(np.asarray(after[name]).dtype)
        return disturbed

    return disturb


def forgive(
    comparisons: Iterable[Comparison],
    *samples: Iterable[Comparison],
    how: str = "from weights one unit in the last place away",
) -> tuple[list[Comparison], list[str]]:
    """Makes differences equivalent that are at most `TIMES` the reference's sensitivity.

    This must hold for the largest difference of an array and for the root mean square of its
    differences. The largest difference alone is not enough: rounding errors may be large in a few
    elements, and a fault that concerns all elements may be smaller than these errors.

    A loss that jumps, at a step where the reference's own loss does not jump, is not forgiven.
    Otherwise a fault that begins late would hide in a training that is chaotic.

    Args:
      comparisons: The reference against the subject.
      samples: The reference against itself, in each sample trained in another way: the same arrays.
        The sensitivity of an array is the largest one of all samples.
      how: In which ways the reference was trained again, for the note.

    Returns:
      The comparisons, and a list with one note that names the forgiven comparisons. The list is
      empty if none was forgiven.
    """
    comparisons, listed = list(comparisons), [list(sample) for sample in samples]
    limits = _limits(listed)
    jumps = _jumps(comparisons).difference(*map(_jumps, listed))
    results, places = [], []
    for comparison in comparisons:
        absolute, rms = limits.get(comparison.place, (-1.0, -1.0))
        is_rounding = (
            comparison.outcome is Outcome.DIFFERENT
            and not comparison.note
            and comparison.place not in jumps
            and comparison.absolute <= TIMES * absolute
            and comparison.rms <= TIMES * rms
        )
        if is_rounding:
            places.append(comparison.place)
            comparison = dataclasses.replace(
                comparison, outcome=Outcome.EQUIVALENT, is_rounding=True
            )
        results.append(comparison)
    return results, [_note(places, how)] if places else []


def is_close(comparisons: Iterable[Comparison], *samples: Iterable[Comparison]) -> bool:
    """Returns whether more samples may change the outcome: no difference is far beyond its limit.

    Args:
      comparisons: As for `forgive`.
      samples: As for `forgive`.
    """
    limits = _limits([list(sample) for sample in samples])
    return all(
        not each.note and each.absolute <= _CLOSE * limits.get(each.place, (-1.0, -1.0))[0]
        for each in comparisons
        if each.outcome is Outcome.DIFFERENT
    )


def _limits(samples: Iterable[Iterable[Comparison]]) -> dict[str, tuple[float, float]]:
    """Returns the sensitivity of each place: the largest absolute difference and rms."""
    limits: dict[str, tuple[float, float]] = {}
    for sample in samples:
        for each in sample:
            if math.isfinite(each.absolute):
                absolute, rms = limits.get(each.place, (0.0, 0.0))
                limits[each.place] = max(absolute, each.absolute), max(rms, each.rms)
    return limits


def _jumps(comparisons: Iterable[Comparison]) -> set[str]:
    """Returns the places where an array differs far more than at any step before."""
    largest: dict[str, float] = {}
    jumps = set()
    for comparison in comparisons:
        before = largest.get(comparison.name)
        if before is not None and comparison.relative > _JUMP * max(before, comparison.tolerance):
            jumps.add(comparison.place)
        largest[comparison.name] = max(before or 0.0, comparison.relative)
    return jumps


def _note(places: Sequence[str], how: str) -> str:
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return (
        f"{ROUNDING_NOTE}: {', '.join(places[:_SHOWN])}{more}; the reference, trained again {how}, "
        f"differs from itself by at least a {TIMES:g}th as much"
    )
