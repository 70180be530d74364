"""How often each rule has found something, and the minutes that this takes."""

from migrate.findings import ScanReport
from migrate.reports import terminal, text_layout


def render(report: ScanReport) -> str:
    """Returns a table of the rules, the rule with the most minutes first."""
    rows = []
    for rule in report.rules:
        findings = [each for each in report.findings if each.code == rule.code]
        if findings:
            files = len({each.path for each in findings})
            rows.append((sum(each.effort for each in findings), len(findings), files, rule))
    rows.sort(key=lambda row: (-row[0], -row[1], row[3].code))
    lines = []
    if rows:
        cells = [
            [rule.code, str(count), str(files), str(minutes), rule.summary]
            for minutes, count, files, rule in rows
        ]
        header = ["rule", "findings", "files", "minutes", "finds"]
        lines = [*text_layout.table(header, cells, right_aligned={1, 2, 3}), ""]
    return "\n".join([*lines, terminal.total(report), ""])
