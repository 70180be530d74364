"""The edits that replace what TensorFlow 2.16 and later lack."""

from __future__ import annotations

import ast
import dataclasses
import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING

from migrate.findings import Edit, Fix
from migrate.mappings import symbols
from migrate.scanning import import_edits, legacy_imports, legacy_names, our_import
from migrate.scanning.bindings import dotted
from migrate.scanning.import_edits import Target
from migrate.scanning.legacy_names import V1
from migrate.scanning.syntax import Reference, SourceModule

if TYPE_CHECKING:
    from estimator_compat.api.places import Place

_OURS = our_import.NAME
_OURS_V1 = f"{_OURS}.v1"  # it loads when a name of it is first read


def fix(module: SourceModule, reference: Reference) -> Fix | None:
    """Returns the edits that replace a missing symbol by a drop-in for it.

    Args:
      module: The module.
      reference: Where it refers to the symbol; all its symbols are missing.

    Returns:
      The edits; None if there is no drop-in, or if the text does not allow the edits. A name that
      an import or an assignment has bound has none: what binds it is edited.
    """
    if isinstance(reference.node, ast.alias):
        return _of_import(module, reference.node)
    if isinstance(reference.node, ast.Attribute | ast.Name):
        return _of_expression(module, reference.node, reference.symbols)
    return None


def _of_expression(
    module: SourceModule, node: ast.Attribute | ast.Name, names: Iterable[str]
) -> Fix | None:
    base = legacy_names.base_of(node)
    roots = module.symbols(base) if base is not None else ()
    if base is None or not roots or any(_is_gone(root) for root in roots):
        return None
    if not isinstance(node.ctx, ast.Load) or not _is_written_out(module, node):
        return None
    fixes = {_of_symbol(module, node, base, symbol) for symbol in names}
    return fixes.pop() if len(fixes) == 1 else None


def _is_gone(symbol: str) -> bool:
    return legacy_names.missing((symbol,)) is not None


def _is_written_out(module: SourceModule, node: ast.Attribute | ast.Name) -> bool:
    """Tells whether the text at a node is the node: in an f-string, its place may be wrong."""
    start, end = module.source.span(node)
    in_string = any(isinstance(parent, ast.JoinedStr) for parent in module.parents(node))
    return not in_string and module.source.text[start:end] == "".join(dotted(node))


def _of_symbol(
    module: SourceModule, node: ast.Attribute | ast.Name, base: ast.Name, symbol: str
) -> Fix | None:
    row = legacy_names.missing((symbol,))
    if row is not None and row.in_v1 != symbols.NOWHERE:
        return _onto_v1(module, base, symbol)
    place = _place_of(module, symbol)
    if place is None or place.module not in (_OURS, _OURS_V1, V1):
        return None
    name = our_import.name_of(module)
    root = None if name is None else name + place.module.removeprefix(_OURS)
    also: tuple[Edit, ...] = () if name is None else our_import.edits(module)
    is_safe = not place.difference and (not _is_of_facade(place) or _knows_no_v2(module))
    if place.module == V1:
        root, also, is_safe_too = _root_of_v1(module, base)
        is_safe = is_safe and is_safe_too
    if root is None:
        return None
    edit = _edit(module, node, symbol, f"{root}.{place.name}".rstrip("."))
    return Fix(edits=(edit, *also), is_safe=is_safe)


def _onto_v1(module: SourceModule, base: ast.Name, symbol: str) -> Fix | None:
    """Returns the edits of the imports, or of this name if the rest of the module is not for it."""
    whole = legacy_imports.fix(module)
    if whole is not None:
        return whole
    if module.symbols(base) != ("tensorflow",):
        return None
    _, end = module.source.span(base)
    edit = Edit(start=end, end=end, text=".compat.v1")
    return Fix(edits=(edit,), is_safe=_is_safe_alone(module, symbol))


def _is_safe_alone(module: SourceModule, symbol: str) -> bool:
    """Tells whether a name of `tf.compat.v1` may stand beside the other names of a module.

    A name that depends on the behavior may show that the module was written for TensorFlow 1, and
    then other names have another meaning, too.
    """
    return legacy_imports.is_neutral(symbol) or not legacy_imports.uses_other_names(module)


def _root_of_v1(module: SourceModule, base: ast.Name) -> tuple[str | None, tuple[Edit, ...], bool]:
    """Returns the text of `tf.compat.v1`, the edits that it needs, and whether they are safe."""
    root = module.symbols(base)
    if root == (V1,):
        return base.id, (), True
    if root != ("tensorflow",):
        return None, (), False
    whole = legacy_imports.fix(module)
    if whole is None:
        return f"{base.id}.compat.v1", (), True
    return base.id, whole.edits, whole.is_safe


