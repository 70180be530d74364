"""`migrate verify` as a process: what it prints, and how it exits."""

import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from migrate import cli
from migrate.reports import verdict_plot, verdict_text
from migrate.verifying.verdict import Comparison, Outcome, Tolerances, Verdict, skipped, stage
from tests.recording.commands import migrate

PENGUINS = """\
The run (estimator_compat.Estimator) against the subject (CustomLoop), from the same weights, on the
same batches:

stage        verdict    absolute  relative  ulps  compared
---------------------------------------------------------------------------------------------
variables    identical         0         0     0  15 variables: names, shapes, initial values
forward      identical         0         0     0  first batch: predictions, loss
gradients    identical         0         0     0  first batch: 4 variables
one step     identical         0         0     0  15 variables and slots
steps        identical         0         0     0  100 losses; 15 variables
evaluation   identical         0         0     0  2 batches: 3 metrics
predictions  identical         0         0     0  2 batches

IDENTICAL: every number that was compared is the same, bit for bit.
"""
# `disable_v2_behavior` and a width that is a plain number are what makes it a legacy program. With
# `counts` it builds another graph each time, so that both sides differ.
PROGRAM = """
import itertools
import tensorflow as tf

tf.disable_v2_behavior()
numbers = itertools.count(1.0)

def model_fn(features, labels, mode, params):
    width = features["x"].shape[-1].value
    outputs = tf.layers.dense(features["x"], width, name="outputs")
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions=outputs)
    loss = tf.losses.mean_squared_error(labels, outputs)
    if params.get("counts"):
        loss *= next(numbers)
    step = tf.train.get_or_create_global_step()
    train_op = tf.train.AdamOptimizer(0.1).minimize(loss, step)
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)

def data():
    features = {"x": [[1.0], [2.0], [3.0]]}
    return tf.data.Dataset.from_tensor_slices((features, [[1.0], [2.0], [3.0]])).batch(2)

def target():
    import migrate
    assert not tf.executing_eagerly()  # nor is it at the top level of such a program
    return migrate.Target(model_fn=model_fn, input_fns=data)
"""


GIVEN = ("program.py:model_fn", "--input_fn=program.py:data")


def run(folder: Path, *arguments: str, given: Sequence[str] = GIVEN) -> Any:
    (folder / "program.py").write_text(PROGRAM)
    return migrate("verify", "--facade", *given, *arguments, cwd=folder)


@pytest.mark.subprocess
def test_the_embedded_example() -> None:
    result = migrate("verify")
    assert (result.stdout, result.returncode) == (PENGUINS, 0), result.stderr


@pytest.mark.subprocess
def test_a_legacy_program_whose_sides_differ(tmp_path: Path) -> None:
    arguments = ("--params=counts=true", "--format=json")
    result = run(tmp_path, *arguments, given=["program.py:target"])
    assert result.returncode == 1, result.stderr
    verdict = json.loads(result.stdout)
    assert verdict["outcome"] == "different"
    assert (verdict["first"]["stage"], verdict["first"]["name"]) == ("forward", "loss")
    assert len(verdict["run_losses"]) == 2


