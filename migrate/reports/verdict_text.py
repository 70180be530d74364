"""Renders a verdict as text."""

from collections.abc import Sequence

from migrate.reports.text_layout import table, wrap
from migrate.verifying.verdict import ROUNDING_NOTE, Comparison, Outcome, Stage, Verdict

_HEAD = ("stage", "verdict", "absolute", "relative", "ulps", "compared")
_NUMBERS = (2, 3, 4)  # the indices of the columns of numbers
_MEANING = {
    Outcome.IDENTICAL: "every number that was compared is the same, bit for bit.",
    Outcome.EQUIVALENT: "every number is within the tolerances ({}){}.",
    Outcome.NOT_VERIFIED: "{}.",
    Outcome.NOT_REPEATABLE: (
        "the reference does not compute the same numbers again, and the subject is no further from "
        "it than it is from itself."
    ),
    Outcome.DIFFERENT: "the subject does not compute the same numbers.",
}


def render(verdict: Verdict) -> str:
    """Returns a text: a table of the stages, the first divergence, and the verdict."""
    head = (
        f"The reference (estimator_compat.Estimator) against the subject ({verdict.subject}), "
        "from the same weights, on the same batches:"
    )
    lines = [*wrap(head), "", *_stages(verdict.stages)]
    notes = [f"{stage.name}: {note}." for stage in verdict.stages for note in stage.notes]
    lines += ["", *(line for note in notes for line in wrap(note))] if notes else []
    if verdict.unaligned:
        lines += ["", *_unaligned(verdict)]
    if verdict.first:
        lines += ["", *wrap(f"First divergence: {_where(*verdict.first)}")]
        lines += [line for text in verdict.explanations for line in wrap(text)]
    if verdict.races:
        lines += ["", *(line for text in verdict.races for line in wrap(text))]
    return (
        "\n".join([*lines, "", *wrap(f"{verdict.outcome.value.upper()}: {_meaning(verdict)}")])
        + "\n"
    )


def render_interrupted(stages: Sequence[Stage]) -> str:
    """Returns a text for a verification that was interrupted: the stages that were compared."""
    if not stages:
        return "Interrupted before a stage was compared. There is no verdict.\n"
    notes = [f"{stage.name}: {note}." for stage in stages for note in stage.notes]
    lines = ["Interrupted. These stages were compared:", "", *_stages(stages)]
    lines += ["", *(line for note in notes for line in wrap(note))] if notes else []
    return "\n".join([*lines, "", "The other stages were not: there is no verdict."]) + "\n"


def _meaning(verdict: Verdict) -> str:
    meaning = _MEANING[verdict.outcome]
    if verdict.outcome is Outcome.NOT_VERIFIED:
        return meaning.format(_not_verified(verdict))
    return meaning.format(_tolerances(verdict), _forgiven(verdict))


def _not_verified(verdict: Verdict) -> str:
    if not verdict.reference_trains:
        return "the reference's training moves no trainable variable, so that it shows nothing"
    compared = "no number that was compared differs, but " if verdict.compared else ""
    if verdict.untrained:
        return f"{compared}{'; '.join(verdict.untrained)}"
    return f"{compared}the numbers of training were not compared"


def _stages(stages: Sequence[Stage]) -> list[str]:
    rows = [_row(stage) for stage in stages]
    return table(_HEAD, rows, right_aligned=_NUMBERS)


def _row(stage: Stage) -> tuple[str, ...]:
    if stage.outcome is Outcome.NOT_COMPARED:
        return stage.name, stage.outcome.value, "", "", "", ""
    largest = stage.largest
    numbers = ("0", "0", "0") if largest is None else _numbers(largest)
    place = f"; {_largest(largest)}" if largest else ""
    return stage.name, stage.outcome.value, *numbers, stage.compared + place


def _largest(comparison: Comparison) -> str:
    if comparison.is_rounding:
        return f"all attributed to rounding, largest: {comparison.place}"
    return f"largest: {comparison.place}"


def _numbers(comparison: Comparison) -> tuple[str, str, str]:
    if comparison.note:
        return "-", "-", "-"
    return f"{comparison.absolute:.2g}", f"{comparison.relative:.2g}", str(comparison.ulps)


def _where(stage: Stage, comparison: Comparison) -> str:
    place = f"in stage {stage.name!r}, {comparison.place}"
    if comparison.note:
        return f"{place}: {comparison.note}."
    return (
        f"{place}: relative difference {comparison.relative:.3g} ({comparison.ulps} units in the "
        f"last place); {comparison.tolerance:g} is allowed."
    )


def _unaligned(verdict: Verdict) -> list[str]:
    compared = ", ".join(stage.name for stage in verdict.compared)
    return wrap(
        "Random ops that draw different numbers in the reference and in the subject: "
        f"{', '.join(verdict.unaligned)}. The verdict rests on: {compared}."
    )


def _tolerances(verdict: Verdict) -> str:
    tolerances = verdict.tolerances
    return (
        f"relative to the largest magnitude: losses {tolerances.losses:g}, gradients "
        f"{tolerances.gradients:g}, variables {tolerances.variables:g}, what the first step adds "
        f"to them {tolerances.updates:g}, metrics {tolerances.metrics:g}, predictions "
        f"{tolerances.predictions:g}"
    )


def _forgiven(verdict: Verdict) -> str:
    notes = [note for stage in verdict.compared for note in stage.notes]
    is_forgiven = any(note.startswith(ROUNDING_NOTE) for note in notes)
    return f", except for what is {ROUNDING_NOTE}" if is_forgiven else ""
