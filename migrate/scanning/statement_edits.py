"""Edits that insert a statement before or after another one."""

from __future__ import annotations

import ast
import re

from migrate.findings import Edit
from migrate.scanning.source import SourceText

_REST_OF_LINE = re.compile(r"[ \t\f]*(?:#[^\r\n]*)?(?=\r|\n|\Z)")
_LINE_END = re.compile(r"\r\n|\n|\r")


def insert_before(source: SourceText, statement: ast.stmt, text: str) -> Edit:
    """Inserts a statement on a line of its own; on the same line if `statement` does not begin it.

    Args:
      source: The module's text.
      statement: The statement that is then the next one.
      text: The statement that is inserted.
    """
    start = _start(source, statement)
    indent = indentation(source, start)
    after = "; " if indent is None else line_end(source) + indent
    return Edit(start=start, end=start, text=text + after)


def insert_after(source: SourceText, statement: ast.stmt, text: str) -> Edit:
    """Inserts a statement after a simple one, behind its comment, or on its line if it shares it.

    Args:
      source: The module's text.
      statement: The statement before it.
      text: The statement that is inserted.
    """
    start, end = source.span(statement)
    indent = indentation(source, start)
    rest = _REST_OF_LINE.match(source.text, end)
    if indent is None or rest is None:
        return Edit(start=end, end=end, text=f"; {text}")
    return Edit(start=rest.end(), end=rest.end(), text=line_end(source) + indent + text)


def indentation(source: SourceText, start: int) -> str | None:
    """Returns the blanks before a statement; None if something else is before it on its line."""
    text = source.text
    line = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    before = text[line:start]
    # A form feed is at the beginning of the line: the next line needs none.
    return None if before.strip(" \t\f") else before.rpartition("\f")[2]


def stands_alone(source: SourceText, statement: ast.stmt) -> bool:
    """Tells whether nothing but blanks and a comment share a statement's lines."""
    start, end = source.span(statement)
    return indentation(source, start) is not None and bool(_REST_OF_LINE.match(source.text, end))


def line_end(source: SourceText) -> str:
    """Returns how the lines of a module end: as the first one does."""
    found = _LINE_END.search(source.text)
    return found[0] if found else "\n"


def _start(source: SourceText, statement: ast.stmt) -> int:
    """Returns where a statement begins; a decorator belongs to it."""
    decorators = getattr(statement, "decorator_list", None)
    if decorators:
        return source.offset(decorators[0].lineno, 0)
    return source.span(statement)[0]
