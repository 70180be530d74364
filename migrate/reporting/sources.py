"""The code that a report shows: lines around findings, the lines of a function, edits."""

from __future__ import annotations

import ast
import io
from collections.abc import Mapping

from migrate.findings import Edit, Finding
from migrate.reports.loss_values import CodeLine
from migrate.scanning.source import SourceText

_LONGEST = 400  # characters of a line that are shown


class Sources:
    """Reads files, each once; a file that cannot be read or decoded has no lines."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._lines: dict[str, list[str]] = {}
        self._ends: dict[str, dict[int, int]] = {}

    def text(self, path: str) -> str:
        """Returns the text of a file without a byte order mark; "" if it cannot be read."""
        if path not in self._texts:
            self._texts[path] = _read(path)
        return self._texts[path]

    def lines(self, path: str) -> list[str]:
        """Returns the lines of a file, without their ends."""
        if path not in self._lines:
            whole = io.StringIO(self.text(path), newline="")
            self._lines[path] = [line.rstrip("\r\n") for line in whole]
        return self._lines[path]

    def end_of_function(self, path: str, line: int) -> int:
        """Returns the last line of the function whose `def` is on a line; 0 if it is not known."""
        if path not in self._ends:
            self._ends[path] = _ends(self.text(path))
        return self._ends[path].get(line, 0)

    def forget(self, path: str) -> None:
        """Drops what was read of a file."""
        for known in (self._texts, self._lines, self._ends):
            known.pop(path, None)


# Fields that hold statements, and what holds statements itself.
_STATEMENTS = ("handlers", "cases", "body", "orelse", "finalbody")


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return SourceText.decode(file.read()).text
    except (OSError, SyntaxError, ValueError, LookupError):
        return ""


def _ends(text: str) -> dict[int, int]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    ends = {}
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            ends[node.lineno] = node.end_lineno or node.lineno
        for field in _STATEMENTS:
            todo += getattr(node, field, ())
    return ends


def hunks(
    lines: list[str], findings: Mapping[int, tuple[int, ...]], context: int
) -> tuple[tuple[CodeLine, ...], ...]:
    """Returns the lines around findings; hunks that touch are one.

    Args:
      lines: All lines of the file.
      findings: The indices of what was found, by line; the lines are from 1.
      context: How many lines before and after are shown.
    """
    shown = {
        number
        for line in findings
        for number in range(line - context, line + context + 1)
        if 1 <= number <= len(lines)
    }
    result: list[list[CodeLine]] = []
    for number in sorted(shown):
        line = CodeLine(
            number=number, text=cut(lines[number - 1]), findings=findings.get(number, ())
        )
        if result and result[-1][-1].number == number - 1:
            result[-1].append(line)
        else:
            result.append([line])
    return tuple(tuple(hunk) for hunk in result)


def has_line(lines: list[str], finding: Finding) -> bool:
    """Tells whether a finding's line of code is a line of its file.

    It is not in a notebook, whose lines are those of cells, or if the file has changed since.
    """
    if not 1 <= finding.line <= len(lines):
        return False
    return not finding.text or lines[finding.line - 1].strip() == finding.text


def cut(line: str) -> str:
    """Returns a line that is not longer than a page can show."""
    return line if len(line) <= _LONGEST else line[:_LONGEST] + " …"


def edited(text: str, edit: Edit) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns the lines that an edit changes, before and after it."""
    start = text.rfind("\n", 0, edit.start) + 1
    end = text.find("\n", edit.end)
    end = len(text) if end < 0 else end
    before = text[start:end]
    after = text[start : edit.start] + edit.text + text[edit.end : end]
    return tuple(map(cut, before.splitlines())), tuple(map(cut, after.splitlines()))
