"""Compares arrays: how far they are apart, and whether that is identical or equivalent."""

from typing import Any

import numpy as np

from migrate.verifying.verdict import Comparison, Outcome

_ROUNDING = 2.0  # units in the last place that a sum may be off by


def compare(
    name: str,
    run: Any,
    subject: Any,
    *,
    tolerance: float,
    smallest: float,
    step: int | None = None,
) -> Comparison:
    """Compares an array of the run with the subject's.

    Args:
      tolerance: The largest difference that is equivalent, relative to the run's largest magnitude.
      smallest: Magnitudes below count as that.
    """
    run, subject = _arrays(run, subject)
    if note := _mismatch(run, subject):
        return Comparison(name=name, step=step, outcome=Outcome.DIFFERENT, note=note)
    if _same(run, subject):
        return Comparison(name=name, step=step, outcome=Outcome.IDENTICAL, tolerance=tolerance)
    if not _is_float(run):
        return _other(name, run, subject, step)
    absolute = _largest(run, subject)
    relative = absolute / max(_magnitude(run), smallest)
    return Comparison(
        name=name,
        step=step,
        outcome=Outcome.EQUIVALENT if relative <= tolerance else Outcome.DIFFERENT,
        absolute=absolute,
        rms=_rms(run, subject),
        relative=relative,
        ulps=ulps(run, subject),
        tolerance=tolerance,
    )


def compare_updates(
    name: str, before: Any, run: Any, subject: Any, *, tolerance: float, step: int
) -> Comparison:
    """Compares what a step added to a variable.

    The difference is taken relative to the run's largest addition. What rounding may have done to
    the sum is forgiven: two units in the last place of the variable's largest element.
    """
    before, (run, subject) = np.asarray(before), _arrays(run, subject)
    if not _is_float(run) or _mismatch(run, subject) or _same(run, subject):
        return compare(name, run, subject, tolerance=tolerance, smallest=1.0, step=step)
    absolute = _largest(run, subject)
    rounding = _ROUNDING * float(np.spacing(np.asarray(_magnitude(run), run.dtype)))
    moved = _largest(run, before)
    relative = absolute / moved if moved else float("inf")
    excess = max(absolute - rounding, 0.0)
    is_close = absolute <= rounding or excess <= tolerance * moved
    return Comparison(
        name=name,
        step=step,
        outcome=Outcome.EQUIVALENT if is_close else Outcome.DIFFERENT,
        absolute=absolute,
        rms=_rms(run, subject),
        relative=relative,
        ulps=ulps(run, subject),
        tolerance=tolerance,
    )


def ulps(one: np.ndarray, other: np.ndarray) -> int:
    """The largest distance of two elements, counted in floats of their type."""
    differing = np.isfinite(one) & np.isfinite(other) & (one != other)
    if not differing.any():
        return 0
    places = [_places(array[differing]) for array in (one, other)]
    # Subtracted as unsigned numbers: the distance of two float64s may not fit in an int64.
    high, low = np.maximum(*places).view(np.uint64), np.minimum(*places).view(np.uint64)
    return int((high - low).max())


def _places(floats: np.ndarray) -> np.ndarray:
    """The place of each float among all floats of its type, in order; 0.0 and -0.0 have place 0."""
    bits = floats.view(f"i{floats.dtype.itemsize}")
    lowest = np.iinfo(bits.dtype).min
    return np.where(bits >= 0, bits, lowest - bits).astype(np.int64)


def _arrays(run: Any, subject: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays, and floats as the run's: a subject may give its loss as a Python float."""
    run, subject = (_with_numpys_type(np.asarray(one)) for one in (run, subject))
    both = _is_float(run) and _is_float(subject)
    return run, subject.astype(run.dtype) if both else subject


def _with_numpys_type(array: np.ndarray) -> np.ndarray:
    """Turns bfloat16 and its like, which NumPy does not know as floats, into float32."""
    return array.astype(np.float32) if array.dtype.kind == "V" else array


def _mismatch(run: np.ndarray, subject: np.ndarray) -> str:
    if run.shape != subject.shape:
        return f"of shape {list(run.shape)} in the run, {list(subject.shape)} in the subject"
    if run.dtype.kind != subject.dtype.kind and {run.dtype.kind, subject.dtype.kind} & set("fc"):
        return f"of type {run.dtype} in the run, {subject.dtype} in the subject"
    return ""


def _same(run: np.ndarray, subject: np.ndarray) -> bool:
    """Whether all bits are the same: 0.0 and -0.0 are not."""
    return run.tobytes() == subject.tobytes() if _is_float(run) else np.array_equal(run, subject)


def _is_float(array: np.ndarray) -> bool:
    return bool(np.issubdtype(array.dtype, np.floating))


def _other(name: str, run: np.ndarray, subject: np.ndarray, step: int | None) -> Comparison:
    """Numbers that are not floats, and strings: the same or different."""
    place = tuple(np.argwhere(run != subject)[0]) if run.ndim else ()
    ours, theirs = (np.asarray(array[place]).tolist() for array in (run, subject))
    note = f"{ours!r} in the run, {theirs!r} in the subject"
    return Comparison(name=name, step=step, outcome=Outcome.DIFFERENT, note=note)


def _magnitude(array: np.ndarray) -> float:
    finite = np.abs(array[np.isfinite(array)].astype(np.float64))
    return float(finite.max(initial=0.0))


def _rms(one: np.ndarray, other: np.ndarray) -> float:
    """The root mean square of the differences of finite elements."""
    finite = np.isfinite(one) & np.isfinite(other)
    differences = one[finite].astype(np.float64) - other[finite].astype(np.float64)
    return float(np.sqrt(np.mean(np.square(differences)))) if differences.size else 0.0


def _largest(one: np.ndarray, other: np.ndarray) -> float:
    """The largest difference of two elements; infinite where only one of them is finite."""
    one, other = one.astype(np.float64), other.astype(np.float64)
    finite = np.isfinite(one)
    if not np.array_equal(finite, np.isfinite(other)):
        return float("inf")
    if not np.array_equal(one[~finite], other[~finite], equal_nan=True):
        return float("inf")
    return float(np.abs(one[finite] - other[finite]).max(initial=0.0))
