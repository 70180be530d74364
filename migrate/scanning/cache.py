"""The results of an earlier scan, kept for files that have not changed.

A result is used again if the rules, the path and the content of the file are the same, and if the
imports of the file stand for the same symbols. Each scan of many files has a file of its own in
the cache folder, so that two scans at once do not disturb each other: the last one to end writes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from typing import Any

from migrate.findings import Edit, Finding, Severity
from migrate.scanning.bindings import Exports
from migrate.scanning.engine import FileResult

_KEPT = 30 * 24 * 3600  # seconds: what no scan has written for so long is removed


class Cache:
    """The results of one scan.

    Args:
      folder: The cache folder; it is made when results are written.
      scan: What tells this scan from others, such as its paths.
    """

    def __init__(self, folder: str, scan: Sequence[str]) -> None:
        self._folder = folder
        name = _digest("\0".join([os.getcwd(), *scan]).encode("utf-8", "surrogatepass"))
        self._path = os.path.join(folder, f"scan-{name}.json")
        self._stamp = _stamp()
        self._entries: dict[str, dict[str, Any]] = self._read()
        self._kept: dict[str, dict[str, Any]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known from an earlier scan."""
        return not self._entries

    def find(self, key: str, path: str, exports: Exports) -> FileResult | None:
        """Returns the result of a file; None if it has to be scanned.

        Args:
          key: What `files.key_of` returns for the file.
          path: The file, as it stands in findings.
          exports: What other modules of the tree export now.
        """
        entry = self._entries.get(key)
        if entry is None:
            return None
        for module, level, name, symbols in entry["asked"]:
            if list(exports(module, level, name)) != symbols:
                return None
        self._kept[key] = entry
        return _result(path, entry)

    def keep(self, result: FileResult) -> None:
        """Keeps the result of a file that has a key."""
        if result.key:
            self._kept[result.key] = _entry(result)

    def write(self) -> None:
        """Writes the results of this scan; a folder that cannot be written to is left alone."""
        if self._kept == self._entries:
            return
        try:
            os.makedirs(self._folder, exist_ok=True)
            content = {"stamp": self._stamp, "results": self._kept}
            text = json.dumps(content, separators=(",", ":"))
            with tempfile.NamedTemporaryFile(
                "w", dir=self._folder, prefix=".scan-", encoding="utf-8", delete=False
            ) as file:
                file.write(f"{_digest(text.encode())}\n{text}")
            os.replace(file.name, self._path)
            _remove_old(self._folder)
        except OSError:
            return

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            with open(self._path, encoding="utf-8") as file:
                digest, _, text = file.read().partition("\n")
        except (OSError, ValueError):  # it is not there, or not text
            return {}
        if digest != _digest(text.encode()):  # it is not whole
            return {}
        content = json.loads(text)
        return dict(content["results"]) if content["stamp"] == self._stamp else {}


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _stamp() -> str:
    """Returns what changes when the rules, the tables they read or Python's parser change."""
    parts = [sys.version]
    for package in ("migrate", "estimator_compat"):
        spec = importlib.util.find_spec(package)
        for place in (spec and spec.submodule_search_locations) or ():
            for folder in ("rules", "scanning", "mappings", "api", "losses"):
                parts += _files(os.path.join(place, folder))
    return _digest("\n".join(parts).encode())


def _files(folder: str) -> Iterable[str]:
    try:
        entries = sorted(os.scandir(folder), key=lambda each: each.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.endswith((".py", ".txt")):
            state = entry.stat()
            yield f"{entry.name} {state.st_size} {state.st_mtime_ns}"


def _remove_old(folder: str) -> None:
    limit = time.time() - _KEPT
    for entry in os.scandir(folder):
        if entry.name.startswith(("scan-", ".scan-")) and entry.stat().st_mtime < limit:
            os.remove(entry.path)


def _entry(result: FileResult) -> dict[str, Any]:
    return {
        "asked": result.asked,
        "findings": [
            {**each.to_json(), "text": each.text, "cell": each.cell} for each in result.findings
        ],
    }


def _result(path: str, entry: dict[str, Any]) -> FileResult:
    return FileResult(
        path=path,
        findings=tuple(_finding(path, each) for each in entry["findings"]),
    )


def _finding(path: str, values: dict[str, Any]) -> Finding:
    edit = values["edit"]
    known = {field.name for field in dataclasses.fields(Finding)}
    fields = {name: value for name, value in values.items() if name in known}
    fields["severity"] = Severity(values["severity"])
    fields["edit"] = None if edit is None else Edit(**edit)
    fields["also"] = tuple(Edit(**each) for each in values["also"])
    fields["is_safe"] = values["safe"] is not False
    return Finding(**{**fields, "path": path})
