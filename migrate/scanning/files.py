"""Which files a scan looks at: Python files below folders, and files that are named."""

from __future__ import annotations

import hashlib
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
NOTEBOOK = ".ipynb"
SUFFIXES = (".py", ".pyi", ".pyw", NOTEBOOK)
LARGEST = 4 * 2**20  # bytes: a larger file is data that somebody wrote as Python
_LARGEST_NOTEBOOK = 64 * 2**20  # bytes: a notebook holds its outputs, too
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
    """Yields the Python files below a folder, in order, and the folders that cannot be listed.

    Links to folders are not followed.
    """
    refused: list[str] = []

    def refuse(error: OSError) -> None:
        refused.append(error.filename)

    for root, folders, files in os.walk(folder, onerror=refuse):
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
    yield from sorted(refused)


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    parts = os.path.normpath(path).replace(os.sep, "/")
    return any(
        fnmatch(parts, pattern) or fnmatch(os.path.basename(parts), pattern) for pattern in patterns
    )


def relative(path: str) -> str:
    """Returns a path as it stands in findings: relative to the working folder, with `/`."""
    return os.path.relpath(path).replace(os.sep, "/")


def largest(path: str) -> int:
    """Returns how many bytes of a file are read at most."""
    return _LARGEST_NOTEBOOK if path.endswith(NOTEBOOK) else LARGEST


def read(path: str) -> bytes | None:
    """Returns the content of a file that a scan reads; None if it cannot be read."""
    try:
        if not os.path.isfile(path) or os.path.getsize(path) > largest(path):
            return None
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def key_of(path: str, data: bytes) -> str:
    """Returns what tells the content of a file, under its path in findings, from any other."""
    text = path.encode("utf-8", "surrogatepass") + b"\0"
    return hashlib.blake2b(text + data, digest_size=16).hexdigest()


def cache_folder() -> str:
    """Returns where scans keep results: a folder below the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return os.path.join(base or os.path.expanduser("~/.cache"), "estimator-migrate")


def mentions_tensorflow(data: bytes) -> bool:
    """Tells whether a file has a word without which no rule finds anything."""
    return _MENTIONS.search(data) is not None