def _is_of_facade(place: Place) -> bool:
    return place.path.startswith(f"{_OURS}.contrib")


def _knows_no_v2(module: SourceModule) -> bool:
    """Tells whether the v2 behavior, which the facade disables, is disabled in the module."""
    return legacy_imports.fix(module) is not None or "disable_v2_behavior" in module.source.text


def _edit(module: SourceModule, node: ast.expr, symbol: str, text: str) -> Edit:
    """Returns the edit of the part of an expression that is not the same afterwards."""
    start, end = module.source.span(node)
    old, new = symbol.split("."), text.split(".")
    written = "".join(dotted(node)).split(".")
    while len(new) > 1 and len(written) > 1 and old[-1] == new[-1] == written[-1]:
        end -= len(written[-1]) + 1
        old.pop()
        new.pop()
        written.pop()
    return Edit(start=start, end=end, text=".".join(new))


@functools.lru_cache(maxsize=16)
def _place_of(module: SourceModule, symbol: str) -> Place | None:
    """Returns the place of a symbol; of a module, one with all that this module reads from it."""
    place = _place_of_symbol(module, symbol)
    if place is None:
        return None
    from estimator_compat.api import places

    text = module.source.text
    called = {
        f"{_OURS}.{name}"
        for name, methods in places.METHODS_OF_V1.items()
        if any(f".{method}(" in text for method in methods)
    }
    is_of_v1 = place.path in called or (called and place.path == _OURS)
    return dataclasses.replace(place, module=_OURS_V1) if is_of_v1 else place


def _place_of_symbol(module: SourceModule, symbol: str) -> Place | None:
    # Its tables take long to import, and most files need none of them.
    from estimator_compat.api import places

    place = places.find(symbol)
    if place is not None and place.module == V1:
        return place
    used = [
        each.removeprefix(f"{symbol}.")
        for reference in module.references
        for each in reference.symbols
        if each.startswith(f"{symbol}.")
    ]
    if used or symbol == "tensorflow.estimator":
        return places.find_module(symbol, used)
    return place


def _of_import(module: SourceModule, alias: ast.alias) -> Fix | None:
    statement = next(module.parents(alias))
    assert isinstance(statement, ast.Import | ast.ImportFrom)
    if isinstance(statement, ast.Import) and "." in alias.name and not alias.asname:
        return None  # it binds the package, and loads a module below it
    places_of = {each: _target(module, statement, each) for each in statement.names}
    targets = {each: target for each, (target, _) in places_of.items() if target is not None}
    if alias not in targets:
        return None
    edits = import_edits.move(module.source, statement, targets)
    if not edits:
        return None
    is_ours = any(target[0].partition(".")[0] == our_import.NAME for target in targets.values())
    also: tuple[Edit, ...] = ()
    if is_ours and not _begins_with_ours(module):
        if our_import.name_of(module) is None:
            return None
        also = our_import.edits(module, is_used=False)
    return Fix(edits=(*edits, *also), is_safe=all(places_of[each][1] for each in targets))


def _begins_with_ours(module: SourceModule) -> bool:
    """Tells whether the first import of another project imports from here afterwards."""
    first = our_import.first_import(module)
    if not isinstance(first, ast.Import | ast.ImportFrom):
        return False
    targets = [_target(module, first, alias)[0] for alias in first.names]
    return any(target is not None and target[0].startswith(_OURS) for target in targets)


def _target(
    module: SourceModule, statement: ast.Import | ast.ImportFrom, alias: ast.alias
) -> tuple[Target | None, bool]:
    """Returns where a name is imported from afterwards, and whether that is safe."""
    if alias.name == "*" or module.is_for_other_versions(statement):
        return None, True
    is_from = isinstance(statement, ast.ImportFrom)
    symbol = f"{statement.module}.{alias.name}" if is_from else alias.name  # type: ignore[union-attr]
    row = legacy_names.missing((symbol,))
    if row is None or (is_from and statement.level):  # type: ignore[union-attr]
        return None, True
    if row.in_v1 != symbols.NOWHERE:
        module_of_v1 = (V1 + symbol.removeprefix("tensorflow")).rpartition(".")
        return (module_of_v1[0], module_of_v1[2]), _is_safe_alone(module, symbol)
    place = _place_of(module, symbol)
    if place is None:
        return None, True
    # A module that imports `tf.contrib` cannot be imported with TensorFlow 2.
    is_safe = not _is_of_facade(place) or module.function_of(statement) is None
    return (place.module, place.name), not place.difference and (is_safe or _knows_no_v2(module))
