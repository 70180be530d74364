"""Compares a run of a golden program with a recording of it.

Names, tags, steps, files, shapes, dtypes, integers and strings must be equal, always. Floats must
have the same bits if the recording was made on this platform. On another platform (another
TensorFlow, CPU or thread count rounds the last bits differently) they must agree within 1e-6 of the
largest magnitude in their array: an element near zero may be the difference of larger numbers, and
then has their rounding errors. If the largest magnitude is below `SMALLEST_SCALE`, `SMALLEST_SCALE`
is used instead. The histogram of an event is compared like the array of its values: see
`_compare_histograms`.
"""

from typing import Any

import numpy as np

from tests.recording.values import HEX_FLOAT, decode, dtype

TOLERANCE = 1e-6
SMALLEST_SCALE = 1e-3
PLATFORM = "platform"


def same_platform(run: dict, recording: dict) -> bool:
    return run[PLATFORM] == recording[PLATFORM]


def differences(run: dict, recording: dict) -> list[str]:
    """Lists every mismatch: where it is, what was recorded, what the run has and how far apart."""
    exact = same_platform(run, recording)
    observed = [{k: v for k, v in side.items() if k != PLATFORM} for side in (run, recording)]
    return _compare(*observed, place="", exact=exact)


def _is_float(value: Any) -> bool:
    return isinstance(value, str) and HEX_FLOAT.fullmatch(value) is not None


def _compare(run: Any, recording: Any, *, place: str, exact: bool) -> list[str]:
    if isinstance(run, dict) and isinstance(recording, dict):
        if "base64" in run and "base64" in recording:
            return _compare_arrays(run, recording, place=place, exact=exact)
        return _compare_dicts(run, recording, place=place, exact=exact)
    if _is_histogram_row(run) and _is_histogram_row(recording):
        return _compare_histograms(run, recording, place=place, exact=exact)
    if isinstance(run, list) and isinstance(recording, list):
        return _compare_lists(run, recording, place=place, exact=exact)
    if _is_float(run) and _is_float(recording):
        return _compare_floats(_number(run), _number(recording), place=place, exact=exact)
    if run == recording:
        return []
    return [f"{place}: recorded {recording!r}, this run {run!r}"]


def _number(hex_float: str) -> np.ndarray:
    return np.array(float.fromhex(hex_float))


def _is_histogram_row(value: Any) -> bool:
    """Tells an event's row of step, tag and the numbers of a histogram: num, min, max and sum."""
    if not isinstance(value, list) or len(value) != 3 or not isinstance(value[2], list):
        return False
    return len(value[2]) == 4 and all(map(_is_float, value[2]))


def _compare_dicts(run: dict, recording: dict, *, place: str, exact: bool) -> list[str]:
    found = [f"{place}/{key}: recorded, missing in this run" for key in recording.keys() - run]
    found += [f"{place}/{key}: in this run, not recorded" for key in run.keys() - recording]
    for key in sorted(run.keys() & recording):
        found += _compare(run[key], recording[key], place=f"{place}/{key}", exact=exact)
    return sorted(found)


def _compare_lists(run: list, recording: list, *, place: str, exact: bool) -> list[str]:
    found = []
    if len(run) != len(recording):
        found = [
            f"{place}: recorded {len(recording)} entries, this run has {len(run)}; "
            f"recorded only: {_without(recording, run)}; this run only: {_without(run, recording)}"
        ]
    for index, pair in enumerate(zip(run, recording, strict=False)):
        found += _compare(*pair, place=f"{place}[{index}]", exact=exact)
    return found


def _compare_histograms(run: list, recording: list, *, place: str, exact: bool) -> list[str]:
    """Compares the numbers of two histograms at the scale of the values that they count.

    Let m be the largest magnitude of the recorded values: the magnitude of their minimum or of
    their maximum. The values of an array may differ by d = 1e-6 m. The minimum and the maximum may
    then differ by d, too, even if one of them is much smaller than m. The sum of `num` values may
    differ by `num` d, even if the values cancel.
    """
    found = _compare_lists(run[:2], recording[:2], place=place, exact=exact)
    run, recording = run[2], recording[2]
    if run[0] != recording[0]:
        return [*found, f"{place}[2][0]: recorded {recording[0]} values, this run {run[0]}"]
    num, *extrema = (float.fromhex(number) for number in recording[:3])
    largest = max(map(abs, extrema))
    for index, scale in enumerate((largest, largest, num * largest), start=1):
        pair = (_number(side[index]) for side in (run, recording))
        found += _compare_floats(*pair, place=f"{place}[2][{index}]", exact=exact, scale=scale)
    return found


def _without(some: list, others: list) -> list:
    def label(entry: Any) -> Any:
        return entry[:2] if isinstance(entry, list) else entry

    labels = [label(entry) for entry in others]
    return [label(entry) for entry in some if label(entry) not in labels]


def _compare_arrays(run: dict, recording: dict, *, place: str, exact: bool) -> list[str]:
    kinds = [(side["dtype"], tuple(side["shape"])) for side in (run, recording)]
    if kinds[0] != kinds[1]:
        return [f"{place}: recorded {kinds[1]}, this run {kinds[0]}"]
    if run["base64"] == recording["base64"]:
        return []
    if np.issubdtype(dtype(run["dtype"]), np.floating):
        return _compare_floats(decode(run), decode(recording), place=place, exact=exact)
    pair = (decode(side).tolist() for side in (recording, run))
    return ["{}: recorded {}, this run {}".format(place, *pair)]


def _compare_floats(
    run: np.ndarray, recording: np.ndarray, *, place: str, exact: bool, scale: float = 0.0
) -> list[str]:
    if run.tobytes() == recording.tobytes():
        return []
    distance = relative_distance(run, recording, scale)
    if not exact and distance <= TOLERANCE:
        return []
    differing = int(np.sum(run != recording))
    asked = "the same bits" if exact else f"{TOLERANCE:g}"
    return [
        f"{place}: {differing} of {run.size} floats differ, by up to {distance:.3g} of the "
        f"largest recorded magnitude; {asked} asked for"
    ]


def relative_distance(run: np.ndarray, recording: np.ndarray, scale: float = 0.0) -> float:
    """Gives the largest difference as a part of the largest recorded magnitude; NaNs are equal.

    Args:
      run: The array of this run.
      recording: The recorded array.
      scale: The magnitude of the numbers that the arrays were computed from, where it is larger.
    """
    run, recording = run.astype(np.float64), recording.astype(np.float64)
    if not np.array_equal(np.isfinite(run), np.isfinite(recording)):
        return float("inf")
    finite = np.isfinite(recording)
    if not np.array_equal(run[~finite], recording[~finite], equal_nan=True):
        return float("inf")
    if not finite.any():
        return 0.0
    scale = max(float(np.max(np.abs(recording[finite]))), SMALLEST_SCALE, scale)
    return float(np.max(np.abs(run[finite] - recording[finite]))) / scale
