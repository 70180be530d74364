"""The table of reductions, computed with NumPy: no TensorFlow in this file."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from estimator_compat.losses import reductions
from tests.recording import pythons


class NumPyArithmetic:
    """The `reductions.Arithmetic` of NumPy arrays."""

    def sum(self, values: Any) -> Any:
        return np.sum(values)

    def ones_like(self, losses: Any) -> Any:
        return np.ones_like(losses)

    def size(self, losses: Any) -> Any:
        return np.size(losses)

    def count_nonzero(self, weights: Any, losses: Any) -> Any:
        return np.count_nonzero(np.broadcast_to(weights, np.shape(losses)))

    def divide(self, numerator: Any, denominator: Any) -> Any:
        return numerator / denominator if denominator else 0.0


LOSSES, WEIGHTS = [1.0, 4.0, 0.0, 4.0], [1.0, 0.0, 2.0, 0.5]
EXPECTED: dict[str, Any] = {
    "NONE": [1.0, 0.0, 0.0, 2.0],
    "SUM": 3.0,  # 1*1 + 0*4 + 2*0 + .5*4
    "SUM_OVER_BATCH_SIZE": 0.75,  # 3 / 4 elements
    "MEAN": 3.0 / 3.5,  # 3 / (1 + 0 + 2 + .5)
    "SUM_BY_NONZERO_WEIGHTS": 1.0,  # 3 / 3 weights that are not zero
}


def compute(name: str, losses: Any, weights: Any) -> Any:
    row = reductions.find(name)
    return row.compute(NumPyArithmetic(), np.asarray(losses), np.asarray(weights))


def test_table_has_the_reductions_of_tf_losses() -> None:
    assert [row.name for row in reductions.TABLE] == list(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_computation(name: str) -> None:
    np.testing.assert_allclose(compute(name, LOSSES, WEIGHTS), EXPECTED[name], rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "expected"), [("SUM_BY_NONZERO_WEIGHTS", 2.5), ("SUM_OVER_BATCH_SIZE", 1.25)]
)
def test_padding_mask_separates_the_default_of_tf_losses_from_keras(
    name: str, expected: float
) -> None:
    # (2 + 3) / 2 present elements, and (2 + 3) / 4 elements
    assert compute(name, [2.0, 3.0, 7.0, 9.0], [1.0, 1.0, 0.0, 0.0]) == expected


@pytest.mark.parametrize("name", ["SUM_OVER_BATCH_SIZE", "MEAN", "SUM_BY_NONZERO_WEIGHTS"])
def test_dividing_by_zero_gives_zero(name: str) -> None:
    losses = [] if name == "SUM_OVER_BATCH_SIZE" else [1.0, 2.0]
    assert compute(name, losses, 0.0) == 0.0


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("none", "NONE"),
        ("weighted_sum", "SUM"),
        ("sum", "SUM"),
        ("weighted_sum_over_batch_size", "SUM_OVER_BATCH_SIZE"),
        ("sum_over_batch_size", "SUM_OVER_BATCH_SIZE"),
        ("weighted_mean", "MEAN"),
        ("mean_with_sample_weight", "MEAN"),
        ("weighted_sum_by_nonzero_weights", "SUM_BY_NONZERO_WEIGHTS"),
        ("SUM_OVER_NONZERO_WEIGHTS", "SUM_BY_NONZERO_WEIGHTS"),
    ],
)
def test_find_knows_every_spelling(spelling: str, name: str) -> None:
    assert reductions.find(spelling) is reductions.find(name)
    assert reductions.find(name).name == name


def test_no_two_rows_share_a_name() -> None:
    names = [name for row in reductions.TABLE for name in (row.name, *row.aliases)]
    assert len(names) == len(set(names))


KNOWN = (
    "NONE, none, SUM, weighted_sum, sum, SUM_OVER_BATCH_SIZE, weighted_sum_over_batch_size, "
    "sum_over_batch_size, MEAN, weighted_mean, mean_with_sample_weight, SUM_BY_NONZERO_WEIGHTS, "
    "SUM_OVER_NONZERO_WEIGHTS, weighted_sum_by_nonzero_weights"
)


@pytest.mark.parametrize("unknown", ["average", "auto", "Sum", "", None, 1.0, ["SUM"]])
def test_unknown_reduction_is_refused(unknown: Any) -> None:
    with pytest.raises(ValueError, match="must be one of") as error:
        reductions.find(unknown)
    assert str(error.value) == (
        f"`reduction` ({unknown!r}) must be one of {KNOWN}; pass one of these names."
    )


def test_lower_case_mean_is_refused_as_ambiguous() -> None:
    with pytest.raises(ValueError, match="ambiguous") as error:
        reductions.find("mean")
    assert str(error.value) == (
        f"`reduction` ('mean') is ambiguous, and must be one of {KNOWN}; pass 'MEAN' for "
        "sum(w*l) / sum(w), or 'SUM_OVER_BATCH_SIZE' for what Keras 3 calls 'mean'."
    )


def run_python(python: Sequence[str], program: str, **environment: str) -> Any:
    done = subprocess.run(
        [*python, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.subprocess
def test_table_imports_neither_tensorflow_nor_numpy() -> None:
    loaded = run_python(
        [sys.executable],
        "import json, sys, estimator_compat.losses.reductions\n"
        "print(json.dumps([name for name in ('tensorflow', 'numpy') if name in sys.modules]))",
    )
    assert loaded == []


KERAS = """
import json
import numpy as np
import {keras} as keras

# Keras takes the mean over the last axis first: with one column that changes nothing.
losses, weights = np.array({losses}, "float32"), np.array({weights}, "float32")
def reduced(reduction):
    loss = keras.losses.MeanAbsoluteError(reduction=reduction)
    return np.asarray(loss(np.zeros([4, 1]), losses[:, None], sample_weight=weights)).tolist()
print(json.dumps({{reduction: reduced(reduction) for reduction in {reductions}}}))
"""


@pytest.mark.subprocess
@pytest.mark.parametrize("keras", ["keras2", "keras3"])
def test_keras_equals_are_equal(keras: str) -> None:
    equals = {row.name: getattr(row, keras) for row in reductions.TABLE if getattr(row, keras)}
    module = {"keras2": "tf_keras", "keras3": "keras"}[keras]
    program = KERAS.format(
        keras=module, losses=LOSSES, weights=WEIGHTS, reductions=list(equals.values())
    )
    reduced = run_python(
        pythons.with_tensorflow(), program, TF_CPP_MIN_LOG_LEVEL="3", KERAS_BACKEND="tensorflow"
    )
    for name, equal in equals.items():
        np.testing.assert_allclose(reduced[equal], EXPECTED[name], rtol=1e-6, err_msg=name)
