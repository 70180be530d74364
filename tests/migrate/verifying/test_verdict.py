"""The verdict: its outcome, its first divergence, and its JSON."""

import dataclasses
import json
from pathlib import Path

import pytest

from migrate.reports import verdict_text
from migrate.verifying.verdict import Comparison, Outcome, Verdict, skipped_stage, stage
from tests.migrate.reports.verdicts import DIFFERENT, SAME, WORSE


def test_variables_alone_prove_nothing() -> None:
    verdict = dataclasses.replace(
        DIFFERENT, stages=(DIFFERENT.stages[0], skipped_stage("steps", "random ops"))
    )
    assert (verdict.outcome, verdict.passed) == (Outcome.NOT_VERIFIED, False)
    wrong = Comparison(name="a", outcome=Outcome.DIFFERENT, note="no variable of this name")
    alone = dataclasses.replace(verdict, stages=(stage("variables", "", [wrong]),))
    assert alone.outcome is Outcome.DIFFERENT


def test_a_verdict_is_about_training_or_it_is_none() -> None:
    evaluated = (DIFFERENT.stages[0], skipped_stage("steps"), stage("evaluation", "", [SAME]))
    verdict = dataclasses.replace(DIFFERENT, stages=evaluated)
    assert (verdict.outcome, verdict.passed) == (Outcome.NOT_VERIFIED, False)
    trained = dataclasses.replace(verdict, stages=(*evaluated, stage("one step", "", [SAME])))
    assert (trained.outcome, trained.passed) == (Outcome.IDENTICAL, True)
    still = dataclasses.replace(trained, reference_trains=False)
    assert (still.outcome, still.passed) == (Outcome.NOT_VERIFIED, False)


def test_a_reference_that_does_not_repeat_itself_is_not_different() -> None:
    unsure = Comparison(name="a", outcome=Outcome.NOT_REPEATABLE, absolute=1.0)
    verdict = dataclasses.replace(DIFFERENT, stages=(stage("steps", "", [SAME, unsure]),))
    assert (verdict.outcome, verdict.passed) == (Outcome.NOT_REPEATABLE, False)
    assert verdict.first == (verdict.stages[0], unsure)


def test_the_largest_difference_is_one_that_rounding_does_not_explain() -> None:
    small = Comparison(name="a", outcome=Outcome.EQUIVALENT, relative=1e-7)
    forgiven = Comparison(name="b", outcome=Outcome.EQUIVALENT, relative=0.85, is_rounding=True)
    assert stage("steps", "", [forgiven, small]).largest is small
    assert stage("steps", "", [forgiven, SAME]).largest is forgiven


def test_a_verdict_prints_and_plots_itself(tmp_path: Path) -> None:
    assert str(DIFFERENT) + "\n" == verdict_text.render(DIFFERENT)
    pytest.importorskip("matplotlib")
    DIFFERENT.plot(str(tmp_path / "losses.png"))
    assert (tmp_path / "losses.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match=r"`path` \(losses.doc\) has an ending that is not a pic"):
        DIFFERENT.plot("losses.doc")


def test_the_first_divergence_is_the_worst_outcomes() -> None:
    first = DIFFERENT.first
    assert first is not None
    assert (first[0].name, first[1].place) == ("steps", "loss at step 3")
    assert DIFFERENT.to_json()["first"]["step"] == 3


def test_json_has_no_infinity() -> None:
    endless = dataclasses.replace(WORSE, relative=float("inf"))
    verdict = Verdict(subject="MyLoop", stages=(stage("steps", "", [endless]),))
    assert verdict.to_json()["first"]["relative"] == "inf"


def test_json_has_everything() -> None:
    written = json.loads(json.dumps(DIFFERENT.to_json()))
    assert list(written) == [
        "outcome",
        "first",
        "subject",
        "stages",
        "run_losses",
        "subject_losses",
        "unaligned",
        "tolerances",
        "explanations",
        "races",
        "reference_trains",
        "untrained",
    ]
    assert written["outcome"] == "different"
    loss = {
        "name": "loss",
        "step": 3,
        "outcome": "different",
        "absolute": 0.25,
        "rms": 0.0,
        "relative": 0.5,
        "ulps": 4194304,
        "tolerance": 1e-06,
        "note": "",
        "is_rounding": False,
    }
    assert written["first"] == {"stage": "steps", **loss}
    assert written["stages"][3]["first"] == loss
    assert written["stages"][1]["outcome"] == "not compared"
    assert written["tolerances"]["smallest"] == 1e-3
