"""A scan as JSON, for programs: the keys are written down in `migrate scan --help`."""

import json

from migrate.findings import ScanReport

SUFFIX = ".json"


def render(report: ScanReport) -> str:
    """Returns the report as JSON."""
    return json.dumps(report.to_json(), indent=2) + "\n"
