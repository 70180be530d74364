"""Compares two arrays: how far apart they are, and whether they are identical or equivalent."""

import math
from typing import Any

import numpy as np

from migrate.verifying.verdict import Comparison, Outcome

_ROUNDING = 2.0  # the most units in the last place by which rounding changes a sum


def compare(
    name: str,
    reference: Any,
    subject: Any,
    *,
    tolerance: float,
    smallest: float,
    step: int | None = None,
) -> Comparison:
    """Compares an array of the reference with the subject's.

    Args:
      name: What the array is, such as a variable's name or "loss".
      reference: The reference's array, or a value that NumPy turns into an array.
      subject: The subject's array, or such a value.
      tolerance: The largest equivalent difference, relative to the largest magnitude in the
        reference's array.
      smallest: The difference is relative to this number, if the largest magnitude is smaller.
      step: The training step that the arrays belong to; None if they belong to no step.
    """
    reference, subject = _as_arrays(reference, subject)
    if note := _mismatch(reference, subject):
        return Comparison(name=name, step=step, outcome=Outcome.DIFFERENT, note=note)
    if _is_identical(reference, subject):
        return Comparison(name=name, step=step, outcome=Outcome.IDENTICAL, tolerance=tolerance)
    if not _is_float(reference):
        return _different_element(name, reference, subject, step)
    absolute = _largest_difference(reference, subject)
    relative = absolute / max(_largest_magnitude(reference), smallest)
    return Comparison(
        name=name,
        step=step,
        outcome=Outcome.EQUIVALENT if relative <= tolerance else Outcome.DIFFERENT,
        absolute=absolute,
        rms=_rms(reference, subject),
        relative=relative,
        ulps=ulps(reference, subject),
        tolerance=tolerance,
    )


def compare_updates(
    name: str, before: Any, reference: Any, subject: Any, *, tolerance: float, step: int
) -> Comparison:
    """Compares what training steps added to a variable.

    The difference is relative to the largest number that the reference added to an element. The
    rounding of the additions is allowed for: two units in the last place of the variable's largest
    element, times the square root of their number, because the errors of many additions cancel.

    Args:
      name: The variable's name.
      before: The variable before the first step, the same for both.
      reference: The reference's variable after the last step.
      subject: The subject's variable after the last step.
      tolerance: The largest equivalent difference, relative to the largest addition.
      step: The last training step, counted from 1.
    """
    before, (reference, subject) = np.asarray(before), _as_arrays(reference, subject)
    if (
        not _is_float(reference)
        or _mismatch(reference, subject)
        or _is_identical(reference, subject)
    ):
        return compare(name, reference, subject, tolerance=tolerance, smallest=1.0, step=step)
    absolute = _largest_difference(reference, subject)
    largest = max(map(_largest_magnitude, (reference, before.astype(reference.dtype))))
    rounding = _ROUNDING * math.sqrt(step) * float(np.spacing(np.asarray(largest, reference.dtype)))
    largest_update = _largest_difference(reference, before)
    relative = absolute / largest_update if largest_update else float("inf")
    excess = max(absolute - rounding, 0.0)
    is_close = absolute <= rounding or excess <= tolerance * largest_update
    return Comparison(
        name=name,
        step=step,
        outcome=Outcome.EQUIVALENT if is_close else Outcome.DIFFERENT,
        absolute=absolute,
        rms=_rms(reference, subject),
        relative=relative,
        ulps=ulps(reference, subject),
        tolerance=tolerance,
        is_rounding=is_close and relative > tolerance,
    )


def ulps(first: np.ndarray, second: np.ndarray) -> int:
    """Returns the largest distance of two elements, in units in the last place.

    The distance of two floats is how many steps it takes from one to the other, if each step goes
    to the next float of their type. Elements that are not finite are left out.
    """
    differing = np.isfinite(first) & np.isfinite(second) & (first != second)
    if not differing.any():
        return 0
    ranks = [_ranks(array[differing]) for array in (first, second)]
    # Subtracted as unsigned numbers: the distance of two float64s may not fit in an int64.
    high, low = np.maximum(*ranks).view(np.uint64), np.minimum(*ranks).view(np.uint64)
    return int((high - low).max())


