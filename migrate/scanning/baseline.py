"""A baseline: the findings of an earlier scan, which later scans leave out."""

from __future__ import annotations

import json
from collections.abc import Iterable

from migrate.findings import Finding

_VERSION = 1


def read(path: str) -> frozenset[str]:
    """Returns the fingerprints in a baseline.

    Raises:
      OSError: The file cannot be read.
      ValueError: It is not a baseline.
    """
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        content = json.loads(text)
        if content["version"] != _VERSION:
            raise ValueError(content["version"])
        return frozenset(entry["fingerprint"] for entry in content["findings"])
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"`--baseline` ({path}) is not a baseline; expected what `--write-baseline` writes; "
            "write it again."
        ) from error


def render(findings: Iterable[Finding]) -> str:
    """Returns findings as a baseline; a person can read which ones are in it."""
    entries = [
        {"fingerprint": each.fingerprint, "code": each.code, "path": each.path, "text": each.text}
        for each in findings
    ]
    return json.dumps({"version": _VERSION, "findings": entries}, indent=1) + "\n"
