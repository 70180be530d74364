"""The code of a Jupyter notebook: its cells as one module, and the files that cells write."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

from migrate.scanning.source import parse

# Cell magics whose cell is Python, beginning with the second line.
_PYTHON = frozenset({"capture", "debug", "prun", "python", "python3", "time", "timeit"})
_CELL_MAGIC = re.compile(r"\s*%%(\w+)(.*)")
_WRITES = frozenset({"file", "writefile"})
# `%magic`, `!command`, `?help`, `help?`, `x = !command`, `x = %magic`.
_MAGIC = re.compile(r"\s*[%!?]|\s*[\w.*]+\?{1,2}\s*$|[\w\s,.]+=\s*[%!]")
_NEEDED = "expected a notebook of nbformat 4"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Code that is a module of its own.

    Attributes:
      text: The code; lines with magics are blank or `pass`.
      places: For each line, the number of its cell among all cells, and its line there, from 1.
    """

    text: str
    places: tuple[tuple[int, int], ...]

    def place(self, line: int) -> tuple[int, int]:
        """Returns the cell and the line of a line of the text, from 1."""
        return self.places[min(line, len(self.places)) - 1]


def parts(data: bytes) -> list[Part]:
    """Returns the code of a notebook.

    The cells are one module, because each sees the names of those before it. Each file that cells
    write is another module, and so is each cell that cannot be parsed.

    Raises:
      ValueError: The content is not a notebook that can be read; the message says why.
    """
    whole: list[Part] = []
    alone: list[Part] = []
    written: dict[str, Part] = {}
    for number, source in _code_cells(data):
        lines = source.splitlines()
        magic = _CELL_MAGIC.match(lines[0]) if lines else None
        name = magic[1] if magic is not None else ""
        if name in _WRITES and magic is not None:
            part = _part(["", *lines[1:]], number)
            *flags, path = magic[2].split() or [""]
            if path.strip("'\"").endswith((".py", ".pyw")):
                if flags and path in written:
                    part = _joined([written[path], part])
                elif path in written:
                    alone.append(written[path])
                written[path] = part
        elif magic is None or name in _PYTHON:
            body = _without_magics(["", *lines[1:]] if magic is not None else lines)
            (whole if _can_be_parsed(body) else alone).append(_part(body, number))
    return [each for each in (_joined(whole), *alone, *written.values()) if each.text.strip()]


def without_cell_magic(data: bytes) -> bytes:
    """Makes a comment of `%%writefile` in the first line, as in a cell that was copied."""
    return b"##" + data[2:] if data.startswith((b"%%writefile", b"%%file")) else data


def without_blank_lines(source: str) -> str:
    """Returns the source of a cell; without the blank lines before a cell magic, which may be."""
    return source.lstrip("\n") if source.lstrip().startswith("%%") else source


def _code_cells(data: bytes) -> Iterator[tuple[int, str]]:
    """Yields the number and the source of each code cell of a Python notebook."""
    import json  # only notebooks need it

    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        reason = str(error) or type(error).__name__
        raise ValueError(f"The notebook is not JSON: {reason}.") from error
    if not isinstance(content, dict) or "nbformat" not in content:
        raise ValueError(f"The file has no `nbformat`; {_NEEDED}.")
    if content["nbformat"] != 4 or not isinstance(content.get("cells"), list):
        raise ValueError(
            f"The notebook's `nbformat` is {content['nbformat']!r:.20}; {_NEEDED}. Convert it: "
            "jupyter nbconvert --to notebook --nbformat 4."
        )
    if _language(content) not in ("", "python", "ipython"):
        return
    for number, cell in enumerate(content["cells"], 1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", "")
            text = "".join(map(str, source)) if isinstance(source, list) else str(source)
            yield number, without_blank_lines(text)


def _language(content: dict[str, Any]) -> str:
    """Returns the language that a notebook says it is in, in lower case; "" for none."""
    metadata = content.get("metadata")
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        part = metadata.get(key) if isinstance(metadata, dict) else None
        if isinstance(part, dict) and isinstance(part.get(name), str):
            return str(part[name]).lower()
    return ""


def _part(lines: list[str], cell: int) -> Part:
    places = tuple((cell, line) for line in range(1, len(lines) + 1))
    return Part(text="".join(f"{line}\n" for line in lines), places=places)


def _joined(each: list[Part]) -> Part:
    places = tuple(place for part in each for place in part.places)
    return Part(text="".join(part.text for part in each), places=places)


def _without_magics(lines: list[str]) -> list[str]:
    """Puts `pass` where IPython's own lines stop Python; lines inside strings stay as they are."""
    lines = list(lines)
    for _ in range(len(lines)):
        line = _line_of_error(lines)
        if line is None or not _MAGIC.match(lines[line]):
            break
        indent = lines[line][: len(lines[line]) - len(lines[line].lstrip())]
        while lines[line].rstrip().endswith("\\") and line + 1 < len(lines):
            lines[line] = ""
            line += 1
        lines[line] = f"{indent}pass"
    return lines


def _line_of_error(lines: list[str]) -> int | None:
    """Returns the line, from 0, at which Python stops; None if it does not, or for no line."""
    try:
        parse("\n".join(lines))
    except SyntaxError as error:
        line = (error.lineno or 0) - 1
        return line if 0 <= line < len(lines) else None
    except (ValueError, RecursionError, MemoryError):
        return None
    return None


def _can_be_parsed(lines: list[str]) -> bool:
    return parses("\n".join(lines))


def parses(text: str) -> bool:
    """Tells whether code can be parsed."""
    try:
        parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
