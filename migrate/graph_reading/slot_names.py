"""The names of an optimizer's slots: what stands before and behind the names of the weights."""

import re
from collections.abc import Sequence

from migrate.graph_reading.update_reading import Update
from migrate.translating.refusal import Refusal


def scope(updates: Sequence[Update]) -> str:
    """Returns the variable scope that an optimizer was applied in, such as "OptimizeLoss/".

    Raises:
      Refusal: The slots are in several scopes.
    """
    found = {name[: -len(f"{one.weight}/{_end(name)}")] for one in updates for name in one.slots}
    if len(found) > 1:
        raise Refusal(
            f"the slots of an optimizer are in several variable scopes, {_listing(found)}; "
            "expected one; apply the optimizer once"
        )
    return found.pop() if found else ""


def ends(updates: Sequence[Update]) -> tuple[str, ...]:
    """Returns how the names of the slots end, such as "Adam" and "Adam_1", in this order.

    Raises:
      Refusal: They end otherwise for another weight.
    """
    found = {tuple(sorted(map(_end, one.slots), key=_numbered)) for one in updates}
    if len(found) > 1:
        raise Refusal(
            "the slots of an optimizer have other names for some weights: "
            f"{_listing(', '.join(one) for one in found)}; expected the same; apply it once"
        )
    return found.pop() if found else ()


def _end(name: str) -> str:
    return name.rpartition("/")[2]


def _numbered(end: str) -> tuple[str, int]:
    match = re.fullmatch(r"(.*?)(?:_(\d+))?", end)
    assert match is not None
    return match[1], int(match[2] or 0)


def _listing(names: object) -> str:
    return ", ".join(f"`{one}`" for one in sorted(names))  # type: ignore[call-overload]
