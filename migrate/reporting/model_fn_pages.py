"""The page of a model_fn: what its source says, what was found in it, what running it showed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from estimator_compat.ledger.steps import Line
from estimator_compat.ledger.values import LossLedger
from migrate.findings import Finding, ModelFn, Rung
from migrate.ledger_reading import comparison
from migrate.reporting import ledger_pages
from migrate.reporting.anchors import Anchors
from migrate.reporting.loss_code import LossCode
from migrate.reporting.sources import Sources
from migrate.reports.report_values import (
    RUNGS,
    ModelFnPage,
    RungPage,
    TargetRun,
)
from migrate.verifying.verdict import Outcome, Verdict

# What of the findings is a hazard of a model_fn, rather than a name to replace.
_HAZARDS = ("LOSS", "STATE", "EST")


def of(
    model_fn: ModelFn,
    runs: Sequence[TargetRun],
    *,
    findings: Mapping[int, Finding],
    files: Sources,
    owner: Callable[[str], str],
    anchors: Anchors,
) -> ModelFnPage:
    """Returns the page of a model_fn.

    Args:
      model_fn: What the scan says.
      runs: What the targets that name it have shown.
      findings: What was found in its file, by the index in the report.
      files: Reads the code.
      owner: Returns the owner of a path.
      anchors: Gives out anchors.
    """
    end = files.end_of_function(model_fn.path, model_fn.line) or model_fn.line
    inside = [index for index, each in findings.items() if model_fn.line <= each.line <= end]
    found = [findings[index] for index in inside]
    read = [each for each in (model_fn.train, model_fn.eval) if each is not None]
    measured = [ledger for run in runs for ledger in run.ledgers]
    anchor = anchors.of("fn", f"{model_fn.path} {model_fn.name}")
    loss_code = LossCode(anchor, model_fn.path, files, measured or read)
    return ModelFnPage(
        id=anchor,
        model_fn=model_fn,
        owner=owner(model_fn.path),
        end_line=end,
        code=loss_code.blocks(model_fn.line, end),
        rungs=tuple(_rung(name, getattr(model_fn.rungs, name), runs) for name in RUNGS),
        read=ledger_pages.pages(read, loss_code.anchors),
        measured=ledger_pages.pages(measured, loss_code.anchors),
        disagreements=_disagreements(read, measured),
        findings=tuple(inside),
        hazards=tuple(dict.fromkeys(f.code for f in found if f.code.startswith(_HAZARDS))),
        effort=sum(each.effort for each in found),
        runs=tuple(runs),
    )


def matches(run: TargetRun, model_fn: ModelFn, end: int) -> bool:
    """Tells whether a target's model_fn is the one that the scan found.

    The lines of the measured ledgers say where its code stands. Without them, the target's text
    does: `path/file.py:name` or `module:name`.

    Args:
      run: What the target showed.
      model_fn: What the scan found.
      end: Its last line.
    """
    path = os.path.abspath(model_fn.path)
    if places := _places(run.ledgers):
        return any(
            os.path.abspath(line.file) == path and model_fn.line <= line.number <= end
            for line in places
        )
    place, _, name = run.target.rpartition(":")
    if name != model_fn.name.rpartition(".")[2]:
        return False
    if place.endswith(".py"):
        return os.path.abspath(place) == path
    return path.removesuffix(".py").endswith(os.sep + place.replace(".", os.sep))


def _places(ledgers: Sequence[LossLedger]) -> list[Line]:
    terms = [term for ledger in ledgers for term in ledger.terms]
    lines = [line for term in terms for line in (term.line, *(s.line for s in term.steps))]
    return [line for line in lines if line is not None]


def _rung(name: str, rung: Rung, runs: Sequence[TargetRun]) -> RungPage:
    """Returns a rung as its source says, or as a run of the model_fn has shown."""
    shown = [page for run in runs if (page := _shown(name, run)) is not None]
    if shown:
        return shown[0]
    return RungPage(name=name, status=rung.status, because=rung.because)


def _shown(name: str, run: TargetRun) -> RungPage | None:
    if name == "run" and run.verdict is not None and run.verdict.run_losses:
        steps = len(run.verdict.run_losses)
        text = f"It trained {steps} steps under `estimator_compat.Estimator`."
        return RungPage(name=name, status="shown", because=text)
    if name == "host" and run.verdict is not None:
        return _of_verdict(name, "The hosted loop", run.verdict)
    if name == "own" and run.translated is not None:
        if run.translated.outcome == "refused":
            text = f"`migrate translate` refuses it: {run.translated.reason}."
            return RungPage(name=name, status="no", because=text)
        if run.translated.verdict is not None:
            return _of_verdict(name, "The written loop", run.translated.verdict)
    return None


def _of_verdict(name: str, what: str, verdict: Verdict) -> RungPage | None:
    text = f"{what} against the Estimator: {verdict.outcome.value}."
    if verdict.passed:
        return RungPage(name=name, status="shown", because=text)
    if verdict.outcome is Outcome.DIFFERENT:
        return RungPage(name=name, status="refuted", because=text)
    return RungPage(name=name, status="unknown", because=text)


def _disagreements(read: Sequence[LossLedger], measured: Sequence[LossLedger]) -> tuple[str, ...]:
    """Returns where a loss that was read is not the one that was measured, in each mode."""
    by_mode = {ledger.mode: ledger for ledger in measured}
    return tuple(
        f"{ledger.mode.upper()}, read from the source and measured: {text}"
        for ledger in read
        if ledger.mode in by_mode
        for text in comparison.disagreements(ledger, by_mode[ledger.mode])
    )
