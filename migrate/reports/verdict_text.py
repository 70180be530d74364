"""Prints a verdict for a person."""

import textwrap

from migrate.verifying.verdict import FORGIVEN, Comparison, Outcome, Stage, Verdict

_WIDTH = 100
_HEAD = ("stage", "verdict", "absolute", "relative", "ulps", "compared")
_MEANING = {
    Outcome.IDENTICAL: "every number that was compared is the same, bit for bit.",
    Outcome.EQUIVALENT: "within the tolerances ({}){}.",
    Outcome.NOT_COMPARED: "nothing that the subject computes could be compared.",
    Outcome.DIFFERENT: "it does not compute the same.",
}


def render(verdict: Verdict) -> str:
    """Renders a table of the stages, what diverged first, and the verdict."""
    head = (
        f"The run (estimator_compat.Estimator) against the subject ({verdict.subject}), from the "
        "same weights, on the same batches:"
    )
    lines = [*_wrapped(head), "", *_table(verdict)]
    notes = [f"{one.name}: {note}." for one in verdict.stages for note in one.notes]
    lines += ["", *(line for note in notes for line in _wrapped(note))] if notes else []
    if verdict.unaligned:
        lines += ["", *_unaligned(verdict)]
    if verdict.first:
        lines += ["", *_wrapped(f"First divergence: {_where(*verdict.first)}")]
    meaning = _MEANING[verdict.outcome].format(_tolerances(verdict), _forgiven(verdict))
    return "\n".join([*lines, "", *_wrapped(f"{verdict.outcome.value.upper()}: {meaning}")]) + "\n"


def _table(verdict: Verdict) -> list[str]:
    rows = [_HEAD, *(_row(one) for one in verdict.stages)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if 2 <= column <= 4 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return [lines[0], "-" * max(map(len, lines)), *lines[1:]]


def _row(stage: Stage) -> tuple[str, ...]:
    if stage.outcome is Outcome.NOT_COMPARED:
        return stage.name, stage.outcome.value, "", "", "", ""
    largest = stage.largest
    numbers = ("0", "0", "0") if largest is None else _numbers(largest)
    place = f"; largest: {largest.place}" if largest else ""
    return stage.name, stage.outcome.value, *numbers, stage.compared + place


def _numbers(one: Comparison) -> tuple[str, str, str]:
    if one.note:
        return "-", "-", "-"
    return f"{one.absolute:.2g}", f"{one.relative:.2g}", str(one.ulps)


def _where(stage: Stage, one: Comparison) -> str:
    if one.note:
        return f"in stage {stage.name!r}, {one.place}: {one.note}."
    return (
        f"in stage {stage.name!r}, {one.place}: relative difference {one.relative:.3g} "
        f"({one.ulps} units in the last place), where {one.tolerance:g} is allowed."
    )


def _unaligned(verdict: Verdict) -> list[str]:
    rest = ", ".join(one.name for one in verdict.compared)
    return _wrapped(
        f"Random ops that draw other numbers on each side: {', '.join(verdict.unaligned)}. "
        f"The verdict rests on: {rest}."
    )


def _tolerances(verdict: Verdict) -> str:
    given = verdict.tolerances
    return (
        f"relative to the largest magnitude: losses {given.losses:g}, gradients "
        f"{given.gradients:g}, variables {given.variables:g}, what the first step adds to them "
        f"{given.updates:g}, metrics {given.metrics:g}, predictions {given.predictions:g}"
    )


def _forgiven(verdict: Verdict) -> str:
    notes = [note for one in verdict.compared for note in one.notes]
    is_some = any(note.startswith(FORGIVEN) for note in notes)
    return f", but for what is {FORGIVEN}" if is_some else ""


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )
