"""A scan as people read it: a line a finding, then how many there are and how long they take."""

from collections import Counter

from migrate.findings import ScanReport, Severity
from migrate.reports.text_layout import plural

SUFFIX = ".txt"
HOURS_A_DAY = 6


def render(report: ScanReport) -> str:
    """Returns the report as text; a terminal makes links of `path:line:column`."""
    lines = [
        f"{each.place}: {each.severity.value} {each.code} {each.message}"
        for each in report.findings
    ]
    return "".join(line + "\n" for line in [*lines, total(report)])


def total(report: ScanReport) -> str:
    """Returns how much was found, and how long it takes."""
    files = plural(len(report.files), "file")
    model_fns = plural(len(report.model_fns), "model_fn")
    if not report.findings:
        return f"Nothing found in {files}, {model_fns}."
    counts = Counter(finding.severity for finding in report.findings)
    names = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "remark"}
    found = ", ".join(plural(counts[each], name) for each, name in names.items() if counts[each])
    return f"{found} in {files}, {model_fns}; effort: {duration(report.effort)}."


def duration(minutes: int) -> str:
    """Returns minutes as people say them; a day has six hours."""
    if minutes < 60:
        return plural(minutes, "minute")
    if minutes < 60 * HOURS_A_DAY:
        return f"{minutes / 60:.1f} hours"
    return f"{minutes / 60 / HOURS_A_DAY:.1f} days of {HOURS_A_DAY} hours"
