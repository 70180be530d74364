"""The verdict: its outcome, its first divergence, and its JSON."""

import dataclasses
import json

from migrate.verifying.verdict import Comparison, Outcome, Verdict, skipped_stage, stage
from tests.migrate.reports.verdicts import DIFFERENT, WORSE


def test_variables_alone_prove_nothing() -> None:
    verdict = dataclasses.replace(
        DIFFERENT, stages=(DIFFERENT.stages[0], skipped_stage("steps", "random ops"))
    )
    assert (verdict.outcome, verdict.passed) == (Outcome.NOT_COMPARED, False)
    wrong = Comparison(name="a", outcome=Outcome.DIFFERENT, note="no variable of this name")
    alone = dataclasses.replace(verdict, stages=(stage("variables", "", [wrong]),))
    assert alone.outcome is Outcome.DIFFERENT


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
    }
    assert written["first"] == {"stage": "steps", **loss}
    assert written["stages"][3]["first"] == loss
    assert written["stages"][1]["outcome"] == "not compared"
    assert written["tolerances"]["smallest"] == 1e-3
