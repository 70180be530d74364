"""Which files a scan looks at: Python files below folders, and files that are named."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch

# Folders that hold the code of others, or no code.
SKIPPED = frozenset(
    {
        "__pycache__",
        "node_modules",
        "site-packages",
        "venv",
    }
)
SUFFIXES = (".py", ".pyi", ".pyw")
LARGEST = 4 * 2**20  # bytes: a larger file is data that somebody wrote as Python
# What a file mentions if a rule could find something in it.
_MENTIONS = re.compile(rb"tensorflow|\btf\b|[Ee]stimator|keras|tf_slim")


def find(paths: Iterable[str], exclude: Iterable[str] = ()) -> Iterator[str]:
    """Yields the files to scan, each once.

    Args:
      paths: Files, which are scanned whatever they are called, and folders.
      exclude: Globs of paths and names; what matches is left out, if it was not named.

    Raises:
      FileNotFoundError: A path does not exist.
    """
    patterns = tuple(exclude)
    seen = set()
    for path in paths:
        if not os.path.exists(path):
            raise FileNotFoundError(
                f"`PATHS` has {path!r}, which does not exist; expected files and folders; "
                "check the spelling, and the working folder."
            )
        for file in _walk(path, patterns) if os.path.isdir(path) else [path]:
            if (absolute := os.path.abspath(file)) not in seen:
                seen.add(absolute)
                yield os.path.normpath(file)


def _walk(folder: str, exclude: tuple[str, ...]) -> Iterator[str]:
    """Yields the Python files below a folder, in order; links to folders are not followed."""
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if name not in SKIPPED
            and not name.startswith(".")
            and not _matches(os.path.join(root, name), exclude)
        )
        for name in sorted(files):
            path = os.path.join(root, name)
            if name.endswith(SUFFIXES) and not _matches(path, exclude):
                yield path


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    parts = os.path.normpath(path).replace(os.sep, "/")
    return any(
        fnmatch(parts, pattern) or fnmatch(os.path.basename(parts), pattern) for pattern in patterns
    )


def relative(path: str) -> str:
    """Returns a path as it stands in findings: relative to the working folder, with `/`."""
    return os.path.relpath(path).replace(os.sep, "/")


def mentions_tensorflow(data: bytes) -> bool:
    """Tells whether a file has a word without which no rule finds anything."""
    return _MENTIONS.search(data) is not None
