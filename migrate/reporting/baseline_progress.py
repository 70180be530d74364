"""What is left against a baseline: the findings of an earlier scan."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from migrate.findings import Finding
from migrate.reports.report_values import BaselineProgress


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The findings of an earlier scan.

    Attributes:
      path: The file.
      fingerprints: Of its findings.
    """

    path: str
    fingerprints: frozenset[str]


def progress(baseline: Baseline, findings: Sequence[Finding]) -> BaselineProgress:
    """Returns what of a baseline is still found, and what is new."""
    left = [each for each in findings if each.fingerprint in baseline.fingerprints]
    new = [each for each in findings if each.fingerprint not in baseline.fingerprints]
    return BaselineProgress(
        path=baseline.path,
        known=len(baseline.fingerprints),
        left=len(left),
        left_effort=sum(each.effort for each in left),
        new=len(new),
        new_effort=sum(each.effort for each in new),
    )
