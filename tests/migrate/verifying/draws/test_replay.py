"""Which recorded numbers a draw gets, and what is said of draws that do not match."""

from typing import Any

import numpy as np
import pytest

from migrate.verifying.draws import kinds
from migrate.verifying.draws.draw import Draw
from migrate.verifying.draws.replay import Replay, Replayer


def draw(shape: Any, number: float = 0.0, kind: kinds.Kind = kinds.UNIFORM) -> Draw:
    return Draw(kind=kind, values=(np.full(shape, number, np.float32),))


def given(replay: Any, *shapes: Any) -> list[Any]:
    """Returns the first number of each draw that the subject makes."""
    return [round(float(replay.values(draw(shape, 9.0))[0].flat[0]), 2) for shape in shapes]


RECORDED = [draw([2, 3], 0.1), draw([4], 0.2), draw([4], 0.3)]


def test_draws_in_the_recorded_order() -> None:
    replay = Replay(RECORDED)
    assert given(replay, [2, 3], [4], [4]) == [0.1, 0.2, 0.3]
    assert (replay.drawn, replay.doubt, replay.missing, replay.hidden_difference) == (3, "", "", "")


def test_draws_of_other_shapes_are_told_apart() -> None:
    replay = Replay(RECORDED)
    assert given(replay, [4], [2, 3], [4]) == [0.2, 0.1, 0.3]
    assert replay.doubt == ""


@pytest.mark.parametrize(
    ("shapes", "numbers", "doubt"),
    [
        (
            ([6], [4], [4]),
            [0.1, 0.2, 0.3],
            "uniform float32 [2, 3] in the reference is uniform float32 [6] in the subject",
        ),
        (
            ([2, 3], [4], [4], [5]),
            [0.1, 0.2, 0.3, 9.0],
            "the subject draws uniform float32 [5], and the reference does not",
        ),
        (
            ([2, 3], [4], [5]),
            [0.1, 0.2, 9.0],
            "the subject draws uniform float32 [5], and the reference does not; it does not draw "
            "uniform float32 [4]",
        ),
        (
            ([2, 3], [4]),
            [0.1, 0.2],
            "the subject does not draw uniform float32 [4]; the reference draws others of its size",
        ),
    ],
    ids=["reshaped", "extra", "other", "one of two"],
)
def test_draws_that_may_not_belong_together(shapes: Any, numbers: Any, doubt: str) -> None:
    replay = Replay(RECORDED)
    assert given(replay, *shapes) == numbers
    assert replay.doubt == doubt


def test_a_missing_draw_is_certain_if_it_is_the_only_one_of_its_size() -> None:
    replay = Replay(RECORDED)
    assert given(replay, [4], [4]) == [0.2, 0.3]
    assert replay.doubt == ""
    assert replay.missing == "the subject does not draw uniform float32 [2, 3]"


def test_no_draws_at_all() -> None:
    replay = Replay(RECORDED)
    assert replay.doubt == ""
    assert replay.missing == (
        "the subject does not draw uniform float32 [2, 3], uniform float32 [4], uniform float32 [4]"
    )


def test_a_replay_hides_other_parameters() -> None:
    def integer(maxval: int) -> Draw:
        bounds = (np.asarray(0), np.asarray(maxval))
        return Draw(kind=kinds.INTEGER, values=(np.array([1]),), parameters=bounds)

    replay = Replay([integer(5)])
    replay.values(integer(6))
    assert (
        replay.hidden_difference == "`maxval` of uniform integer int64 [1] is another one in the"
        " subject"
    )


def test_a_replayer_goes_from_step_to_step() -> None:
    replayer = Replayer()
    own = draw([2], 9.0)
    assert replayer.exchange(own) is own.values
    with replayer.replaying([[draw([2], 0.1)], [], [draw([2], 0.2), draw([2], 0.3)]]) as replays:
        numbers = [float(replayer.exchange(own)[0][0]) for _ in range(3)]
    np.testing.assert_allclose(numbers, [0.1, 0.2, 0.3], rtol=1e-6)
    assert [replay.drawn for replay in replays] == [1, 0, 2]
    assert replayer.exchange(own) is own.values
