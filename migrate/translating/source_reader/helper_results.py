"""What the result of a helper that is put in place is called."""

import ast
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from migrate.translating.source_reader.statements import Statement, loads, stores

if TYPE_CHECKING:
    from migrate.translating.source_reader.flattening import Flattening


def call_as(
    flattening: "Flattening",
    new: str,
    assigned: Sequence[Statement],
    statements: Sequence[Statement],
    returned: Mapping[str, ast.expr],
    own: Collection[object],
) -> None:
    """Calls the variable that a helper returns as the variable that its call assigns.

    Args:
      flattening: What is flattened.
      new: The variable that the call assigns.
      assigned: The assignments of the arguments.
      statements: Those of the helper.
      returned: What it returns in each mode.
      own: What its variables are called.
    """
    names = {ast.unparse(one) for one in returned.values()}
    parts = [part for one in statements for part in (one.node, *one.scopes)]
    found = [n for part in parts for n in ast.walk(part) if isinstance(n, ast.Name)]
    if len(names) != 1 or new in {one.id for one in found}:
        return
    [old] = names
    if old not in own or old not in flattening.originals:
        return
    # `x = f(net)` may become `net = f(net)`, if no other argument reads `net`.
    if any(new in loads(s.node) and old not in stores(s.node) for s in assigned):
        return
    before = [n for one in assigned for n in ast.walk(one.node)]
    for one in [*before, *found, *returned.values()]:
        if isinstance(one, ast.Name) and one.id == old:
            one.id = new
