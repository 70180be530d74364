"""`migrate report`: writes the migration report, a page that can be sent on."""

import argparse
import os
import sys
from typing import Any

from migrate.commands.argument_types import positive

HELP = "writes a page with all of it: what breaks, each loss, what is left, in days"
DESCRIPTION = """\
Scans Python files, as `migrate scan` does, and writes what it finds as one page: what runs unedited
today, what can be hosted and translated, each model_fn's loss as a formula with what a short batch,
weights of 0, replicas and Keras make of it, the findings by rule and by file with the code around
them, and the effort by rule and by owner (CODEOWNERS where there is one, otherwise the top folder).
The page is one file. It loads nothing from the network, and can be searched, printed and sent on.

Nothing of the code is imported or run, unless --target names a target. Then `migrate ledger`,
`migrate verify` and `migrate translate` run on the target, each in a process of its own, and the
page shows what they have measured. In quotes, a target takes arguments of its own:

  --target="model.py:model_fn --input_fn=data.py:train --params=rate=0.1"

Without PATH, the report is on the embedded example.
"""
EPILOG = """\
exit status:
  0  the report is written
  1  the report is written, and a target failed, or does not compute the same
  2  an error, such as a path that does not exist

examples:
  migrate report
  migrate report --target=migrate.examples:penguins
  migrate report src -o report.html --baseline=known.json
  migrate report src -o report.md
  migrate report src --facade --target="src/model.py:model_fn --input_fn=src/data.py:train"
"""
_OUTPUT = "report.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders")
    parser.add_argument(
        "-o",
        "--output",
        default=_OUTPUT,
        metavar="FILE",
        help=f"the report; its ending decides: {', '.join(_endings())} (default: {_OUTPUT})",
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="replace FILE, also if `migrate report` did not write it",
    )
    parser.add_argument("--baseline", metavar="FILE", help="show what is left of these findings")
    for name, what in (("select", "report only"), ("ignore", "do not report")):
        parser.add_argument(
            f"--{name}",
            type=_comma_separated,
            metavar="CODES",
            help=f"{what} these codes, or codes that begin so; separated by commas",
        )
    parser.add_argument(
        "--severity", choices=["error", "warning", "info"], help="the least severity to report"
    )
    parser.add_argument(
        "--exclude", type=_comma_separated, metavar="GLOBS", help="leave these files or folders out"
    )
    parser.add_argument(
        "--jobs", type=positive, metavar="N", help="number of processes (default: one a core)"
    )
    _add_target_arguments(parser)
    parser.add_argument("--verbose", action="store_true", help="show the tracebacks of errors")


def _add_target_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--target",
        action="append",
        default=[],
        metavar="TARGET",
        help="run this target, too: see above; may be repeated",
    )
    parser.add_argument("--input_fn", metavar="NAME", help="the input_fn of all targets")
    parser.add_argument(
        "--params",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a hyperparameter of all targets; may be repeated",
    )
    parser.add_argument(
        "--facade",
        action="store_true",
        help="all targets are TensorFlow 1 code: see migrate ledger",
    )
    parser.add_argument(
        "--legacy",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="an installed package that is TensorFlow 1 code, too; may be repeated",
    )
    parser.add_argument(
        "--steps",
        type=positive,
        default=50,
        metavar="N",
        help="steps to train each target (default: 50)",
    )
    parser.add_argument(
        "--time_limit",
        type=positive,
        default=1200,
        metavar="SECONDS",
        help="the most seconds for each command on a target (default: 1200)",
    )


