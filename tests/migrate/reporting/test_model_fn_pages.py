"""Which model_fn a target is, and what a run shows of its rungs."""

import dataclasses
from pathlib import Path

import pytest

from estimator_compat.ledger.values import LossLedger
from migrate.findings import ModelFn, Rung
from migrate.reporting import model_fn_pages
from migrate.reports.report_values import TargetRun, Translated
from migrate.verifying.verdict import Outcome
from tests.migrate.reporting.ledgers import MEAN, SUM, line, term
from tests.migrate.reports.verdicts import DIFFERENT, EQUIVALENT

MODEL_FN = ModelFn(path="src/pkg/model.py", line=10, name="Model.model_fn")


@pytest.mark.parametrize(
    ("target", "is_it"),
    [
        ("src/pkg/model.py:model_fn", True),
        ("pkg.model:model_fn", True),
        ("src/pkg/model.py:other", False),
        ("src/pkg/other.py:model_fn", False),
        ("kg.model:model_fn", False),
        ("model:model_fn", True),
    ],
)
def test_a_target_that_names_a_model_fn(target: str, is_it: bool) -> None:
    assert model_fn_pages.matches(TargetRun(target=target), MODEL_FN, 20) is is_it


def test_a_path_with_blanks() -> None:
    model_fn = ModelFn(path="a b/model.py", line=1, name="model_fn")
    assert model_fn_pages.matches(TargetRun(target="a b/model.py:model_fn"), model_fn, 9)


@pytest.mark.parametrize(
    ("file", "number", "is_it"),
    [("src/pkg/model.py", 15, True), ("src/pkg/model.py", 21, False), ("model.py", 15, False)],
)
def test_the_lines_of_the_loss_name_the_model_fn(file: str, number: int, is_it: bool) -> None:
    """A function that returns a `Target` has another name."""
    loss = term(MEAN, line=line(number, str(Path(file))))
    ledger = LossLedger(loss="l", dtype="float32", terms=(loss,))
    run = TargetRun(target="targets:classifier", ledgers=(ledger,))
    assert model_fn_pages.matches(run, MODEL_FN, 20) is is_it


NOT_VERIFIED = dataclasses.replace(DIFFERENT, stages=DIFFERENT.stages[:2])
IDENTICAL = dataclasses.replace(
    EQUIVALENT,
    stages=tuple(
        dataclasses.replace(each, outcome=Outcome.IDENTICAL) for each in EQUIVALENT.stages
    ),
)


@pytest.mark.parametrize(
    ("name", "run", "status"),
    [
        ("run", TargetRun(target="m:f", verdict=DIFFERENT), "shown"),
        ("run", TargetRun(target="m:f"), "yes"),
        ("host", TargetRun(target="m:f", verdict=EQUIVALENT), "shown"),
        ("host", TargetRun(target="m:f", verdict=IDENTICAL), "shown"),
        ("host", TargetRun(target="m:f", verdict=DIFFERENT), "refuted"),
        ("host", TargetRun(target="m:f", verdict=NOT_VERIFIED), "unknown"),
        ("own", TargetRun(target="m:f", translated=Translated(outcome="refused")), "no"),
        ("own", TargetRun(target="m:f", translated=Translated(outcome="whole")), "yes"),
        (
            "own",
            TargetRun(target="m:f", translated=Translated(outcome="whole", verdict=EQUIVALENT)),
            "shown",
        ),
    ],
)
def test_rungs(name: str, run: TargetRun, status: str) -> None:
    rung = model_fn_pages._rung(name, Rung(status="yes", because=""), [run])
    assert rung.status == status


def test_a_reading_that_is_not_what_runs_is_a_fault_of_ours() -> None:
    read = LossLedger(loss="", dtype="", terms=(term(SUM),), mode="train", source="read")
    measured = LossLedger(loss="l", dtype="float32", terms=(term(MEAN),), mode="train")
    [text] = model_fn_pages._disagreements([read], [measured])
    assert "TRAIN, read from the source and measured" in text
    assert "the reduction SUM was read, and SUM_OVER_BATCH_SIZE measured" in text
    assert model_fn_pages._disagreements([read], [dataclasses.replace(read, mode="eval")]) == ()
