"""Recordings: what is written is read."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from migrate.verifying.draws import kinds
from migrate.verifying.draws.draw import Draw
from migrate.verifying.draws.recording import Recording


def test_draws_are_read_as_they_were_written(tmp_path: Path) -> None:
    bfloat16 = tf.bfloat16.as_numpy_dtype
    first = [
        Draw(kind=kinds.UNIFORM, values=(np.array([[0.5, 0.25]], bfloat16),)),
        Draw(
            kind=kinds.OF_OP["LogUniformCandidateSampler"],
            values=(np.array([3, 1]), np.array([[0.1]], "f"), np.array([0.2, 0.3], "f")),
            parameters=(np.array([[1]]), np.asarray(1), np.asarray(2), np.asarray(True)),
        ),
    ]
    # More than ten draws: they are sorted by number, not by name.
    second = [Draw(kind=kinds.NORMAL, values=(np.array([n], np.float32),)) for n in range(12)]
    recording = Recording(str(tmp_path / "draws"))
    recording.append(first)
    recording.append(second)
    again = Recording(str(tmp_path / "draws"))
    assert len(again) == 2
    for expected, actual in zip(first + second, again.step(0) + again.step(1), strict=True):
        assert actual.kind == expected.kind
        for one, other in zip(
            expected.values + expected.parameters, actual.values + actual.parameters, strict=True
        ):
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)
    assert again.step(2) == []


def test_a_step_without_draws(tmp_path: Path) -> None:
    recording = Recording(str(tmp_path))
    recording.append([])
    assert (len(recording), recording.step(0)) == (1, [])
