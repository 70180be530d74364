"""The calls of a subject and the recorded draws that they get."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.verifying.draws import kinds
from migrate.verifying.draws.alignments import Alignment
from migrate.verifying.draws.draw import Draw
from migrate.verifying.draws.recording import Recording
from migrate.verifying.draws.subject_replay import SubjectReplay


@pytest.fixture
def replay(tmp_path: Path) -> SubjectReplay:
    """Two steps that draw 0.25 and 0.5, and gradients that draw 0.125."""
    for name, numbers in (("training", (0.25, 0.5)), ("gradients", (0.125,))):
        recording = Recording(str(tmp_path / name))
        for number in numbers:
            values = (np.full([2], number, np.float32),)
            recording.append([Draw(kind=kinds.UNIFORM, values=values)])
    return SubjectReplay(str(tmp_path))


def draw() -> float:
    return float(tf.random.uniform([2])[0])


def test_each_call_gets_the_draws_of_its_step(replay: SubjectReplay) -> None:
    assert replay.gradients(draw) == 0.125
    assert [replay.steps(draw), replay.steps(draw)] == [0.25, 0.5]
    assert replay.own(draw) not in (0.125, 0.25, 0.5)
    report = replay.report()
    assert (report.drawn, report.hidden, report.doubt, report.missing) == (3, "", "", "")
    replay.restart()
    assert replay.report().drawn == 0
    assert replay.steps(lambda: [draw(), draw()], count=2) == [0.25, 0.5]
    replay.restart(Alignment(constant=0.75))
    assert replay.steps(draw) == 0.75


def test_the_report_says_what_does_not_match(replay: SubjectReplay) -> None:
    replay.steps(lambda: None)
    assert replay.report().missing == "the subject does not draw uniform float32 [2]"
    replay.restart()
    replay.steps(lambda: [draw(), draw()])
    doubt = "the subject draws uniform float32 [2], and the reference does not"
    assert replay.report().doubt == doubt


def test_a_function_that_is_traced_in_another_call(replay: SubjectReplay) -> None:
    function = tf.function(lambda: tf.random.uniform([2])[0])
    replay.own(function)
    assert float(replay.steps(function)) == 0.25
    assert float(replay.steps(function)) == 0.5


def test_a_function_that_was_traced_before(replay: SubjectReplay) -> None:
    function = tf.function(lambda: tf.random.uniform([2])[0])
    function()
    assert float(replay.steps(function)) != 0.25
    assert replay.report().drawn == 0
    replay.restart(eagerly=True)
    assert float(replay.steps(function)) == 0.25
    assert replay.report().eagerly
    assert not tf.config.functions_run_eagerly()


def test_a_function_that_xla_compiles(replay: SubjectReplay) -> None:
    function = tf.function(lambda: tf.random.uniform([2])[0], jit_compile=True)
    assert float(replay.steps(function)) == 0.25
    report = replay.report()
    assert (report.drawn, report.eagerly) == (1, True)


def test_errors_of_the_subject_pass(replay: SubjectReplay) -> None:
    def fail() -> Any:
        return tf.reshape(tf.zeros([2]), [3])

    with pytest.raises(tf.errors.InvalidArgumentError, match="Input to reshape"):
        replay.steps(fail)
    assert not replay.report().eagerly
