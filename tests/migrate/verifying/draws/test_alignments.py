"""In which orders, and mirrored or not, draws are given to a subject."""

from typing import Any

import numpy as np

from migrate.verifying.draws import kinds
from migrate.verifying.draws.alignments import IDENTITY, LIMIT, Alignment, alternatives
from migrate.verifying.draws.draw import Draw


def draws(*sizes: int, kind: kinds.Kind = kinds.UNIFORM) -> list[Draw]:
    return [
        Draw(kind=kind, values=(np.full([size], place / 10, np.float32),))
        for place, size in enumerate(sizes)
    ]


def first_numbers(given: list[Draw]) -> list[Any]:
    return [round(float(draw.values[0][0]), 3) for draw in given]


def test_the_recorded_order() -> None:
    recorded = draws(2, 2)
    assert IDENTITY.of(recorded) == recorded
    assert str(IDENTITY) == ""


def test_another_order_and_mirrored() -> None:
    alignment = Alignment(order=(1, 0), mirrored=frozenset([1]))
    assert first_numbers(alignment.of(draws(2, 2))) == [0.9, 0.0]  # 1 - 0.1
    assert str(alignment) == (
        "in another order, mirrored (1 - x for uniform numbers, -x for normal ones)"
    )
    # A step with another number of draws is given in its own order.
    assert first_numbers(Alignment(order=(1, 0)).of(draws(2, 2, 2))) == [0.0, 0.1, 0.2]


def test_the_same_number_everywhere() -> None:
    assert first_numbers(Alignment(constant=0.5).of(draws(2, 3))) == [0.5, 0.5]


def test_alternatives_of_draws_of_other_shapes() -> None:
    found, are_all = alternatives(draws(2, 3))
    assert are_all
    assert {each.order for each in found} == {(0, 1)}
    # The most likely come first: all are mirrored. No draw mirrored is the recorded order.
    assert [sorted(each.mirrored) for each in found] == [[0, 1], [0], [1]]


def test_alternatives_of_draws_of_one_shape() -> None:
    found, are_all = alternatives(draws(2, 2))
    assert are_all
    assert len(found) == 2 * 2**2 - 1  # orders, mirrored subsets, without the recorded order
    assert len(set(found)) == len(found)


def test_integers_are_not_mirrored() -> None:
    found, are_all = alternatives(draws(2, 2, kind=kinds.INTEGER))
    assert are_all
    assert [(each.order, each.mirrored) for each in found] == [((1, 0), frozenset())]


def test_too_many_alternatives() -> None:
    found, are_all = alternatives(draws(*[2] * 20))
    assert not are_all
    assert len(found) == LIMIT - 1
    assert {len(each.mirrored) for each in found} == {0, 20}
