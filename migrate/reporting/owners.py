"""Who owns a file: CODEOWNERS where there is one, otherwise its top folder."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

NO_OWNER = "(no owner)"
HERE = "(top folder)"  # of files that stand in no folder of their own
_PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
_SECTION = re.compile(r"\^?\[(?P<name>[^\]]+)\](?:\[\d+\])?(?P<owners>.*)")


class Owners:
    """Tells the owner of a file.

    Args:
      paths: The files, relative to the working folder or absolute.

    Attributes:
      source: The path of the CODEOWNERS file; "" if folders are the owners.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        folders = [os.path.dirname(os.path.abspath(path)) for path in paths]
        self._top = _common(folders)
        root, file = _find(self._top)
        self._root = root
        self._rules = _parsed(file) if file else []
        self.source = os.path.relpath(file).replace(os.sep, "/") if file else ""

    def of(self, path: str) -> str:
        """Returns the owners of a file, separated by spaces, or its top folder."""
        absolute = os.path.abspath(path)
        if not self.source:
            first, *rest = os.path.relpath(absolute, self._top).split(os.sep)
            return first if rest and first != os.pardir else HERE
        inside = os.path.relpath(absolute, self._root).replace(os.sep, "/")
        # The last pattern that matches decides.
        for pattern, owners in reversed(self._rules):
            if pattern.fullmatch(inside):
                return owners or NO_OWNER
        return NO_OWNER


def _common(folders: Sequence[str]) -> str:
    try:
        return os.path.commonpath(folders)
    except ValueError:  # no folders, or several drives
        return os.getcwd()


def _find(folder: str) -> tuple[str, str]:
    """Returns the nearest folder with a CODEOWNERS file, from a folder up, and the file."""
    while True:
        for place in _PLACES:
            file = os.path.join(folder, *place.split("/"))
            if os.path.isfile(file):
                return folder, file
        parent = os.path.dirname(folder)
        if parent == folder:
            return "", ""
        folder = parent


def _parsed(file: str) -> list[tuple[re.Pattern[str], str]]:
    """Returns the patterns with their owners; a section of GitLab has owners for its patterns."""
    with open(file, encoding="utf-8", errors="replace") as lines:
        rules = []
        of_section = ""
        for line in lines:
            text = re.sub(r"(^|\s)#.*", "", line).strip()
            section = _SECTION.fullmatch(text)
            if section:
                of_section = " ".join(section["owners"].split())
            elif text:
                pattern, *owners = re.split(r"(?<!\\)\s+", text)
                rules.append((_regex(pattern.replace("\\ ", " ")), " ".join(owners) or of_section))
        return rules


def _regex(pattern: str) -> re.Pattern[str]:
    """Translates a pattern of CODEOWNERS, which has the form of those of .gitignore.

    GitHub differs in one point, which is kept: `docs/*` owns the files in `docs`, but not those in
    folders below.
    """
    is_anchored = "/" in pattern.rstrip("/")
    body = pattern.strip("/")
    text = "" if is_anchored else "(?:.*/)?"
    for piece in re.split(r"(\*\*/|/\*\*|\*\*|\*|\?)", body):
        text += _WILD.get(piece, re.escape(piece))
    if pattern.endswith("/"):
        return re.compile(text + "/.*")
    is_of_files = body.endswith("/*")
    return re.compile(text if is_of_files else text + "(?:/.*)?")


_WILD = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