def _comma_separated(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _endings() -> list[str]:
    """Lists the endings of the formats without importing them."""
    from migrate import reports

    return sorted(reports.report_formats())


def run(options: argparse.Namespace) -> int:
    """Writes the report, and returns the exit status."""
    from migrate import reports

    render = reports.report_renderer(options.output)
    _check_output(options)
    targets = [_target(text, options) for text in options.target]
    baseline = _baseline(options.baseline) if options.baseline else None
    scanned, paths = _scanned(options)
    runs = _runs(targets)
    from migrate.reporting import building

    report = building.build(
        scanned,
        paths=paths,
        targets=runs,
        baseline=baseline,
        date=_today(),
        version=_version(),
    )
    _write(options.output, render(report))
    _say(options.output, report)
    return 1 if any(_went_wrong(each) for each in runs) else 0


def _scanned(options: argparse.Namespace) -> tuple[Any, list[str]]:
    """Scans, and returns what was found, and the paths as the report names them."""
    from migrate.findings import Severity
    from migrate.scanning import scan

    overrides = {
        name: value
        for name in ("select", "ignore", "exclude")
        if (value := getattr(options, name)) is not None
    }
    if options.severity:
        overrides["severity"] = Severity(options.severity)
    paths = options.paths or [_example()]
    progress = _files_done if sys.stderr.isatty() else None
    found = scan.scan(paths, overrides=overrides, jobs=options.jobs, progress=progress)
    return found, options.paths or ["the embedded example"]


def _example() -> str:
    """Returns the file of the embedded example, without importing it."""
    from importlib import resources

    return str(resources.files("estimator_compat.examples") / "penguins.py")


def _files_done(done: int, of: int) -> None:
    """Shows on one line of a terminal how many files are done."""
    end = "\r" if done < of else "\r\033[K"
    if done % 16 == 0 or done == of:
        print(f"{done} of {of} files", end=end, file=sys.stderr, flush=True)


def _target(text: str, options: argparse.Namespace) -> Any:
    """Returns how to run a target, with its own arguments or those of all targets."""
    import shlex

    from migrate.reporting.target_runs import TargetArguments

    try:
        name, *own = shlex.split(text)
        if ":" not in name:
            raise ValueError
    except ValueError:
        raise ValueError(
            f"`--target` ({text}) is not a target; expected `module:name` or `path/file.py:name`, "
            "in quotes with arguments of its own; see `migrate ledger --help`."
        ) from None
    arguments = [f"--params={each}" for each in options.params]
    arguments += [f"--legacy={each}" for each in options.legacy]
    arguments += ["--facade"] if options.facade else []
    arguments += [f"--input_fn={options.input_fn}"] if options.input_fn else []
    return TargetArguments(
        target=name,
        arguments=(*arguments, *own),
        flags=tuple(options.flags),
        steps=options.steps,
        time_limit=options.time_limit,
    )


def _runs(targets: list[Any]) -> list[Any]:
    if not targets:
        return []
    from migrate.reporting import target_runs

    runs = []
    for index, target in enumerate(targets, 1):

        def progress(line: str, index: int = index) -> None:
            print(f"... target {index} of {len(targets)}: {line}", file=sys.stderr, flush=True)

        runs.append(target_runs.run(target, progress))
    return runs


def _went_wrong(run: Any) -> bool:
    """Tells whether a command failed on a target, or found that it computes something else."""
    translated = run.translated
    verdicts = [run.verdict, translated.verdict if translated else None]
    return bool(run.failures) or any(each is not None and not each.passed for each in verdicts)


def _baseline(path: str) -> Any:
    from migrate.reporting.baseline_progress import Baseline
    from migrate.scanning import baseline

    return Baseline(path=path, fingerprints=baseline.read(path))


def _today() -> str:
    import datetime

    return datetime.date.today().isoformat()


def _version() -> str:
    from estimator_compat.command_line import version

    return version.text()


def _check_output(options: argparse.Namespace) -> None:
    """Raises a ValueError for a file that cannot be written, or that a person has written."""
    path = options.output
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path) or not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        raise ValueError(
            f"`-o` ({path}) cannot be written, because it is a folder, or the folder {folder} is "
            "not there or not writable; expected a file in a folder that is; make it first."
        )
    if os.path.exists(path) and not options.force and not _is_report(path):
        raise ValueError(
            f"`-o` ({path}) is there already, and `migrate report` did not write it; expected a "
            "new file, or an earlier report; add --force to replace it, or choose another name."
        )


def _is_report(path: str) -> bool:
    """Tells whether a file is an earlier report, which may be replaced."""
    from migrate import reports

    with open(path, "rb") as file:
        return reports.GENERATOR.encode() in file.read(1024)


def _write(path: str, text: str) -> None:
    """Writes a file as a whole: if that fails, the old one stays."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


def _say(path: str, report: Any) -> None:
    from migrate.reports import report_summary

    print(f"wrote {path}: {' '.join(report_summary.sentences(report))}")
