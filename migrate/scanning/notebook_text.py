"""Where the code of a notebook stands in its JSON: edits of the code as edits of the file."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from typing import Any

from migrate.findings import Edit
from migrate.scanning.notebooks import Part, without_blank_lines

_BLANKS = re.compile(r"[ \t\r\n]*")
# What stands for one character in a JSON string; two surrogates do, too.
_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]"
)
_DECODER = json.JSONDecoder(strict=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CellText:
    """The source of a cell.

    Attributes:
      value: The source.
      starts: For each character of it, where it begins in the JSON; then, where the last one ends.
      separator: What stands between two strings of the source; "" if it is one string.
    """

    value: str
    starts: tuple[int, ...]
    separator: str


class NotebookText:
    """The cells of a notebook, each with its place in the JSON.

    Args:
      text: A notebook that `migrate.scanning.notebooks.parts` reads.
    """

    def __init__(self, text: str) -> None:
        self._cells = dict(_cells(text))

    def edit(self, edit: Edit, part: Part) -> Edit | None:
        """Returns an edit of the code as an edit of the JSON.

        Args:
          edit: An edit of the text of `part`.
          part: Code of the notebook.

        Returns:
          The edit; None if it is of a line of IPython, or goes over several cells.
        """
        start, end = (self._position(at, part) for at in (edit.start, edit.end))
        if start is None or end is None or start[0] is not end[0]:
            return None
        cell = start[0]
        line_end = "\\n" + (f'"{cell.separator}"' if cell.separator else "")
        text = line_end.join(json.dumps(line)[1:-1] for line in edit.text.split("\n"))
        return Edit(start=cell.starts[start[1]], end=cell.starts[end[1]], text=text)

    def _position(self, at: int, part: Part) -> tuple[CellText, int] | None:
        """Returns the cell of a character of the code, and which one of its source it is."""
        before = part.text[:at]
        line = before.count("\n")
        column = at - (before.rfind("\n") + 1)
        if line >= len(part.places):
            return None
        number, line_of_cell = part.places[line]
        cell = self._cells[number]
        blank = len(cell.value) - len(without_blank_lines(cell.value))
        lines = cell.value[blank:].splitlines(keepends=True)
        first = blank + sum(map(len, lines[: line_of_cell - 1]))
        written = lines[line_of_cell - 1].splitlines()[0] if line_of_cell <= len(lines) else ""
        if written != part.text.split("\n")[line]:
            return None
        return cell, first + column


def _cells(text: str) -> Iterator[tuple[int, CellText]]:
    """Yields the number and the source of each cell that has one."""
    top = dict(_members(text, _skip(text, 0)))
    for number, (_, start) in enumerate(_members(text, top["cells"]), 1):
        members = dict(_members(text, start)) if text[start] == "{" else {}
        if "source" in members:
            yield number, _cell(text, members["source"])


def _cell(text: str, at: int) -> CellText:
    strings = [at] if text[at] == '"' else [start for _, start in _members(text, at)]
    starts: list[int] = []
    value = ""
    separator = ""
    end = at + 1
    for start in strings:
        if text[at] == "[":
            # As between two strings; in a list of one, as before it.
            separator = text[end:start] if starts else "," + text[end:start]
        part, end = _DECODER.raw_decode(text, start)
        value += str(part)
        starts += [each.start() for each in _CHARACTER.finditer(text, start + 1, end - 1)]
    return CellText(value=value, starts=(*starts, end - 1), separator=separator)


def _members(text: str, at: int) -> Iterator[tuple[Any, int]]:
    """Yields the key and the start of each value of an object; of a list, with its number."""
    is_object = text[at] == "{"
    at = _skip(text, at + 1)
    number = 0
    while text[at] not in "]}":
        key: Any = number
        if is_object:
            key, end = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, end) + 1)
        yield key, at
        _, end = _DECODER.raw_decode(text, at)
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
        number += 1


def _skip(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return at if blanks is None else blanks.end()
