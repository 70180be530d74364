"""Compares programs under a strategy with recordings of TensorFlow 2.15.1's own Estimator.

The programs are in `cases.py`. They run on two logical CPUs, in one process each test module.
"""

import json
from typing import Any

import pytest

from tests.estimator_compat.distribution.record import RECORDING, RUNNER
from tests.recording import programs, pythons

RECORDED = json.loads(RECORDING.read_text())
for _name in ("linear_classifier", "baseline_classifier"):
    # The original compared the sums of one replica with the counts of two, and found 0.25.
    _found = RECORDED[_name]["evaluated"]
    _found["accuracy_baseline"] = max(_found["label/mean"], 1 - _found["label/mean"])
# These run by default: a loss of each kind, metrics, and hooks. The others are a sweep.
QUICK = ("mean_loss", "many_metrics", "hooks_and_scaffold")


def ran(*names: str) -> dict[str, Any]:
    python = pythons.with_tensorflow()
    return programs.run("the cases of distribution", python, RUNNER, *names)


@pytest.fixture(scope="module")
def quick() -> dict[str, Any]:
    return ran(*QUICK)


@pytest.fixture(scope="module")
def others() -> dict[str, Any]:
    return ran(*(name for name in RECORDED if name not in QUICK))


def assert_equal(found: Any, recorded: Any, place: str) -> None:
    """Compares facts: numbers within 1e-5, all others exactly."""
    if isinstance(recorded, dict):
        assert sorted(found) == sorted(recorded), place
        for name, value in recorded.items():
            assert_equal(found[name], value, f"{place}/{name}")
    elif isinstance(recorded, list):
        assert len(found) == len(recorded), place
        for index, value in enumerate(recorded):
            assert_equal(found[index], value, f"{place}/{index}")
    elif isinstance(recorded, float):
        assert found == pytest.approx(recorded, rel=1e-5, abs=1e-6), place
    else:
        assert found == recorded, place


@pytest.mark.subprocess
@pytest.mark.parametrize("name", QUICK)
def test_it_does_as_the_original(quick: dict[str, Any], name: str) -> None:
    assert_equal(quick[name], RECORDED[name], name)


@pytest.mark.slow
@pytest.mark.subprocess
@pytest.mark.parametrize("name", [name for name in RECORDED if name not in QUICK])
def test_the_other_programs_do_as_the_original(others: dict[str, Any], name: str) -> None:
    assert_equal(others[name], RECORDED[name], name)
