"""The checkpoints of an Estimator, written and read by a loop."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from migrate.checkpoint_matching import Matching
from migrate.hosting.checkpoints import legacy_checkpoints
from migrate.hosting.checkpoints.legacy_checkpoints import LegacyCheckpoints
from migrate.hosting.graph.built_graph import build_for_one_device
from migrate.hosting.graph.hosted_graph import host_on_one_device
from migrate.hosting.graph.variables import Variables
from migrate.hosting.host import host
from migrate.targets import Target
from tests.models.hosted_programs import (
    INPUT_FNS,
    Losses,
    hosted,
    model_fn,
    run,
)


def test_an_estimator_resumes_from_what_it_writes(tmp_path: Path) -> None:
    loop = hosted()
    loop.train(steps=10)
    path = loop.save_legacy(str(tmp_path / "model.ckpt"))
    assert path == str(tmp_path / "model.ckpt-10")
    assert tf.train.latest_checkpoint(str(tmp_path)) == path
    resumed, losses = run(tmp_path, steps=5)
    assert resumed.get_variable_value("global_step") == 15
    assert loop.train(steps=5).tolist() == losses


def test_a_partitioned_variable_goes_on_from_a_runs_checkpoint(tmp_path: Path) -> None:
    """The checkpoint has one value of the variable and of each slot; the graph has two parts."""

    def parted(features: Any, labels: Any, mode: str, params: Any) -> Any:
        with tf1.variable_scope("", partitioner=tf1.fixed_size_partitioner(2)):
            return model_fn(features, labels, mode, params)

    config = estimator.RunConfig(str(tmp_path), tf_random_seed=1)
    trained = estimator.Estimator(parted, params={}, config=config)
    trained.train(INPUT_FNS["train"], steps=3)
    loop = host(parted, input_fn=INPUT_FNS, params={})
    loop.restore(str(tmp_path))
    hook = Losses()
    trained.train(INPUT_FNS["train"], hooks=[hook], steps=2)
    assert any(name.endswith("/part_1") for name in loop.variables)
    assert loop.train(steps=2).tolist() == hook.losses


def test_names_and_shapes_are_compared() -> None:
    shapes = {"same": [2], "other": [3, 1], "old": []}
    expected = {
        "same": tf.TensorShape([2]),
        "other": tf.TensorShape([3, 2]),
        "new": tf.TensorShape([]),
    }
    matching = legacy_checkpoints.compare(shapes, expected)
    assert matching == Matching(
        matched=("same",),
        missing=("new",),
        unused=("old",),
        misshapen={"other": ((3, 1), (3, 2))},
    )
    assert legacy_checkpoints.describe(matching) == (
        "it has no value for new; other has the shape (3, 1) in it, and (3, 2) in the model; "
        "expected a checkpoint of this model_fn with these params; check both, or see what fits "
        "with: migrate checkpoint --target"
    )


def test_any_size_fits_one_that_is_not_known() -> None:
    matching = legacy_checkpoints.compare({"v": [7, 2]}, {"v": tf.TensorShape([None, 2])})
    assert matching.exact


def test_long_lists_are_shortened() -> None:
    matching = Matching(matched=(), missing=tuple("abcdefg"), misshapen={})
    text = legacy_checkpoints.describe(matching)
    assert text.startswith("it has no value for a, b, c, d, e and 2 more; expected a checkpoint")


def in_two_parts(features: Any, labels: Any, mode: str) -> Any:
    """The variable `w` is of the shape [4], in two parts of two elements."""
    with tf1.variable_scope("", partitioner=tf1.fixed_size_partitioner(2)):
        weights = tf1.get_variable("w", [4], initializer=tf1.zeros_initializer())
    loss = tf.reduce_sum(features * tf.convert_to_tensor(weights))
    step = tf1.train.get_global_step()
    return estimator.EstimatorSpec(mode, loss=loss, train_op=step.assign_add(1).op)


def small() -> tuple[LegacyCheckpoints, Variables]:
    target = Target(
        model_fn=in_two_parts, input_fns=lambda: tf.data.Dataset.from_tensors(tf.ones([4]))
    )
    variables: Variables = {}
    graph = host_on_one_device(build_for_one_device(target, "train"), variables)
    return LegacyCheckpoints(graph, variables), variables


def test_parts_are_saved_as_one_value_and_restored(tmp_path: Path) -> None:
    saved, variables = small()
    assert saved.variables == {"global_step", "w/part_0", "w/part_1"}
    variables["w/part_0"].assign([1.0, 2.0])
    variables["w/part_1"].assign([3.0, 4.0])
    variables["global_step"].assign(7)
    path = saved.save(str(tmp_path / "new" / "model.ckpt"))
    assert path == str(tmp_path / "new" / "model.ckpt-7")
    reader = tf.train.load_checkpoint(path)
    assert reader.get_variable_to_shape_map() == {"global_step": [], "w": [4]}
    np.testing.assert_array_equal(reader.get_tensor("w"), [1, 2, 3, 4])
    restored, others = small()
    assert restored.matching(path).exact
    restored.restore(path)
    np.testing.assert_array_equal(others["w/part_1"], [3, 4])
    assert int(others["global_step"]) == 7


def test_older_checkpoints_stay_listed_by_relative_names(tmp_path: Path) -> None:
    saved, variables = small()
    for step in (1, 2):
        variables["global_step"].assign(step)
        saved.save(str(tmp_path / "model.ckpt"))
    state = (tmp_path / "checkpoint").read_text()
    assert 'model_checkpoint_path: "model.ckpt-2"' in state
    assert [f'all_model_checkpoint_paths: "model.ckpt-{step}"' in state for step in (1, 2)] == [
        True,
        True,
    ]
    assert str(tmp_path) not in state


def test_what_matches_is_restored_alone(tmp_path: Path) -> None:
    values = {"w": tf.Variable([5.0, 6.0, 7.0, 8.0]), "old": tf.Variable(1.0)}
    path = tf1.train.Saver(values).save(None, str(tmp_path / "other"))
    legacy, variables = small()
    variables["global_step"].assign(3)
    with pytest.raises(ValueError, match="it has no value for global_step; expected a checkpoint"):
        legacy.restore(path)
    np.testing.assert_array_equal(variables["w/part_0"], [0, 0])
    matching = legacy.restore_matched(path)
    assert (matching.missing, matching.unused) == (("global_step",), ("old",))
    np.testing.assert_array_equal(variables["w/part_0"], [5, 6])
    np.testing.assert_array_equal(variables["w/part_1"], [7, 8])
    assert int(variables["global_step"]) == 3
