"""The places of syntax nodes in a text, and texts in which places are replaced."""

import ast
import itertools
import re
from collections.abc import Iterable, Mapping


class Places:
    """Finds nodes in the text that they were parsed from.

    Args:
      text: The text.
    """

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines(keepends=True)
        self._starts = [0, *itertools.accumulate(len(line) for line in self._lines)]

    def of(self, node: ast.AST) -> tuple[int, int]:
        """Returns where a node begins and ends in the text."""
        begin, end = node.lineno - 1, (node.end_lineno or 0) - 1  # type: ignore[attr-defined]
        columns = node.col_offset, node.end_col_offset  # type: ignore[attr-defined]
        return self._index(begin, columns[0]), self._index(end, columns[1])

    def _index(self, line: int, column: int) -> int:
        """The columns of nodes count bytes."""
        return self._starts[line] + len(self._lines[line].encode()[:column].decode())


def replaced(text: str, changes: Iterable[tuple[int, int, str]]) -> str:
    """Replaces places of a text; a place within another one goes with it."""
    outer: list[tuple[int, int, str]] = []
    for one in sorted(changes, key=lambda one: (one[0], -one[1])):
        if not outer or one[0] >= outer[-1][1]:
            outer.append(one)
    for start, end, new in reversed(outer):
        text = text[:start] + new + text[end:]
    return text


def renamed(text: str, names: Mapping[str, str]) -> str:
    """Renames names of a module in the text of a statement of it, its own local names left alone.

    Args:
      text: The text.
      names: The new names by the old ones.
    """
    if not names:
        return text
    [node], places = ast.parse(text).body, Places(text)
    local: set[str] = set()
    changes: list[tuple[int, int, str]] = []
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        local = {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
        local |= {
            one.id
            for one in ast.walk(node)
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
        }
        match = re.search(rf"^(def|class)\s+({node.name})\b", text, re.MULTILINE)
        if match is not None and node.name in names:
            changes.append((*match.span(2), names[node.name]))
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and one.id in names and one.id not in local:
            changes.append((*places.of(one), names[one.id]))
    return replaced(text, changes)
