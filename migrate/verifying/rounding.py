"""Tells a difference that rounding makes of itself from one that a loop makes.

A weight whose true gradient is zero, as the bias of a Transformer's attention keys, has a gradient
of rounding errors, and Adam makes whole steps of them. Many steps of any training make small
differences large. How much, the run itself says: it is trained once more, from weights that are one
unit in the last place away.
"""

import dataclasses
import math
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from migrate.verifying.verdict import FORGIVEN, Comparison, Outcome

TIMES = 10.0  # as far from the run as this run is, where the order of a sum is another
_JUMP = 1000.0  # times all that was before, or the tolerance: rounding grows, step by step
_SHOWN = 3


def moved(values: Mapping[str, np.ndarray], names: Collection[str]) -> dict[str, np.ndarray]:
    """Moves each number of the named arrays of floats to the next one, up or down by chance."""
    chance = np.random.default_rng(1)
    found = {}
    for name in sorted(names):
        value = values[name]
        if value.dtype.kind == "f":
            up = chance.integers(2, size=value.shape, dtype=bool)
            found[name] = np.nextafter(value, np.where(up, np.inf, -np.inf).astype(value.dtype))
    return found


def forgiven(
    found: Iterable[Comparison], own: Iterable[Comparison]
) -> tuple[list[Comparison], list[str]]:
    """Takes differences for equivalent that are no larger than the run's from itself.

    Neither the largest of an array nor its root mean square may be: where few elements are noise, a
    fault of all elements may be as small as that noise.

    A loss that is all at once far away, where the run is not, is no work of rounding: a fault that
    begins late would hide else where training is chaotic.

    Args:
      found: The run against the subject.
      own: The run against itself from moved weights: the same arrays.

    Returns:
      The comparisons, and a note that names those that are forgiven.
    """
    found, own = list(found), list(own)
    distances = {one.place: one for one in own if math.isfinite(one.absolute)}
    jumps = _jumps(found) - _jumps(own)
    result, places = [], []
    for one in found:
        is_rounding = (
            one.outcome is Outcome.DIFFERENT
            and not one.note
            and one.place not in jumps
            and one.place in distances
            and one.absolute <= TIMES * distances[one.place].absolute
            and one.rms <= TIMES * distances[one.place].rms
        )
        if is_rounding:
            places.append(one.place)
            one = dataclasses.replace(one, outcome=Outcome.EQUIVALENT)
        result.append(one)
    return result, [_note(places)] if places else []


def _jumps(comparisons: Iterable[Comparison]) -> set[str]:
    """The places where something that was compared before is far more different than it was."""
    largest: dict[str, float] = {}
    found = set()
    for one in comparisons:
        before = largest.get(one.name)
        if before is not None and one.relative > _JUMP * max(before, one.tolerance):
            found.add(one.place)
        largest[one.name] = max(before or 0.0, one.relative)
    return found


def _note(places: Sequence[str]) -> str:
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return (
        f"{FORGIVEN}: {', '.join(places[:_SHOWN])}{more}; the run from weights one unit in "
        f"the last place away is as far from the run, or a {TIMES:g}th of it"
    )
