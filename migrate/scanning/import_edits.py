"""Edits that import names of one statement from elsewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from migrate.findings import Edit
from migrate.scanning import statement_edits
from migrate.scanning.source import SourceText

# A module and a dotted name in it; the name is "" for the module itself.
Target = tuple[str, str]
_MODULE = re.compile(r"from[ \t\f]+([\w.]+)[ \t\f]+import\b")


def move(
    source: SourceText,
    statement: ast.Import | ast.ImportFrom,
    targets: Mapping[ast.alias, Target],
) -> tuple[Edit, ...]:
    """Returns the edits after which a statement's names are imported from elsewhere.

    Args:
      source: The module's text.
      statement: The statement.
      targets: Where names of the statement are then imported from; the others stay.

    Returns:
      The edits; none if a comment inside the statement is in the way.
    """
    if len(targets) == len(statement.names):
        only_module = _with_another_module(source, statement, targets)
        if only_module is not None:
            return (only_module,)
    start, end = source.span(statement)
    if "#" in source.text[start:end]:
        return ()
    lines = _statements(targets)
    if len(targets) == len(statement.names):
        separator = "; "
        if statement_edits.stands_alone(source, statement):
            indent = statement_edits.indentation(source, start) or ""
            separator = statement_edits.line_end(source) + indent
        return (Edit(start=start, end=end, text=separator.join(lines)),)
    inserted = [statement_edits.insert_before(source, statement, line) for line in lines]
    text = "".join(each.text for each in inserted)
    first = Edit(start=inserted[0].start, end=inserted[0].start, text=text)
    return (first, *_without(source, statement, targets))


def _with_another_module(
    source: SourceText,
    statement: ast.Import | ast.ImportFrom,
    targets: Mapping[ast.alias, Target],
) -> Edit | None:
    """Returns the edit of the module alone, if all names are in one other module."""
    modules = {_from(target) for target in targets.values()}
    has_names = all(_last(targets[alias]) == alias.name for alias in targets)
    if not isinstance(statement, ast.ImportFrom) or len(modules) != 1 or not has_names:
        return None
    start, _ = source.span(statement)
    match = _MODULE.match(source.text, start)
    module = modules.pop()
    if match is None or match[1] != statement.module or not module:
        return None
    return Edit(start=match.start(1), end=match.end(1), text=module)


def _from(target: Target) -> str:
    return ".".join(filter(None, target)).rpartition(".")[0]


def _last(target: Target) -> str:
    return ".".join(filter(None, target)).rpartition(".")[2]


def _statements(targets: Mapping[ast.alias, Target]) -> list[str]:
    """Returns the new statements: one for each module, in the order of the names."""
    names: dict[str, list[str]] = {}
    alone = []
    for alias, target in targets.items():
        bound = alias.asname or alias.name
        last = _last(target)
        text = last if last == bound else f"{last} as {bound}"
        if _from(target):
            names.setdefault(_from(target), []).append(text)
        else:
            alone.append(f"import {text}")
    return [*alone, *(f"from {module} import {', '.join(each)}" for module, each in names.items())]


def _without(
    source: SourceText,
    statement: ast.Import | ast.ImportFrom,
    moved: Mapping[ast.alias, Target],
) -> list[Edit]:
    """Returns the edits that take names, with their commas, out of a statement."""
    spans = [source.span(alias) for alias in statement.names]
    kept = [n for n, alias in enumerate(statement.names) if alias not in moved]
    last = kept[-1]
    edits = [
        Edit(start=spans[n][0], end=spans[n + 1][0], text="")
        for n in range(last)
        if statement.names[n] in moved
    ]
    if last + 1 < len(spans):
        edits.append(Edit(start=spans[last][1], end=spans[-1][1], text=""))
    return edits
