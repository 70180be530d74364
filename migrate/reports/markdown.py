"""A scan as Markdown: the rules by effort, then the findings by file."""

from collections import defaultdict

from migrate.findings import Finding, ScanReport
from migrate.reports import terminal

SUFFIX = ".md"


def render(report: ScanReport) -> str:
    """Returns the report as Markdown."""
    lines = ["# What `migrate scan` found", "", terminal.total(report), ""]
    if report.findings:
        lines += _by_rule(report)
        by_path: defaultdict[str, list[Finding]] = defaultdict(list)
        for finding in report.findings:
            by_path[finding.path].append(finding)
        for path, findings in by_path.items():
            lines += [f"## {_code(path)}", "", "| line | finding | what |", "|---:|---|---|"]
            lines += [_row(each) for each in findings]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _row(each: Finding) -> str:
    message = _cell(each.message_with_cell)
    return f"| {each.line} | {each.severity.value} {each.code} | {message} |"


def _by_rule(report: ScanReport) -> list[str]:
    lines = ["| rule | findings | minutes | finds |", "|---|---:|---:|---|"]
    rows = []
    for rule in report.rules:
        findings = [each for each in report.findings if each.code == rule.code]
        rows.append((sum(each.effort for each in findings), len(findings), rule))
    for minutes, count, rule in sorted(rows, key=lambda row: (-row[0], row[2].code)):
        lines.append(f"| {rule.code} {rule.name} | {count} | {minutes} | {_cell(rule.summary)} |")
    return [*lines, ""]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _code(text: str) -> str:
    return "``" + text + "``" if "`" in text else f"`{text}`"
