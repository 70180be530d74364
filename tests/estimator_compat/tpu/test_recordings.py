"""Compares `estimator_compat.tpu` with recordings of the real one: two programs, two tables.

On the recorded platform numbers have the same bits. On another one they agree within 1e-6 of the
largest number of their array. The test's properties say which.
"""

import base64
import copy
import functools
import re
from typing import Any

import numpy as np
import pytest

from tests.estimator_compat.tpu import record, value_cases
from tests.recording import pythons

OURS = "estimator_compat"
SAME_KERNELS = "original code on tensorflow 2.21.0"
LAST_RELEASE = "tensorflow 2.15.1"
ASPECTS = ("losses", "variables", "evaluations", "predictions", "events", "files", "seen")
TOLERANCE, SMALLEST = 1e-6, 1e-3
_HEX = re.compile(r"-?0x[01]\.[0-9a-f]+p[+-]\d+")


@functools.cache
def run_of(program: str) -> dict[str, Any]:
    return record.run(program, OURS, pythons.with_tensorflow())


def differences(run: Any, recorded: Any, *, exact: bool, place: str = "") -> list[str]:
    """Lists where two JSON values differ; floats, in hex or in arrays, may be close by."""
    if type(run) is not type(recorded):
        return [f"{place}: recorded {recorded!r}, this run {run!r}"]
    if isinstance(run, dict) and run.keys() == recorded.keys() and "base64" not in run:
        return [
            found
            for key in run
            for found in differences(run[key], recorded[key], exact=exact, place=f"{place}/{key}")
        ]
    if isinstance(run, list) and len(run) == len(recorded):
        pairs = enumerate(zip(run, recorded, strict=True))
        return [
            found
            for index, (one, other) in pairs
            for found in differences(one, other, exact=exact, place=f"{place}[{index}]")
        ]
    if run == recorded or (not exact and _close(run, recorded)):
        return []
    return [f"{place}: recorded {recorded!r}, this run {run!r}"]


def _close(run: Any, recorded: Any) -> bool:
    sides = [_floats(side) for side in (run, recorded)]
    if any(side is None for side in sides) or sides[0].shape != sides[1].shape:
        return False
    scale = max(np.abs(sides[1]).max(initial=0), SMALLEST)
    return bool(np.abs(sides[0] - sides[1]).max(initial=0) <= TOLERANCE * scale)


def _floats(value: Any) -> Any:
    if isinstance(value, str) and _HEX.fullmatch(value):
        return np.array(float.fromhex(value))
    if isinstance(value, dict) and value.get("dtype", "").startswith("float"):
        array = np.frombuffer(base64.b64decode(value["base64"]), value["dtype"])
        return array.reshape(value["shape"])
    return None


@pytest.mark.subprocess
@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("recording", [SAME_KERNELS, LAST_RELEASE])
@pytest.mark.parametrize("program", record.PROGRAMS)
def test_program_does_what_the_real_one_did(
    program: str, recording: str, aspect: str, record_property: Any
) -> None:
    run, recorded = run_of(program), record.recorded(program)[recording]
    exact = run["platform"] == recorded["platform"]
    record_property("compared", "bits" if exact else f"{TOLERANCE:g}")
    assert differences(run[aspect], recorded[aspect], exact=exact) == []


@pytest.mark.subprocess
@pytest.mark.parametrize("case", value_cases.CASES)
def test_value_is_that_of_the_real_one(case: str) -> None:
    assert run_of("values")[case] == record.recorded("values")[case]


def test_every_case_of_values_is_recorded() -> None:
    assert record.recorded("values").keys() == value_cases.CASES.keys()


class TestAWrongRunIsFound:
    """The negative control: a recording against itself, changed in one place."""

    @pytest.fixture
    def recorded(self) -> dict[str, Any]:
        return record.recorded("regression")[LAST_RELEASE]

    def found(self, run: dict[str, Any], recorded: dict[str, Any], exact: bool = False) -> list:
        return differences(run, recorded, exact=exact)

    def test_the_same(self, recorded: dict[str, Any]) -> None:
        assert self.found(copy.deepcopy(recorded), recorded, exact=True) == []

    def test_a_last_bit(self, recorded: dict[str, Any]) -> None:
        run = copy.deepcopy(recorded)
        loss = np.float32(float.fromhex(run["losses"][0]))
        run["losses"][0] = float(np.nextafter(loss, np.float32(100))).hex()
        assert self.found(run, recorded) == []
        assert len(self.found(run, recorded, exact=True)) == 1

    def test_a_loss(self, recorded: dict[str, Any]) -> None:
        run = copy.deepcopy(recorded)
        run["losses"][0] = (float.fromhex(run["losses"][0]) * (1 + 3e-6)).hex()
        assert len(self.found(run, recorded)) == 1

    def test_a_tag_a_param_and_a_file(self, recorded: dict[str, Any]) -> None:
        run = copy.deepcopy(recorded)
        run["events"]["."][1][1] = "examples/s"
        run["seen"][0][2]["batch_size"] = 4
        run["files"].pop()
        assert len(self.found(run, recorded)) == 3
