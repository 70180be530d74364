"""The migration report as Markdown, for a ticket or a repository."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from migrate import reports
from migrate.reports import drawings, report_summary, terminal
from migrate.reports.loss_values import LedgerPage, Worked
from migrate.reports.printable import printable
from migrate.reports.report_values import BaselineProgress, ModelFnPage, Report, TargetRun

REPORT_SUFFIX = ".md"

_STATUS = {"shown": "proved", "unknown": "not known"}


def render(report: Report) -> str:
    """Returns the report as Markdown."""
    lines = [
        f"<!-- {reports.GENERATOR} -->",
        "# Migration report",
        "",
        f"{_text(', '.join(report.paths))}. {report.date} {_text(report.version)}".strip(),
        "",
        " ".join(map(_ticked, report_summary.sentences(report))),
        "",
        *(_baseline(report.baseline) if report.baseline else []),
        *_model_fns(report),
        *_rules(report),
        *_owners(report),
        *_files(report),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _baseline(progress: BaselineProgress) -> list[str]:
    rows = [
        ("gone", progress.gone, ""),
        ("left", progress.left, drawings.days(progress.left_effort)),
        ("new", progress.new, drawings.days(progress.new_effort)),
    ]
    return [
        "## Against the baseline",
        "",
        f"{_code(progress.path)} has {progress.known} findings.",
        "",
        *_table(("findings", "number", "days"), [(a, str(b), c) for a, b, c in rows], "nn"),
    ]


def _model_fns(report: Report) -> list[str]:
    lines = ["## Model functions", ""]
    if not report.model_fns:
        lines += ["No function in these files makes an EstimatorSpec.", ""]
    else:
        header = ("model_fn", "loss", "reduction", "optimizer", "hazards", "run", "host", "own")
        rows = [
            (
                f"{_code(page.model_fn.name)} {_code(_place(page))}",
                _code(page.ledgers[0].ledger.formula) if page.ledgers else "not known",
                ", ".join(page.reductions),
                _code(page.model_fn.optimizer) if page.model_fn.optimizer else "",
                ", ".join(page.hazards),
                *(_STATUS.get(rung.status, rung.status) for rung in page.rungs),
            )
            for page in report.model_fns
        ]
        lines += _table(header, rows)
    for page in (*report.model_fns, *report.elsewhere):
        lines += _model_fn(page)
    return lines


def _place(page: ModelFnPage) -> str:
    return f"{page.model_fn.path}:{page.model_fn.line}"


def _model_fn(page: ModelFnPage) -> list[str]:
    name, path = page.model_fn.name, page.model_fn.path
    lines = [f"### {_code(name)} in {_code(path)}", ""]
    for rung in page.rungs:
        because = f": {_ticked(rung.because)}" if rung.because else ""
        lines.append(f"* {rung.name}: {_STATUS.get(rung.status, rung.status)}{because}")
    lines += ["", *(f"> fault: {_text(text)}\n" for text in page.disagreements)]
    if not page.ledgers:
        because = f": {_text(page.model_fn.because)}" if page.model_fn.because else ""
        lines += [f"Its loss is not known{because}.", ""]
    for ledger in page.ledgers:
        lines += _ledger(ledger)
    for run in page.runs:
        lines += _run(run)
    return lines


def _ledger(ledger: LedgerPage) -> list[str]:
    source = "measured" if ledger.ledger.source == "measured" else "read from the source, not run"
    formula = f"loss = {ledger.ledger.formula}"
    lines = [f"{', '.join(ledger.modes)}, {source}: {_code(formula)}", ""]
    lines += [_text(ledger.checked), ""] if ledger.checked else []
    lines += [f"> {code}: {_ticked(text)}\n" for code, text in ledger.cautions]
    for term in ledger.terms:
        lines.append(f"**{_text(term.name)}**, {term.kind}")
        lines.append("")
        lines += [f"* {word}: {_text(text)}" for word, text in term.facts]
        lines += [f"* {_ticked(sentence)}" for sentence in term.sentences]
        lines.append("")
        for worked in term.worked:
            lines += _worked(worked)
    return lines


def _worked(worked: Worked) -> list[str]:
    rows = [tuple(map(_ticked, row)) for row in worked.rows]
    return [
        f"#### {worked.title}",
        "",
        _text(worked.given),
        "",
        *_table(worked.columns, rows),
        _text(worked.says),
        "",
    ]


def _run(run: TargetRun) -> list[str]:
    lines = []
    for failure in run.failures:
        lines += [f"> migrate {failure.command} failed on {_code(run.target)}:", ""]
        lines += [*(f"    {printable(line)}" for line in failure.reason.splitlines()), ""]
    if run.verdict is not None:
        lines += [f"The hosted loop against the Estimator: {run.verdict.outcome.value}.", ""]
    if run.translated is not None and run.translated.outcome == "refused":
        lines += [f"Not translated: {_ticked(run.translated.reason)}", ""]
    elif run.translated is not None and run.translated.verdict is not None:
        outcome = run.translated.verdict.outcome.value
        lines += [f"The written loop against the Estimator: {outcome}.", ""]
    return lines


def _rules(report: Report) -> list[str]:
    rows = [
        (
            f"{group.rule.code} {group.rule.name}",
            str(group.findings),
            str(group.files),
            drawings.days(group.effort),
            _ticked(group.rule.summary),
        )
        for group in report.rules
    ]
    header = ("rule", "findings", "files", "days", "finds")
    return ["## Effort by rule", "", *_table(header, rows, "nnn")]


def _owners(report: Report) -> list[str]:
    rows = [
        (
            _text(group.owner),
            str(group.model_fns),
            str(group.findings),
            drawings.days(group.effort),
        )
        for group in report.owners
    ]
    source = _code(report.owned_by) if report.owned_by else "the top folders"
    header = ("owner", "model_fns", "findings", "days")
    return [
        "## Effort by owner",
        "",
        f"The owners are those of {source}.",
        "",
        *_table(header, rows, "nnn"),
    ]


def _files(report: Report) -> list[str]:
    lines = ["## Findings by file", ""]
    for group in report.by_file:
        lines += [f"### {_code(group.path)}", "", terminal.duration(group.effort) + ".", ""]
        for index in group.findings:
            each = report.findings[index].finding
            place = f"{each.line}:{each.column}"
            lines.append(f"* {place} {each.severity.value} {each.code} {_ticked(each.message)}")
        lines.append("")
    return lines


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], numbers: str = "") -> list[str]:
    """Writes a table; the columns after the first are aligned right as long as `numbers` is."""
    marks = ["---:" if 1 <= index <= len(numbers) else "---" for index in range(len(header))]
    lines = [f"| {' | '.join(header)} |", f"|{'|'.join(marks)}|"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return [*lines, ""]


def _text(text: str) -> str:
    """Escapes what Markdown would read as markup or as HTML."""
    plain = printable(text.replace("\n", " "))
    return re.sub(r"([\\*_#\[\]`~])", r"\\\1", plain).replace("&", "&amp;").replace("<", "&lt;")


def _code(text: str) -> str:
    """Returns a text as code: in it, nothing is markup."""
    plain = printable(text.replace("\n", " "))
    longest = max((len(run) for run in re.findall("`+", plain)), default=0)
    ticks = "`" * (longest + 1)
    space = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{ticks}{space}{plain}{space}{ticks}"


def _ticked(text: str) -> str:
    """Escapes a text, but for its `words in backticks`."""
    parts = re.split(r"`([^`]+)`", text)
    return "".join(_code(part) if index % 2 else _text(part) for index, part in enumerate(parts))
