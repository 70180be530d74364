"""A rewrite as JSON: the keys are written down in `migrate rewrite --help`."""

from __future__ import annotations

from collections import Counter
from typing import Any

from migrate.reports import json_text
from migrate.rewriting import diffs
from migrate.rewriting.changes import FileChange, Rewrite


def render(rewrite: Rewrite) -> str:
    """Returns the rewrite as JSON."""
    content = {
        "files": [_file(change) for change in rewrite.changes],
        "left_out": list(rewrite.left_out),
        "findings": [finding.to_json() for finding in rewrite.remaining.findings],
    }
    return json_text.dumped(content) + "\n"


def _file(change: FileChange) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    for step in change.steps:
        counts[step.code] += step.edits
    text = diffs.diff(change.path, change.before, change.after)
    return {
        "path": change.path,
        "edits": change.edits,
        "rules": dict(sorted(counts.items())),
        "diff": text.decode("utf-8", "replace"),
    }
