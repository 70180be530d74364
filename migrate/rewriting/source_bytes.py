"""Makes edits in the bytes of a Python file: its encoding and every other byte stay."""

from __future__ import annotations

import ast
import codecs
import io
import tokenize
from collections.abc import Sequence

from migrate.findings import Edit


def with_edits(data: bytes, edits: Sequence[Edit]) -> bytes | None:
    """Returns the content of a file after edits.

    Args:
      data: The content, which can be parsed.
      edits: Edits in the order of the text, which do not touch each other.

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
    return result if b"".join(kept) == body and _parses(result) else None


def _parses(data: bytes) -> bool:
    try:
        ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
