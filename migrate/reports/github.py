"""A scan as commands for GitHub Actions, which shows them beside the lines of a pull request."""

from migrate.findings import ScanReport, Severity

SUFFIX = ".txt"

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: ScanReport) -> str:
    """Returns a workflow command for each finding."""
    lines = []
    for each in report.findings:
        place = f"file={_property(each.path)},line={each.line},col={each.column}"
        title = f"title={_property(each.code)}"
        command = f"::{_COMMANDS[each.severity]} {place},{title}"
        lines.append(f"{command}::{_data(each.message_with_cell)}\n")
    return "".join(lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
