"""A scan as GitLab's code quality report."""

from migrate.findings import ScanReport, Severity
from migrate.reports import json_text

SUFFIX = ".json"

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(report: ScanReport) -> str:
    """Returns the report as JSON: a list of issues."""
    issues = [
        {
            "description": f"{each.code} {each.message_with_cell}",
            "check_name": each.code,
            "fingerprint": each.fingerprint,
            "severity": _SEVERITIES[each.severity],
            "location": {
                "path": each.path,
                "lines": {"begin": each.line},
            },
        }
        for each in report.findings
    ]
    return json_text.dumped(issues) + "\n"
