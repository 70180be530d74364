"""Runs of `runner`, the Estimator's numbers for them, and those computed by hand."""

import functools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from tests.recording import platforms, pythons
from tests.recording.values import from_hex

HERE = Path(__file__).parent
RECORDED = json.loads((HERE / "recording.json").read_text())
# The same programs under the same Estimator, on a CPU whose kernels round differently.
RECORDED_WITHOUT_AVX512 = json.loads((HERE / "recording_without_avx512.json").read_text())
del RECORDED["tensorflow"]


def check(losses: list[str], variables: dict[str, Any], program: str, *, first: int = 1) -> None:
    """Compares a training on replicas with the Estimator's.

    On a CPU with AVX-512, as the recording's, losses agree within 1e-6 and variables within 1e-5.
    On another CPU they may be further apart: up to ten times as far as the two recordings are from
    each other. The bias before a batch norm, whose true gradient is 0, is 1e-5 apart in them.

    Args:
      losses: The loss of each step, as hex floats.
      variables: The variables after training, by name, as nested lists of hex floats.
      program: The name of the recorded program.
      first: The step of the first loss, which is 1 unless the training was resumed.
    """
    real, other = RECORDED[program], RECORDED_WITHOUT_AVX512[program]
    expected = [from_hex(run["losses"][first - 1 :]) for run in (real, other)]
    _check(from_hex(losses), *expected, name="losses", rtol=1e-6, atol=0.0)
    assert variables.keys() == real["variables"].keys()
    for name in variables:
        expected = [from_hex(run["variables"][name]) for run in (real, other)]
        _check(from_hex(variables[name]), *expected, name=name, rtol=1e-5, atol=1e-6)


def _check(
    found: np.ndarray, real: np.ndarray, other: np.ndarray, *, name: str, rtol: float, atol: float
) -> None:
    if "avx512f" not in platforms.at_hand()["cpu_features"]:
        atol = max(atol, 10 * float(np.max(np.abs(real - other))))
    np.testing.assert_allclose(found, real, rtol=rtol, atol=atol, err_msg=name)


@functools.cache
def case(name: str) -> Any:
    """Runs a case of `runner`, once for all tests of a process."""
    done = subprocess.run(
        [*pythons.with_tensorflow(), "-m", "tests.migrate.hosting.replicas.runner", name],
        cwd=pythons.ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


# Losses 1, 2, 3 on the first replica, and 6, 8 on the second. The gradient is the loss again, as
# the losses are what a variable of value 1 is multiplied with; but for squares, where it is twice.
BY_HAND = {
    # (1+4+9)/2/3 = 7/3 and (36+64)/2/2 = 25; all: 114/2/5
    "half_squares": ([(7 / 3 + 25) / 2, 7 / 3 + 25], [11.4, 22.8]),
    # 2 and 7; all: 20/5
    "mean": ([4.5, 4.5], [4.0, 4.0]),
    "mean_of_a_column": ([4.5, 4.5], [4.0, 4.0]),
    # Weights 1, 1, 1 and 3, 0: 6/3 and 18/1; all: 24/4
    "nonzero": ([10.0, 10.0], [6.0, 6.0]),
    "over_size": ([4.5, 4.5], [4.0, 4.0]),
    "over_the_batch": ([4.5, 4.5], [4.0, 4.0]),
    # Of 1, 2 and 3, 6: the number 2 is how many examples each replica is known to have
    "over_the_static_size": ([3.0, 3.0], [3.0, 3.0]),
    # Weights 1, 0, 1 and 0, 0: 0/0 in the second replica; all: 4/2
    "over_weights": ([np.nan, np.nan], [2.0, 2.0]),
    # With scale**2 / 2, whose gradient is scale, once
    "regularized": ([5.0, 5.5], [4.5, 5.0]),
    # The sum of sums, as for an Estimator
    "sum": ([20.0, 20.0], [20.0, 20.0]),
    # The mean with twice the weighted mean
    "two_terms": ([4.5 + 2 * 4.25, 4.5 + 2 * 4.25], [4.0 + 2 * 5.0, 4.0 + 2 * 5.0]),
    # Weights 1, 0, 1 and 3, 1: 4/2 and 26/4; all: 30/6
    "weighted_mean": ([4.25, 4.25], [5.0, 5.0]),
    "weights_over_their_sum": ([4.25, 4.25], [5.0, 5.0]),
}
