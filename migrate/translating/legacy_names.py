"""Names of a legacy program that the written module needs for its own, such as `FEATURES`."""

import ast
import dataclasses
from collections.abc import Iterator

from migrate.translating import emitter
from migrate.translating.copying import imported
from migrate.translating.ir import Program
from migrate.translating.source_reader.statements import stores


def new_names(program: Program) -> dict[str, str]:
    """Returns new names for those that the module would define twice, or would hide."""
    own = ast.parse(emitter.emit(dataclasses.replace(program, copied=())))
    defined = set().union(*(stores(node) | imported(node) for node in own.body))
    local = set().union(*map(_local, ast.walk(own)))
    taken = program.legacy_names | defined | local
    found: dict[str, str] = {}
    for name in sorted(program.legacy_names & (defined | (program.read_names & local))):
        found[name] = next(one for one in _candidates(name) if one not in taken)
        taken |= {found[name]}
    return found


def _local(node: ast.AST) -> set[str]:
    """Returns the parameters and variables of a function; none for other nodes."""
    if not isinstance(node, ast.FunctionDef):
        return set()
    names = {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
    return names.union(*(stores(one) for one in node.body))


def _candidates(name: str) -> Iterator[str]:
    """Yields `LEGACY_STEPS` for a constant, `LegacyModel` for a class, and `legacy_train`."""
    bare = name.lstrip("_")
    if bare.isupper() and len(bare) > 1:
        made = f"LEGACY_{bare}"
    else:
        made = f"Legacy{bare}" if bare[:1].isupper() else f"legacy_{bare}"
    made = f"{name[: len(name) - len(bare)]}{made}"
    yield made
    for number in range(2, 1000):
        yield f"{made}_{number}"
