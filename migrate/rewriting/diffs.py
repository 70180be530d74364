"""Changes as unified diffs that `git apply` takes, byte for byte."""

from __future__ import annotations

import dataclasses
import difflib
import os
from collections.abc import Iterable, Iterator

from migrate.rewriting.changes import FileChange, Step

_NO_END = b"\\ No newline at end of file\n"
_ESCAPES = {'"': b'\\"', "\\": b"\\\\", "\t": b"\\t", "\n": b"\\n", "\r": b"\\r"}


def diff(path: str, before: bytes, after: bytes) -> bytes:
    """Returns the diff of a file's content; its name is relative to the top of its repository."""
    name = _name(path)
    old, new = _quoted(f"a/{name}"), _quoted(f"b/{name}")
    # A name with blanks ends at a tab; `git` writes it so, too.
    tab = b"\t" if " " in name else b""
    lines = [
        b"diff --git %b %b\n" % (old, new),
        b"--- %b%b\n" % (old, tab),
        b"+++ %b%b\n" % (new, tab),
        *_hunks(before, after),
    ]
    return b"".join(lines)


def _hunks(before: bytes, after: bytes) -> Iterator[bytes]:
    # A line ends at a line feed and nowhere else; latin-1 has a character for each byte.
    lines = [
        [line + b"\n" for line in content.split(b"\n")[:-1]] + _last(content)
        for content in (before, after)
    ]
    old, new = ([line.decode("latin-1") for line in each] for each in lines)
    for line in list(difflib.unified_diff(old, new))[2:]:
        data = line.encode("latin-1")
        yield data if data.endswith(b"\n") else data + b"\n" + _NO_END


def _last(content: bytes) -> list[bytes]:
    """Returns the last line, if it has no end."""
    last = content.rpartition(b"\n")[2]
    return [last] if last else []


def _name(path: str) -> str:
    """Returns a path relative to the top of its git repository; to the working folder elsewhere."""
    absolute = os.path.abspath(path)
    folder = os.path.dirname(absolute)
    while not os.path.exists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return os.path.relpath(path).replace(os.sep, "/")
        folder = parent
    return os.path.relpath(absolute, folder).replace(os.sep, "/")


def _quoted(name: str) -> bytes:
    if not any(character in _ESCAPES for character in name):
        return os.fsencode(name)
    escaped = [_ESCAPES.get(character, os.fsencode(character)) for character in name]
    return b'"%b"' % b"".join(escaped)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """The changes of one rule in all files.

    Attributes:
      code: The rule's code.
      edits: The number of findings that are mended.
      files: The number of files.
      diff: The changes.
    """

    code: str
    edits: int
    files: int
    diff: bytes


def series(changes: Iterable[FileChange]) -> list[Patch]:
    """Returns a patch for each rule, to be applied one after another.

    A rule has a second patch if it has edits that follow from those of a later rule.
    """
    grouped: dict[tuple[int, str], list[tuple[str, Step]]] = {}
    for change in changes:
        turn, last = 0, ""
        for step in change.steps:
            turn += step.code <= last
            last = step.code
            grouped.setdefault((turn, step.code), []).append((change.path, step))
    return [_patch(code, grouped[turn, code]) for turn, code in sorted(grouped)]


def _patch(code: str, steps: list[tuple[str, Step]]) -> Patch:
    return Patch(
        code=code,
        edits=sum(step.edits for _, step in steps),
        files=len(steps),
        diff=b"".join(diff(path, step.before, step.after) for path, step in steps),
    )
