"""The first paragraph of a migration report, which every format begins with."""

from __future__ import annotations

from migrate.reports.report_values import Report
from migrate.reports.terminal import duration
from migrate.reports.text_layout import plural

_WORDS = {
    "run": "unedited today",
    "host": "hosted in a TF2 loop",
    "own": "translated to TF2 source",
}
_VERBS = {"run": ("runs", "run"), "host": ("can be", "can be"), "own": ("can be", "can be")}


def sentences(report: Report) -> list[str]:
    """Returns what there is, what it can reach, and how long the findings take."""
    total = len(report.model_fns)
    files = plural(len(report.files), "file")
    said = [
        f"{files} with {plural(total, 'model_fn')}." if total else f"{files} without a model_fn."
    ]
    if total:
        said += [text for rung in _WORDS if (text := _reached(report, rung, total))]
        if unknown := _unknown(report, total):
            said.append(unknown)
    if not report.findings:
        return [*said, "Nothing was found that needs a person."]
    found = plural(len(report.findings), "finding")
    takes = "takes" if len(report.findings) == 1 else "take"
    said.append(f"{found} {takes} a person {duration(report.effort)}.")
    if report.edits:
        has = "has" if report.edits == 1 else "have"
        said.append(f"{report.edits} of them {has} a safe edit, which `migrate rewrite` makes.")
    return said


def _reached(report: Report, rung: str, total: int) -> str:
    """Says how many model_fns reach a rung; "" if that is not known of any."""
    if report.with_status(rung, "unknown") == total:
        return ""
    count = report.reaching(rung)
    verb = _VERBS[rung][0 if count == 1 else 1]
    return f"{count} of {total} {verb} {_WORDS[rung]}."


def _unknown(report: Report, total: int) -> str:
    counts = {rung: report.with_status(rung, "unknown") for rung in _WORDS}
    named = [f"of {count}, whether {_OF[rung]}" for rung, count in counts.items() if count]
    if not named:
        return ""
    if all(count == total for count in counts.values()):
        return "What they can reach is not known from the source."
    return f"Not known from the source: {'; '.join(named)}."


_OF = {"run": "they run unedited", "host": "they can be hosted", "own": "they can be translated"}
