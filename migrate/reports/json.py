"""A scan as JSON, for programs: the keys are written down in `migrate scan --help`."""

from migrate.findings import ScanReport
from migrate.reports import json_text

SUFFIX = ".json"


def render(report: ScanReport) -> str:
    """Returns the report as JSON."""
    return json_text.dumped(report.to_json()) + "\n"
