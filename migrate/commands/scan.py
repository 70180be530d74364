"""`migrate scan`: finds what keeps a code base from TensorFlow 2.16 and later."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from migrate.commands.argument_types import comma_separated, positive

HELP = "finds what breaks on TensorFlow 2.16 and later, and what a loss does not say"
DESCRIPTION = """\
Reads Python files and notebooks and says what in them TensorFlow 2.16 to 2.21 lack, what the
Estimator API needs on the way, and where a loss is not what its code seems to say. Nothing of the
code is imported or run. Folders are searched for files whose names end in .py or .ipynb; folders
whose names begin with a dot, `site-packages`, `node_modules` and `venv` are left out. `-` reads one
file from standard input. In a notebook, the code cells are read as one module, lines of IPython
are left alone, and the cells of `%%writefile` are read as the files that they write.

A comment `# migrate: ignore[CODE]` silences a finding on its line; without codes, all findings.
Settings (select, ignore, severity, exclude) are read from `[tool.migrate]` of the nearest
pyproject.toml; options go before them. A baseline is a file of findings that are left out; a
finding is known by its rule, its path and its line of code, wherever that line has moved.

With --format=json, the keys are:
  files      the files that were looked at: paths
  findings   code, path, line and column (from 1, in characters), message,
             severity (error, warning or info), effort (whole minutes; a day has six hours),
             edit (null, or start, end and text: a span of characters and its replacement),
             also (further edits that it needs, such as an import), safe (null without an edit;
             whether `migrate rewrite` makes it without --unsafe);
             in a notebook also cell (among all cells, from 1), line is the line in it, and edit
             is a span of the JSON
  model_fns  path, line (and cell), name, ledger (train and eval: null if it cannot be read),
             rungs (run, host and own, each with status and because)
  canned_estimators
             path, line (and cell), name, ledger (as above), because (why a ledger is null)
"""
EPILOG = """\
exit status:
  0  nothing was found
  1  there are findings
  2  an error, such as a path that does not exist

examples:
  migrate scan .
  migrate scan src --select=LOSS --severity=warning
  migrate scan src --format=json | jq .findings[0]
  migrate scan src --write-baseline=known.json; migrate scan src --baseline=known.json
  migrate scan - --stdin-filename=model.py <model.py
"""


_PAGE = "html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders (default: .)")
    parser.add_argument(
        "--format",
        default="terminal",
        choices=_formats(),
        help="how to print the findings (default: terminal); html is the page of `migrate report`",
    )
    for name, what in (("select", "report only"), ("ignore", "do not report")):
        parser.add_argument(
            f"--{name}",
            type=comma_separated,
            metavar="CODES",
            help=f"{what} these codes, or codes that begin so; separated by commas",
        )
    parser.add_argument(
        "--severity", choices=["error", "warning", "info"], help="the least severity to report"
    )
    parser.add_argument(
        "--exclude", type=comma_separated, metavar="GLOBS", help="leave these files or folders out"
    )
    parser.add_argument(
        "--jobs", type=positive, metavar="N", help="number of processes (default: one a core)"
    )
    parser.add_argument(
        "--baseline", metavar="FILE", help="leave out the findings that are in this file"
    )
    parser.add_argument(
        "--write-baseline", metavar="FILE", help="write the findings to this file, and end with 0"
    )
    parser.add_argument(
        "--statistics",
        action="store_true",
        help="print the number of findings of each rule instead",
    )
    parser.add_argument("--explain", metavar="CODE", help="print the page of a rule, and end")
    parser.add_argument(
        "--stdin-filename", default="stdin.py", metavar="PATH", help="the path for `-`"
    )
    parser.add_argument(
        "--cache-dir",
        metavar="DIR",
        help="where a scan of many files keeps results for the next (default: the user's cache)",
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="neither use nor keep results of other scans"
    )
    parser.add_argument("--verbose", action="store_true", help="show the tracebacks of errors")


def run(options: argparse.Namespace) -> int:
    """Scans, prints the report, and returns the exit status."""
    if options.explain:
        return _explain(options.explain)
    from migrate import reports

    known: frozenset[str] = frozenset()
    if options.baseline or options.write_baseline:
        from migrate.scanning import baseline
    if options.baseline:
        known = baseline.read(options.baseline)
    report = _report(options)
    if options.write_baseline:
        with open(options.write_baseline, "w", encoding="utf-8") as file:
            file.write(baseline.render(report.findings))
        return 0
    report = report.without(known)
    if options.statistics:
        from migrate.reports import statistics

        sys.stdout.write(statistics.render(report))
    elif options.format == _PAGE:
        sys.stdout.write(_page(report, options.paths or ["."]))
    else:
        sys.stdout.write(reports.renderer(options.format)(report))
    return 1 if report.findings else 0


def _explain(code: str) -> int:
    from migrate import rules
    from migrate.rules import base

    print(base.page(rules.find(code)), end="")
    return 0


def _formats() -> list[str]:
    """Lists the formats without importing them."""
    from migrate import reports

    return sorted([*reports.names(), _PAGE])


def _page(report: Any, paths: Sequence[str]) -> str:
    from estimator_compat.command_line import version
    from migrate import reports
    from migrate.reporting import building

    render = reports.report_renderer(f"report.{_PAGE}")
    return render(building.build(report, paths=paths, version=version.text()))


def _report(options: argparse.Namespace) -> Any:
    from migrate.findings import Severity
    from migrate.scanning import files, scan

    overrides = {
        name: value
        for name in ("select", "ignore", "exclude")
        if (value := getattr(options, name)) is not None
    }
    if options.severity:
        overrides["severity"] = Severity(options.severity)
    paths = options.paths or ["."]
    if paths == ["-"]:
        data = sys.stdin.buffer.read()
        return scan.scan_text(data, options.stdin_filename, overrides=overrides)
    progress = _Progress() if sys.stderr.isatty() else None
    folder = None if options.no_cache else options.cache_dir or files.cache_folder()
    return scan.scan(
        paths, overrides=overrides, jobs=options.jobs, progress=progress, cache_folder=folder
    )


class _Progress:
    """Shows on one line of a terminal how many files are done."""

    def __call__(self, done: int, of: int) -> None:
        end = "\r" if done < of else "\r\033[K"
        if done % 16 == 0 or done == of:
            print(f"{done} of {of} files", end=end, file=sys.stderr, flush=True)
