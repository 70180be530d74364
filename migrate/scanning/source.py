"""A Python file as text: its encoding, its lines, and positions in it."""

from __future__ import annotations

import ast
import io
import symtable
import tokenize
import warnings

_MARK = "\ufeff"  # a byte order mark


def parse(code: bytes | str, path: str = "<code>") -> ast.Module:
    """Parses code as `ast.parse` does, without the warnings about what it says.

    Raises:
      SyntaxError: It is not Python.
      RecursionError: It is nested too deeply; so are MemoryError and ValueError.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(code, path)


def check_syntax(code: bytes, path: str) -> None:
    """Raises the errors of `parse`; code without an error is only read, and no tree is made."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            symtable.symtable(code, path, "exec")  # type: ignore[arg-type]
        except (SyntaxError, RecursionError, MemoryError, ValueError):
            # It also refuses what is no error of the parser, such as `return` in a class.
            ast.parse(code, path)


class SourceText:
    """The text of a Python file, with the positions that `ast` counts in bytes.

    Attributes:
      text: The whole text, with its own line ends and without a byte order mark.
    """

    def __init__(self, text: str) -> None:
        self.text = text.removeprefix(_MARK)
        self._starts = [0]  # of each line, in characters

    @classmethod
    def decode(cls, data: bytes) -> SourceText:
        """Decodes a file as Python does.

        Raises:
          SyntaxError: The declared encoding is not known.
          UnicodeDecodeError: The file is not in its encoding.
        """
        if data.isascii() and b"coding" not in data[:400]:
            return cls(data.decode("ascii"))
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return cls(data.decode(encoding))

    def line(self, number: int) -> str:
        """Returns a line, from 1, without its end; "" if there is no such line."""
        starts = self._line_starts()
        if not 1 <= number < len(starts):
            return ""
        return self.text[starts[number - 1] : starts[number]].rstrip("\r\n")

    def column(self, line: int, byte: int) -> int:
        """Returns the column in characters, from 1, of a byte of a line, from 0."""
        return len(self.line(line).encode("utf-8")[:byte].decode("utf-8", "ignore")) + 1

    def span(self, node: ast.expr | ast.stmt | ast.alias | ast.keyword) -> tuple[int, int]:
        """Returns the characters at which a node begins and ends."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self.offset(node.lineno, node.col_offset),
            self.offset(node.end_lineno, node.end_col_offset),
        )

    def offset(self, line: int, byte: int) -> int:
        """Returns the character of the text that a byte of a line belongs to."""
        return self._line_starts()[line - 1] + self.column(line, byte) - 1

    def _line_starts(self) -> list[int]:
        """Returns where each line begins, and the text's end; lines end as for Python's parser."""
        if len(self._starts) == 1:
            position = 0
            for line in io.StringIO(self.text, newline=""):
                position += len(line)
                self._starts.append(position)
        return self._starts
