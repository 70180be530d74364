"""Prints at the end of a test run what the golden programs were compared with, and how closely."""

import collections


def pytest_terminal_summary(terminalreporter):
    compared = collections.Counter(
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in report.user_properties
        if name == "golden"
    )
    for what, programs in sorted(compared.items()):
        terminalreporter.write_line(f"golden: {programs} programs compared with {what}")
