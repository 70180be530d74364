"""Functions that a function defines which is put in place."""

import ast
import copy
from typing import TYPE_CHECKING

from migrate.translating.source_reader.frames import Frame, local_names
from migrate.translating.source_reader.renaming import Rename
from migrate.translating.source_reader.statements import Statement, loads

if TYPE_CHECKING:
    from migrate.translating.source_reader.flattening import Flattening


def flattened(
    flattening: "Flattening", node: ast.FunctionDef, frame: Frame, modes: frozenset[str]
) -> list[Statement]:
    """Returns the definition under the name that the function has here.

    A function that reads no variable around it is defined once, however often the function around
    it is put in place.
    """
    frame.functions[node.name] = node
    new, own = copy.deepcopy(node), local_names(node)
    names = {name: value for name, value in frame.names.items() if name not in own}
    rename = Rename(names, flattening, frame)
    new.body = [rename.visit(one) for one in new.body]
    new.args.defaults = [rename.visit(one) for one in new.args.defaults]
    renamed = frame.names.get(node.name)
    new.name = renamed if isinstance(renamed, str) else node.name
    if not loads(node) & frame.local:
        text = f"{ast.unparse(new.args)}: {ast.unparse(ast.Module(new.body, []))}"
        known = flattening.nested.setdefault(text, (new.name, modes))
        if known[0] != new.name and modes <= known[1]:
            frame.names[node.name] = known[0]
            return []
    return [Statement(new, modes)]