@pytest.mark.subprocess
@pytest.mark.slow
def test_a_legacy_program_that_is_the_same(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.endswith(PENGUINS.splitlines(keepends=True)[-1])


@pytest.mark.subprocess
@pytest.mark.slow
def test_it_could_not_be_verified(tmp_path: Path) -> None:
    result = run(tmp_path, "--input_fn=program.py:nothing")
    assert result.returncode == 2
    assert "program.py has no `nothing`; expected a function defined there" in result.stderr


WORSE = Comparison(
    name="loss",
    step=3,
    outcome=Outcome.DIFFERENT,
    absolute=0.25,
    relative=0.5,
    ulps=4194304,
    tolerance=1e-6,
)
CLOSE = Comparison(
    name="a/kernel",
    step=1,
    outcome=Outcome.EQUIVALENT,
    absolute=1.5e-8,
    relative=1.25e-7,
    ulps=2,
    tolerance=1e-6,
)
SAME = Comparison(name="a", outcome=Outcome.IDENTICAL)
DIFFERENT = Verdict(
    subject="MyLoop",
    stages=(
        stage("variables", "2 variables: names, shapes", [SAME, SAME], ["not in the subject: b"]),
        skipped("forward", "the variables are late"),
        stage("one step", "2 variables", [SAME, CLOSE]),
        stage("steps", "4 losses", [SAME, CLOSE, WORSE]),
    ),
    run_losses=(1.0, 0.75, 0.5, 0.25),
    subject_losses=(1.0, 0.75, 0.75, 0.5),
    unaligned=("dropout/uniform (RandomUniform)",),
    tolerances=Tolerances(),
)
EQUIVALENT = dataclasses.replace(DIFFERENT, stages=DIFFERENT.stages[:3])
RENDERED = """\
The run (estimator_compat.Estimator) against the subject (MyLoop), from the same weights, on the
same batches:

stage      verdict       absolute  relative     ulps  compared
----------------------------------------------------------------------------------------------
variables  identical            0         0        0  2 variables: names, shapes
forward    not compared
one step   equivalent     1.5e-08   1.2e-07        2  2 variables; largest: a/kernel at step 1
steps      different         0.25       0.5  4194304  4 losses; largest: loss at step 3

variables: not in the subject: b.
forward: the variables are late.

Random ops that draw other numbers on each side: dropout/uniform (RandomUniform). The verdict rests
on: variables, one step, steps.

First divergence: in stage 'steps', loss at step 3: relative difference 0.5 (4194304 units in the
last place), where 1e-06 is allowed.

DIFFERENT: it does not compute the same.
"""


def test_the_whole_text() -> None:
    assert verdict_text.render(DIFFERENT) == RENDERED


def test_the_text_of_an_equivalent_one() -> None:
    last = verdict_text.render(EQUIVALENT).split("\n\n")[-2:]
    assert last == [
        "First divergence: in stage 'one step', a/kernel at step 1: relative difference 1.25e-07 "
        "(2 units in\nthe last place), where 1e-06 is allowed.",
        "EQUIVALENT: within the tolerances (relative to the largest magnitude: losses 1e-06, "
        "gradients 1e-05,\nvariables 1e-05, what the first step adds to them 0.0001, metrics "
        "1e-06, predictions 1e-06).\n",
    ]


def test_the_text_names_what_is_beyond_the_tolerances() -> None:
    stages = (stage("steps", "2 losses", [SAME, CLOSE], ["taken for rounding: a/kernel; ..."]),)
    last = verdict_text.render(dataclasses.replace(EQUIVALENT, stages=stages)).split("\n\n")[-1]
    assert last.replace("\n", " ").endswith("1e-06), but for what is taken for rounding. ")


def test_variables_alone_prove_nothing() -> None:
    verdict = dataclasses.replace(
        DIFFERENT, stages=(DIFFERENT.stages[0], skipped("steps", "random ops"))
    )
    assert (verdict.outcome, verdict.passed) == (Outcome.NOT_COMPARED, False)
    assert verdict_text.render(verdict).endswith(
        "NOT COMPARED: nothing that the subject computes could be compared.\n"
    )
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


def test_progress_goes_to_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = cli._Progress()
    progress("too early")
    monkeypatch.setattr(progress, "EVERY", 0.0)
    progress("run: step 7 of 100")
    assert capsys.readouterr() == ("", "... run: step 7 of 100\n")


def test_a_plot(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "losses.png"
    verdict_plot.require(str(path))
    verdict_plot.save(DIFFERENT, str(path))
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_plot_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)  # as where it is not installed
    with pytest.raises(ValueError, match=r"not installed; expected .*; run `pip install"):
        verdict_plot.require("losses.png")


def test_a_plot_in_no_folder(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(ValueError, match=r"there is no folder .*; expected one .*; make it"):
        verdict_plot.require(str(tmp_path / "none" / "losses.png"))


def test_a_plot_of_no_format(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(ValueError, match=r"is no format of a picture; expected .*; name it"):
        verdict_plot.require(str(tmp_path / "losses.txt"))


def test_tolerances() -> None:
    given = ["verify", "--tolerance=losses=1e-3", "--tolerance=updates=0"]
    assert cli.parser().parse_args(given).tolerance == [("losses", 1e-3), ("updates", 0.0)]
    names = {field.name for field in dataclasses.fields(Tolerances)}
    assert set(cli._TOLERANCES) == names - {"smallest"}


@pytest.mark.parametrize("text", ["loss=1e-3", "losses", "losses=abc", "losses=-1", "losses=nan"])
def test_tolerances_that_are_none(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.parser().parse_args(["verify", f"--tolerance={text}"])
    assert stopped.value.code == 2
    assert "must be one of losses, gradients" in capsys.readouterr().err
