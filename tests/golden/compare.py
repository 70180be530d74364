"""Compares a run of a golden program with a recording of it.

Names, tags, steps, files, shapes, dtypes, integers and strings must be equal, always. Floats must
have the same bits where the recording was made on the platform at hand. Elsewhere (another
TensorFlow, CPU or thread count rounds its last bits otherwise) they must agree within 1e-6 of the
largest magnitude in the array they stand in: an element near zero is the difference of larger
numbers and inherits their rounding. Magnitudes under `SMALLEST_SCALE` count as that.
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
    if isinstance(run, list) and isinstance(recording, list):
        return _compare_lists(run, recording, place=place, exact=exact)
    if _is_float(run) and _is_float(recording):
        pair = (np.array(float.fromhex(value)) for value in (run, recording))
        return _compare_floats(*pair, place=place, exact=exact)
    if run == recording:
        return []
    return [f"{place}: recorded {recording!r}, this run {run!r}"]


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
    run: np.ndarray, recording: np.ndarray, *, place: str, exact: bool
) -> list[str]:
    if run.tobytes() == recording.tobytes():
        return []
    distance = relative_distance(run, recording)
    if not exact and distance <= TOLERANCE:
        return []
    differing = int(np.sum(run != recording))
    asked = "the same bits" if exact else f"{TOLERANCE:g}"
    return [
        f"{place}: {differing} of {run.size} floats differ, by up to {distance:.3g} of the "
        f"largest recorded magnitude; {asked} asked for"
    ]


def relative_distance(run: np.ndarray, recording: np.ndarray) -> float:
    """Gives the largest difference as a part of the largest recorded magnitude; NaNs are equal."""
    run, recording = run.astype(np.float64), recording.astype(np.float64)
    if not np.array_equal(np.isfinite(run), np.isfinite(recording)):
        return float("inf")
    finite = np.isfinite(recording)
    if not np.array_equal(run[~finite], recording[~finite], equal_nan=True):
        return float("inf")
    if not finite.any():
        return 0.0
    scale = max(float(np.max(np.abs(recording[finite]))), SMALLEST_SCALE)
    return float(np.max(np.abs(run[finite] - recording[finite]))) / scale
