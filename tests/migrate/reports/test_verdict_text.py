"""The text of a verdict, compared whole."""

import dataclasses

from migrate.reports import verdict_text
from migrate.verifying.verdict import Verdict, skipped_stage, stage
from tests.migrate.reports.verdicts import CLOSE, DIFFERENT, EQUIVALENT, SAME, WORSE

RENDERED = """\
The reference (estimator_compat.Estimator) against the subject (MyLoop), from the same weights, on
the same batches:

stage      verdict       absolute  relative     ulps  compared
----------------------------------------------------------------------------------------------
variables  identical            0         0        0  2 variables: names, shapes
forward    not compared
one step   equivalent     1.5e-08   1.2e-07        2  2 variables; largest: a/kernel at step 1
steps      different         0.25       0.5  4194304  4 losses; largest: loss at step 3

variables: not in the subject: b.
forward: the variables are late.

Random ops that draw different numbers in the reference and in the subject: dropout/uniform
(RandomUniform). The verdict rests on: variables, one step, steps.

First divergence: in stage 'steps', loss at step 3: relative difference 0.5 (4194304 units in the
last place); 1e-06 is allowed.

DIFFERENT: the subject does not compute the same numbers.
"""


def test_the_whole_text() -> None:
    assert verdict_text.render(DIFFERENT) == RENDERED


def test_the_text_of_an_equivalent_one() -> None:
    last = verdict_text.render(EQUIVALENT).split("\n\n")[-2:]
    assert last == [
        "First divergence: in stage 'one step', a/kernel at step 1: relative difference 1.25e-07 "
        "(2 units in\nthe last place); 1e-06 is allowed.",
        "EQUIVALENT: every number is within the tolerances (relative to the largest magnitude: "
        "losses 1e-06,\ngradients 1e-05, variables 1e-05, what the first step adds to them 0.0001, "
        "metrics 1e-06,\npredictions 1e-06).\n",
    ]


def test_the_text_names_what_is_beyond_the_tolerances() -> None:
    stages = (stage("steps", "2 losses", [SAME, CLOSE], ["attributed to rounding: a/kernel; ..."]),)
    last = verdict_text.render(dataclasses.replace(EQUIVALENT, stages=stages)).split("\n\n")[-1]
    assert last.replace("\n", " ").endswith("1e-06), except for what is attributed to rounding. ")


def test_nothing_that_could_be_compared() -> None:
    stages = (DIFFERENT.stages[0], skipped_stage("steps", "random ops"))
    assert verdict_text.render(dataclasses.replace(DIFFERENT, stages=stages)).endswith(
        "NOT VERIFIED: no number that was compared differs, but the numbers of training were not "
        "compared.\n"
    )
    still = dataclasses.replace(EQUIVALENT, reference_trains=False)
    assert (
        verdict_text.render(still)
        .replace("\n", " ")
        .endswith(
            "NOT VERIFIED: the reference's training moves no trainable variable, so that it shows "
            "nothing. "
        )
    )


def test_explanations_and_races() -> None:
    verdict = dataclasses.replace(DIFFERENT, explanations=("It is so.",), races=("They race.",))
    assert verdict_text.render(verdict).split("\n\n")[-3:-1] == [
        "First divergence: in stage 'steps', loss at step 3: relative difference 0.5 (4194304 "
        "units in the\nlast place); 1e-06 is allowed.\nIt is so.",
        "They race.",
    ]


def test_a_stage_in_which_rounding_explains_all() -> None:
    forgiven = dataclasses.replace(CLOSE, is_rounding=True)
    stages = (stage("steps", "1 loss", [SAME, forgiven]),)
    text = verdict_text.render(dataclasses.replace(EQUIVALENT, stages=stages))
    assert "1 loss; all attributed to rounding, largest: a/kernel" in text


def test_long_names_stay_within_100_columns() -> None:
    name = "encoder/" * 15 + "kernel"  # 126 letters
    worse = dataclasses.replace(WORSE, name=name, relative=float("inf"))
    verdict = Verdict(
        subject="MyLoop", stages=(stage("one step", "2 variables and slots", [SAME, worse]),)
    )
    lines = verdict_text.render(verdict).splitlines()
    assert max(map(len, lines)) == 100
    assert lines[3:10] == [
        "stage     verdict    absolute  relative     ulps  compared",
        "-" * 100,
        "one step  different      0.25       inf  4194304  2 variables and slots; largest:",
        f"{'':50}{name[:50]}",
        f"{'':50}{name[50:100]}",
        f"{'':50}{name[100:]} at step 3",
        "",
    ]
