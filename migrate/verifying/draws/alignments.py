"""The ways in which the draws of two programs may belong together.

Two programs that compute the same may draw in another order, and may keep an element where the
number is small instead of large. Draws of different distributions or shapes cannot be confused:
`Replay` finds them. This module lists what remains.
"""

import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence

from migrate.verifying.draws.draw import Draw

LIMIT = 64  # the most alignments that are tried


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """How the recorded draws of a step are given to the subject.

    Attributes:
      order: The places of the recorded draws in the order in which the subject gets them; () for
        the recorded order.
      mirrored: The places of the recorded draws that are mirrored: see `Draw.mirrored`.
      constant: What each uniform number is replaced by; normal numbers are then 0. None replaces
        nothing.
    """

    order: tuple[int, ...] = ()
    mirrored: frozenset[int] = frozenset()
    constant: float | None = None

    def of(self, draws: Sequence[Draw]) -> list[Draw]:
        """Returns the draws as the subject gets them."""
        if self.constant is not None:
            return [draw.filled(self.constant) for draw in draws]
        turned = [d.mirrored() if i in self.mirrored else d for i, d in enumerate(draws)]
        return [turned[i] for i in self.order] if len(self.order) == len(draws) else turned

    def __str__(self) -> str:
        parts = []
        if self.order and self.order != tuple(sorted(self.order)):
            parts.append("in another order")
        if self.mirrored:
            parts.append("mirrored (1 - x for uniform numbers, -x for normal ones)")
        return ", ".join(parts)


IDENTITY = Alignment()


def alternatives(draws: Sequence[Draw]) -> tuple[list[Alignment], bool]:
    """Lists alignments other than the recorded order.

    Args:
      draws: The recorded draws of a step.

    Returns:
      The alignments, the most likely first; and whether they are all that there are.
    """
    mirrors = [i for i, draw in enumerate(draws) if draw.kind.mirror]
    groups: dict[str, list[int]] = {}
    for place, draw in enumerate(draws):
        groups.setdefault(str(draw), []).append(place)
    orders = math.prod(math.factorial(len(places)) for places in groups.values())
    is_complete = orders * 2 ** len(mirrors) <= LIMIT
    if is_complete:
        subsets: list[frozenset[int]] = [
            frozenset(subset)
            for size in range(len(mirrors) + 1)
            for subset in itertools.combinations(mirrors, size)
        ]
        subsets.sort(key=lambda subset: len(subset) not in (0, len(mirrors)))
    else:
        subsets = [frozenset(), frozenset(mirrors)]
    made = (
        Alignment(order=order, mirrored=subset)
        for order in itertools.islice(_orders(list(groups.values())), LIMIT // len(subsets))
        for subset in subsets
    )
    unchanged = tuple(range(len(draws)))
    others = [each for each in made if each != Alignment(order=unchanged)]
    return others, is_complete


def _orders(groups: Sequence[Sequence[int]]) -> Iterator[tuple[int, ...]]:
    """Yields the orders in which only places of the same group are exchanged.

    They are yielded one by one: 20 draws of the same shape have more orders than fit in memory.
    """
    total = sum(map(len, groups))
    for permuted in _permuted(groups):
        order = [0] * total
        for places, new in zip(groups, permuted, strict=True):
            for place, source in zip(places, new, strict=True):
                order[place] = source
        yield tuple(order)


def _permuted(groups: Sequence[Sequence[int]]) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Yields each combination of permutations of the groups."""
    if not groups:
        yield ()
        return
    for first in itertools.permutations(groups[0]):
        for others in _permuted(groups[1:]):
            yield (first, *others)
