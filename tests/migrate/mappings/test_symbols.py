"""The table of missing symbols, on the installed TensorFlow and with both Keras."""

import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from migrate.mappings import symbols

RESOLVE = Path(__file__).with_name("resolve.py")
KERAS_3, LEGACY = "0", "1"
VERSION = tuple(map(int, tf.__version__.split(".")[:2]))


@functools.cache
def names_here(keras: str) -> set[str]:
    """The names of the table, as they are and below `compat.v1`, that this TensorFlow has."""
    names = [place for name in symbols.rows() for place in (name, f"compat.v1.{name}")]
    environment = {**os.environ, "TF_USE_LEGACY_KERAS": keras, "TF_CPP_MIN_LOG_LEVEL": "3"}
    result = subprocess.run(
        [sys.executable, str(RESOLVE)],
        input="\n".join(names),
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    return set(result.stdout.split())


def since(row: symbols.Missing) -> tuple[int, ...]:
    return tuple(map(int, row.since.split(".")))


@pytest.mark.subprocess
@pytest.mark.parametrize("keras", [KERAS_3, LEGACY], ids=["Keras 3", "legacy Keras"])
def test_each_row_is_true_here(keras: str) -> None:
    """The rows of names that a later TensorFlow lacks are left out."""
    rows = {name: row for name, row in symbols.rows().items() if since(row) <= VERSION}
    here = names_here(keras)
    lacking = {
        name for name, row in rows.items() if row.where == symbols.EVERYWHERE or keras == KERAS_3
    }
    assert sorted(here & lacking) == []
    assert sorted(set(rows) - lacking - here) == []


@pytest.mark.subprocess
def test_compat_v1_has_what_the_table_says() -> None:
    rows = symbols.rows().items()
    places = {f"compat.v1.{name}" for name, row in rows if row.in_v1 != symbols.NOWHERE}
    assert sorted(places - names_here(LEGACY)) == []
    always = {f"compat.v1.{name}" for name, row in rows if row.in_v1 == symbols.EVERYWHERE}
    assert sorted(always - names_here(KERAS_3)) == []


@pytest.mark.parametrize(
    ("name", "row", "when", "where"),
    [
        ("estimator.tpu.TPUEstimator", "estimator", "2.16", symbols.EVERYWHERE),
        ("compat.v1.estimator.Estimator", "compat.v1.estimator", "2.16", symbols.EVERYWHERE),
        ("contrib.slim.conv2d", "contrib", "2.0", symbols.EVERYWHERE),
        ("layers.dense", "layers", "2.0", symbols.EVERYWHERE),
        ("compat.v1.layers.dense", "compat.v1.layers", "2.16", symbols.WITH_KERAS_3),
        ("compat.v2.layers.dense", "layers", "2.0", symbols.EVERYWHERE),
        ("python.estimator.estimator", "python.estimator", "2.16", symbols.EVERYWHERE),
        ("mul", "mul", symbols.NEVER, symbols.EVERYWHERE),
        ("nn.no_such_name.at_all", "nn.no_such_name", symbols.NEVER, symbols.EVERYWHERE),
    ],
)
def test_find(name: str, row: str, when: str, where: str) -> None:
    found = symbols.find(name)
    assert found is not None
    assert (found.name, found.since, found.where) == (row, when, where)


@pytest.mark.parametrize(
    "name",
    [
        "__version__",
        "compat.v1.flags.FLAGS.batch_size",
        "compat.v1.losses.Reduction.MEAN",
        "compat.v1.train.AdamOptimizer",
        "compat.v2.compat.v1.Session",
        "data.Dataset.from_tensors",
        "keras.layers.Dense",
        "keras.layers.no_such_layer",
        "python.framework.ops",
        "raw_ops.ResourceApplyAdam",
    ],
)
def test_what_is_not_missing(name: str) -> None:
    assert symbols.find(name) is None
