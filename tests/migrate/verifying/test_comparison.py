"""The distance of two arrays, and whether they are identical, equivalent or different."""

from typing import Any

import numpy as np
import pytest

from migrate.verifying.comparison import compare, compare_updates, ulps
from migrate.verifying.verdict import Outcome

ONE = np.float32(1.0)
ABOVE = np.nextafter(ONE, np.float32(2.0))  # 1 + 2**-23


def compared(reference: Any, subject: Any, tolerance: float = 1e-6) -> Any:
    return compare("a", reference, subject, tolerance=tolerance, smallest=1e-3)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        (1.0, 1.0, 0),
        (0.0, -0.0, 0),
        # The smallest float32s above and below zero are one unit from it.
        (1.4e-45, -1.4e-45, 2),
        (1.0, 1.0 + 2**-23, 1),
        # From 1 to 2 the exponent changes once: 2**23 floats.
        (1.0, 2.0, 2**23),
        (-1.0, -2.0, 2**23),
    ],
)
def test_units_in_the_last_place(one: float, other: float, distance: int) -> None:
    assert ulps(np.array([one], np.float32), np.array([other], np.float32)) == distance


def test_units_in_the_last_place_of_float64_do_not_overflow() -> None:
    largest = np.finfo(np.float64).max
    # All finite float64s: twice the rank of the largest one, 0x7fefffffffffffff.
    assert ulps(np.array([-largest]), np.array([largest])) == 2 * 0x7FEFFFFFFFFFFFFF


def test_the_same_bits() -> None:
    found = compared([1.0, np.nan, np.inf], [1.0, np.nan, np.inf])
    assert (found.outcome, found.absolute, found.ulps) == (Outcome.IDENTICAL, 0.0, 0)


def test_zeros_of_both_signs() -> None:
    found = compared([0.0], [-0.0])
    assert (found.outcome, found.absolute, found.ulps) == (Outcome.EQUIVALENT, 0.0, 0)


def test_the_last_bit() -> None:
    found = compared(ONE, ABOVE)
    assert (found.outcome, found.ulps) == (Outcome.EQUIVALENT, 1)
    assert found.absolute == found.relative == 2**-23


def test_relative_to_the_largest_element() -> None:
    # 2e-5 in an array with 100 is 2e-7 relative to 100; relative to itself it is 1.
    assert compared([100.0, 2e-5], [100.0, 0.0]).relative == pytest.approx(2e-7)
    assert compared([100.0, 2e-5], [100.0, 0.0]).outcome is Outcome.EQUIVALENT
    # A largest magnitude below 1e-3 counts as 1e-3: 1e-10 / 1e-3 is 1e-7.
    assert compared([1e-10], [0.0]).outcome is Outcome.EQUIVALENT
    assert compared([1e-8], [0.0]).outcome is Outcome.DIFFERENT


@pytest.mark.parametrize(
    ("reference", "subject", "note"),
    [
        ([1.0], [[1.0]], "of shape [1] in the reference, [1, 1] in the subject"),
        ([1.0], [1], "of type float64 in the reference, int64 in the subject"),
        ([1, 2], [1, 3], "2 in the reference, 3 in the subject"),
        (b"a", b"b", "b'a' in the reference, b'b' in the subject"),
    ],
    ids=["shape", "type", "int", "string"],
)
def test_arrays_without_a_distance(reference: Any, subject: Any, note: str) -> None:
    found = compared(reference, subject)
    assert found.outcome is Outcome.DIFFERENT
    assert found.note == note


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_number_that_is_not_finite(wrong: float) -> None:
    found = compared([1.0, 2.0], [1.0, wrong])
    assert (found.outcome, found.relative) == (Outcome.DIFFERENT, np.inf)


def test_a_python_float_is_compared_in_the_type_of_the_reference() -> None:
    assert compared(np.float32(0.1), float(np.float32(0.1))).outcome is Outcome.IDENTICAL
    assert compared(np.float32(0.1), 0.1).outcome is Outcome.IDENTICAL


def updated(before: float, reference: float, subject: float) -> Any:
    arrays = [np.array([one], np.float32) for one in (before, reference, subject)]
    return compare_updates("a", *arrays, tolerance=1e-4, step=1)


def test_an_update_is_compared_with_updates() -> None:
    # The variable moves by 0.01, the subject by 1% more: 2e-4 of the variable, 1e-2 of the move.
    assert updated(0.5, 0.51, 0.5101).outcome is Outcome.DIFFERENT
    assert updated(0.5, 0.51, 0.5101).relative == pytest.approx(1e-2, rel=1e-3)
    assert updated(0.5, 0.51, 0.5100005).outcome is Outcome.EQUIVALENT  # 5e-5 of the move
    # A slot of a tiny gradient: no magnitude is too small to count.
    assert updated(0.0, 1e-15, 1.01e-15).outcome is Outcome.DIFFERENT


def test_the_rounding_of_a_sum_is_forgiven() -> None:
    # At 1000 two units in the last place are 1.2e-4: all of a move by 1e-4.
    assert updated(1000.0, 1000.0001, 1000.0).outcome is Outcome.EQUIVALENT
    assert updated(1000.0, 1000.0, 1000.001).outcome is Outcome.DIFFERENT
