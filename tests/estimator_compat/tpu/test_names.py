"""The names of the package, and the source of each name."""

import pytest
import tensorflow as tf

import estimator_compat
from estimator_compat import tpu

tf1 = tf.compat.v1


def test_it_is_found_without_an_import_of_its_own() -> None:
    assert estimator_compat.tpu is tpu
    assert estimator_compat.tpu.TPUEstimator is tpu.TPUEstimator


def test_all_names_are_there() -> None:
    assert [name for name in (*tpu.__all__, *dir(tpu)) if not hasattr(tpu, name)] == []


def test_every_public_name_that_tensorflow_still_has_is_there() -> None:
    names = [name for name in dir(tf1.tpu) if not name.startswith("_") and name != "experimental"]
    assert len(names) >= 12
    theirs = [name for name in names if getattr(tpu, name) is getattr(tf1.tpu, name)]
    assert sorted({*names} - {*theirs}) == ["CrossShardOptimizer"]
    assert tpu.Topology is tf1.tpu.experimental.Topology


def test_a_name_that_is_gone_says_what_instead() -> None:
    with pytest.raises(AttributeError, match=r"EmbeddingConfigSpec.*; use feature columns, or"):
        _ = tpu.experimental
    with pytest.raises(AttributeError, match=r"'estimator_compat\.tpu' has no attribute 'nothing'"):
        _ = tpu.nothing
