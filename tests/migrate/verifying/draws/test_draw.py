"""Draws: when they fit, how they are mirrored, and whether their parameters are equal."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.verifying.draws import kinds
from migrate.verifying.draws.draw import Draw, differing_parameter


def draw(values: Any, kind: kinds.Kind = kinds.UNIFORM, *parameters: Any) -> Draw:
    return Draw(
        kind=kind, values=(np.asarray(values),), parameters=tuple(map(np.asarray, parameters))
    )


U = np.zeros([2, 3], np.float32)


@pytest.mark.parametrize(
    ("other", "fits"),
    [
        (draw(U), True),
        (draw(U.reshape(6)), True),
        (draw(U[:1]), False),
        (draw(U.astype(np.float64)), False),
        (draw(U, kinds.NORMAL), False),
    ],
    ids=["same", "reshaped", "smaller", "other type", "other distribution"],
)
def test_what_fits(other: Draw, fits: bool) -> None:
    assert draw(U).fits(other) is fits


def test_integers_of_other_sizes_fit() -> None:
    recorded = draw(np.array([[1, 2]], np.int32), kinds.INTEGER)
    wanted = draw(np.array([0, 0], np.int64), kinds.INTEGER)
    assert recorded.fits(wanted)
    assert not recorded.has_shapes_of(wanted)
    [values] = recorded.values_like(wanted)
    assert values.tolist() == [1, 2]
    assert values.dtype.name == "int64"


def test_the_text() -> None:
    assert str(draw(U)) == "uniform float32 [2, 3]"


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("rate", [0.25, 0.5])
def test_mirrored_numbers_are_small_where_the_others_are_large(dtype: str, rate: float) -> None:
    # Multiples of 2**-7 are uniform numbers of all types; the rate is one of them.
    numbers = np.arange(128) / 128
    numbers = numbers.astype(tf.as_dtype(dtype).as_numpy_dtype)
    [mirrored] = draw(numbers).mirrored().values
    assert mirrored.dtype == numbers.dtype
    kept = mirrored.astype(np.float64) < 1.0 - rate
    np.testing.assert_array_equal(kept, np.arange(128) >= rate * 128)
    assert mirrored.astype(np.float64).min() >= 0.0
    assert mirrored.astype(np.float64).max() < 1.0


def test_normal_numbers_change_their_sign_and_others_have_no_mirror() -> None:
    assert draw([1.0, -2.0], kinds.NORMAL).mirrored().values[0].tolist() == [-1.0, 2.0]
    integer = draw([1, 2], kinds.INTEGER)
    assert integer.mirrored() is integer


def test_filled() -> None:
    assert draw([0.1, 0.2]).filled(0.5).values[0].tolist() == [0.5, 0.5]
    assert draw([0.1, 0.2], kinds.NORMAL).filled(0.5).values[0].tolist() == [0.0, 0.0]
    integer = draw([1, 2], kinds.INTEGER)
    assert integer.filled(0.5) is integer


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        (draw(0, kinds.INTEGER, 0, 5), draw(0, kinds.INTEGER, 0, 5), ""),
        (draw(0, kinds.INTEGER, 0, 5), draw(0, kinds.INTEGER, 0, 6), "maxval"),
        (draw(0, kinds.INTEGER, 1, 5), draw(0, kinds.INTEGER, 0, 6), "minval"),
        # The difference is 0.0009 of the largest magnitude, 2.
        (draw(0, kinds.CATEGORICAL, [[1.0, 2.0]]), draw(0, kinds.CATEGORICAL, [1.0018, 2.0]), ""),
        (
            draw(0, kinds.CATEGORICAL, [[1.0, 2.0]]),
            draw(0, kinds.CATEGORICAL, [1.0022, 2.0]),
            "logits",
        ),
        (draw(0, kinds.CATEGORICAL, [1.0]), draw(0, kinds.CATEGORICAL, [1.0, 1.0]), "logits"),
    ],
)
def test_parameters(first: Draw, second: Draw, name: str) -> None:
    assert differing_parameter(first, second, 1e-3) == name
