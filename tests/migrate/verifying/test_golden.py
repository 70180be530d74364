"""Every golden program, hosted, computes the same bits as under the Estimator."""

import functools
import json
import os
import subprocess
from typing import Any

import pytest

from tests.golden import record
from tests.recording import pythons

pytestmark = pytest.mark.subprocess

STEPS = 100
STAGES = (
    "variables",
    "forward",
    "gradients",
    "one step",
    "steps",
    "second train",
    "evaluation",
    "predictions",
)
# Batch normalization and dropout are hosted every time by `test_odd_model_fns`.
EVERY_TIME = ("default_reduction",)


def marks(program: str) -> list[Any]:
    return [] if program in EVERY_TIME else [pytest.mark.slow]


@functools.cache
def verdict_of(program: str) -> dict[str, Any]:
    module = "tests.migrate.verifying.golden_runner"
    command = [*pythons.with_tensorflow(), "-m", module, program, str(STEPS)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        command, cwd=pythons.ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-4000:]
    verdict: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return verdict


@pytest.mark.parametrize(
    "program", [pytest.param(one, marks=marks(one)) for one in record.program_names()]
)
def test_hosting_changes_no_bit(program: str) -> None:
    verdict = verdict_of(program)
    assert verdict["first"] is None
    assert {one["name"]: one["outcome"] for one in verdict["stages"]} == dict.fromkeys(
        STAGES, "identical"
    )
    assert verdict["unaligned"] == []
    assert 20 < len(verdict["run_losses"]) <= STEPS  # some inputs end before


@pytest.mark.slow
def test_hooks_that_are_left_out_are_named() -> None:
    steps = next(one for one in verdict_of("convolution_hooks")["stages"] if one["name"] == "steps")
    assert steps["notes"] == ["the reference's hooks are not hosted: CountingHook"]
