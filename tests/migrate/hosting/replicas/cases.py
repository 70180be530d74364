"""Runs of `runner`, the Estimator's numbers for them, and those computed by hand."""

import functools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from tests.recording import pythons

RECORDED = json.loads((Path(__file__).parent / "recording.json").read_text())
del RECORDED["tensorflow"]


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
}
