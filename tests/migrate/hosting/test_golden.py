"""Every golden program does as a hosted loop what it does under the Estimator, bit for bit.

The two are compared directly, with the program's own inputs: losses of two trainings, evaluations,
predictions, the values and steps of checkpoints, and the tags, steps and values of summaries.
"""

import json
import os
import subprocess
from typing import Any

import pytest

from tests.golden import record
from tests.recording import pythons

pytestmark = pytest.mark.subprocess

# Its shuffle has no seed of its own, so that it is the config's.
EVERY_TIME = ("default_reduction",)


def marks(program: str) -> list[Any]:
    return [] if program in EVERY_TIME else [pytest.mark.slow]


@pytest.mark.parametrize(
    "program", [pytest.param(one, marks=marks(one)) for one in record.program_names()]
)
def test_a_hosted_loop_does_what_the_estimator_does(program: str) -> None:
    module = "tests.migrate.hosting.golden_runner"
    command = [*pythons.with_tensorflow(), "-m", module, program]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        command, cwd=pythons.ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])
    estimator, hosted = found["estimator"], found["hosted"]
    assert len(estimator["losses"]) >= 12
    for what in estimator:
        assert hosted[what] == estimator[what], what
