"""Makes edits in the bytes of a file: its encoding and every other byte stay."""

from __future__ import annotations

import ast
import codecs
import io
import tokenize
from collections.abc import Sequence

from migrate.findings import Edit
from migrate.scanning import files, notebooks


def with_edits(data: bytes, edits: Sequence[Edit], path: str = "") -> bytes | None:
    """Returns the content of a file after edits.

    Args:
      data: The content of a Python file that can be parsed, or of a notebook.
      edits: Edits in the order of the text, which do not touch each other.
      path: The file, whose name tells a notebook.

    Returns:
      The content; None if it could not be parsed, or if the file's encoding does not let text be
      replaced in the middle.
    """
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    body = data.removeprefix(mark)
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    encoding = "utf-8" if encoding == "utf-8-sig" else encoding
    text = body.decode(encoding)
    kept, parts = [], []
    position = 0
    try:
        for edit in edits:
            kept.append(text[position : edit.start].encode(encoding))
            parts += [kept[-1], edit.text.encode(encoding)]
            kept.append(text[edit.start : edit.end].encode(encoding))
            position = edit.end
        kept.append(text[position:].encode(encoding))
    except UnicodeEncodeError:
        return None
    result = b"".join([mark, *parts, kept[-1]])
    is_the_same = b"".join(kept) == body
    is_whole = _is_whole(data, result) if path.endswith(files.NOTEBOOK) else _parses(result)
    return result if is_the_same and is_whole else None


def _is_whole(before: bytes, after: bytes) -> bool:
    """Tells whether a notebook can still be read, with as many parts that can be parsed."""
    try:
        parsed = [
            [notebooks.parses(part.text) for part in notebooks.parts(each)]
            for each in (before, after)
        ]
    except ValueError:
        return False
    return parsed[0] == parsed[1]


def _parses(data: bytes) -> bool:
    try:
        ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