def _ranks(floats: np.ndarray) -> np.ndarray:
    """Returns the rank of each float among all floats of its type; 0.0 and -0.0 have rank 0."""
    bits = floats.view(f"i{floats.dtype.itemsize}")
    lowest = np.iinfo(bits.dtype).min
    return np.where(bits >= 0, bits, lowest - bits).astype(np.int64)


def _as_arrays(reference: Any, subject: Any) -> tuple[np.ndarray, np.ndarray]:
    """Returns the reference's and the subject's values as arrays.

    If both are floats, the subject's array gets the dtype of the reference's array, because a
    subject may return its loss as a Python float.
    """
    reference, subject = (_with_numpy_type(np.asarray(value)) for value in (reference, subject))
    are_floats = _is_float(reference) and _is_float(subject)
    return reference, subject.astype(reference.dtype) if are_floats else subject


def _with_numpy_type(array: np.ndarray) -> np.ndarray:
    """Converts bfloat16 and similar types to float32: NumPy does not treat them as floats."""
    return array.astype(np.float32) if array.dtype.kind == "V" else array


def _mismatch(reference: np.ndarray, subject: np.ndarray) -> str:
    """Returns how the shapes or types differ, or "" if the elements can be compared."""
    if reference.shape != subject.shape:
        return (
            f"of shape {list(reference.shape)} in the reference, "
            f"{list(subject.shape)} in the subject"
        )
    kinds = {reference.dtype.kind, subject.dtype.kind}
    if len(kinds) == 2 and kinds & set("fc"):
        return f"of type {reference.dtype} in the reference, {subject.dtype} in the subject"
    return ""


def _is_identical(reference: np.ndarray, subject: np.ndarray) -> bool:
    """Returns whether all bits are the same. 0.0 and -0.0 have different bits."""
    if _is_float(reference):
        return reference.tobytes() == subject.tobytes()
    return np.array_equal(reference, subject)


def _is_float(array: np.ndarray) -> bool:
    return bool(np.issubdtype(array.dtype, np.floating))


def _different_element(
    name: str, reference: np.ndarray, subject: np.ndarray, step: int | None
) -> Comparison:
    """Names the first element that differs, of integers, booleans, complex numbers or strings."""
    index = tuple(np.argwhere(reference != subject)[0]) if reference.ndim else ()
    expected, actual = (np.asarray(array[index]).tolist() for array in (reference, subject))
    note = f"{expected!r} in the reference, {actual!r} in the subject"
    return Comparison(name=name, step=step, outcome=Outcome.DIFFERENT, note=note)


def _largest_magnitude(array: np.ndarray) -> float:
    finite = np.abs(array[np.isfinite(array)].astype(np.float64))
    return float(finite.max(initial=0.0))


def _rms(first: np.ndarray, second: np.ndarray) -> float:
    """Returns the root mean square of the differences of finite elements."""
    finite = np.isfinite(first) & np.isfinite(second)
    differences = first[finite].astype(np.float64) - second[finite].astype(np.float64)
    return float(np.sqrt(np.mean(np.square(differences)))) if differences.size else 0.0


def _largest_difference(first: np.ndarray, second: np.ndarray) -> float:
    """Returns the largest difference of two elements.

    It is infinite if one of the two elements is not finite and the other is not the same.
    """
    first, second = first.astype(np.float64), second.astype(np.float64)
    finite = np.isfinite(first)
    if not np.array_equal(finite, np.isfinite(second)):
        return float("inf")
    if not np.array_equal(first[~finite], second[~finite], equal_nan=True):
        return float("inf")
    return float(np.abs(first[finite] - second[finite]).max(initial=0.0))
