"""What a scan is asked for: by the command line, and by `[tool.migrate]` in pyproject.toml."""

from __future__ import annotations

import dataclasses
import functools
import os
import sys
from typing import Any

from migrate.findings import Finding, Severity

_FILE = "pyproject.toml"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Which findings are wanted.

    Attributes:
      select: Beginnings of the codes that are wanted; empty for all codes.
      ignore: Beginnings of the codes that are not wanted; the longest beginning decides.
      severity: The least severity that is wanted.
      exclude: Globs of paths and names that are not scanned.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Severity = Severity.INFO
    exclude: tuple[str, ...] = ()

    def wants(self, finding: Finding) -> bool:
        """Tells whether a finding is wanted."""
        if finding.severity.rank > self.severity.rank:
            return False
        wanted = _longest(finding.code, self.select) if self.select else 0
        return wanted >= 0 and wanted >= _longest(finding.code, self.ignore)


def _longest(code: str, prefixes: tuple[str, ...]) -> int:
    """Returns the length of the longest prefix of a code; -1 if there is none."""
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)


@functools.cache
def of_folder(folder: str) -> dict[str, Any]:
    """Returns the settings of the nearest pyproject.toml with `[tool.migrate]`, from a folder up.

    Args:
      folder: An absolute path.

    Raises:
      ValueError: The file cannot be read as TOML, or has settings that are not known.
    """
    path = os.path.join(folder, _FILE)
    if os.path.isfile(path):
        table = _table(path)
        if table is not None:
            return _checked(table, path)
    parent = os.path.dirname(folder)
    return {} if parent == folder else of_folder(parent)


def _table(path: str) -> dict[str, Any] | None:
    with open(path, "rb") as file:
        data = file.read()
    if b"migrate" not in data:
        return None
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path!r} is not TOML: {error}; mend it.") from error
    found: dict[str, Any] | None = table.get("tool", {}).get("migrate")
    return found


def _checked(table: dict[str, Any], path: str) -> dict[str, Any]:
    known = [field.name for field in dataclasses.fields(Settings)]
    problems = [
        f"`{name}` is not a setting; expected one of {', '.join(known)}"
        for name in table
        if name not in known
    ]
    checked: dict[str, Any] = {}
    for name in known:
        value = table.get(name)
        if value is None:
            continue
        if name == "severity":
            if value in [severity.value for severity in Severity]:
                checked[name] = Severity(value)
            else:
                problems.append(f"`severity` ({value!r}) must be error, warning or info")
        elif isinstance(value, list) and all(isinstance(each, str) for each in value):
            checked[name] = tuple(value)
        else:
            problems.append(f"`{name}` ({value!r}) must be a list of strings")
    if problems:
        raise ValueError(f"[tool.migrate] in {path!r}: {'; '.join(problems)}; correct the file.")
    return checked
