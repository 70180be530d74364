"""Separates differences that rounding makes from differences that the subject makes.

A weight whose true gradient is zero has a gradient of rounding errors; the bias of a Transformer's
attention keys is an example. Adam turns such a gradient into steps of full size. Besides, many
steps of any training make small differences large. The reference itself shows how large: it is
trained once more, from weights that are perturbed by one unit in the last place.
"""

import dataclasses
import math
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from migrate.verifying.verdict import ROUNDING_NOTE, Comparison, Outcome

# A difference up to TIMES the reference's own sensitivity to rounding is equivalent. The
# sensitivity is about as large as the effect of adding up a sum in another order.
TIMES = 10.0
# A relative difference jumps if it is more than _JUMP times the largest earlier difference, and
# more than _JUMP times the tolerance. Rounding errors do not jump: they grow from step to step.
_JUMP = 1000.0
_SHOWN = 3


def perturb(values: Mapping[str, np.ndarray], names: Collection[str]) -> dict[str, np.ndarray]:
    """Moves each number to the next float, up or down at random.

    Args:
      values: Arrays by name.
      names: The names of the arrays to perturb. Arrays of other dtypes than floats are left out.
    """
    generator = np.random.default_rng(1)
    perturbed = {}
    for name in sorted(names):
        value = values[name]
        if value.dtype.kind == "f":
            up = generator.integers(2, size=value.shape, dtype=bool)
            targets = np.where(up, np.inf, -np.inf).astype(value.dtype)
            perturbed[name] = np.nextafter(value, targets)
    return perturbed


def forgive(
    comparisons: Iterable[Comparison], sensitivities: Iterable[Comparison]
) -> tuple[list[Comparison], list[str]]:
    """Makes differences equivalent that are at most `TIMES` the reference's sensitivity.

    This must hold for the largest difference of an array and for the root mean square of its
    differences. The largest difference alone is not enough: rounding errors may be large in a few
    elements, and a fault that concerns all elements may be smaller than these errors.

    A loss that jumps, at a step where the reference's own loss does not jump, is not forgiven.
    Otherwise a fault that begins late would hide in a training that is chaotic.

    Args:
      comparisons: The reference against the subject.
      sensitivities: The reference against itself from perturbed weights: the same arrays.

    Returns:
      The comparisons, and a list with one note that names the forgiven comparisons. The list is
      empty if none was forgiven.
    """
    comparisons, sensitivities = list(comparisons), list(sensitivities)
    limits = {each.place: each for each in sensitivities if math.isfinite(each.absolute)}
    jumps = _jumps(comparisons) - _jumps(sensitivities)
    results, places = [], []
    for comparison in comparisons:
        place = comparison.place
        is_rounding = (
            comparison.outcome is Outcome.DIFFERENT
            and not comparison.note
            and place not in jumps
            and place in limits
            and comparison.absolute <= TIMES * limits[place].absolute
            and comparison.rms <= TIMES * limits[place].rms
        )
        if is_rounding:
            places.append(place)
            comparison = dataclasses.replace(comparison, outcome=Outcome.EQUIVALENT)
        results.append(comparison)
    return results, [_note(places)] if places else []


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


def _note(places: Sequence[str]) -> str:
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return (
        f"{ROUNDING_NOTE}: {', '.join(places[:_SHOWN])}{more}; the reference, trained again from "
        f"weights one unit in the last place away, differs from itself by at least a {TIMES:g}th "
        "as much"
    )
