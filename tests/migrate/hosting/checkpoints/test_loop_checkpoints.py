"""A loop's checkpoints: which are kept, and which are restored."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import EstimatorSpec
from migrate.hosting.checkpoints import loop_checkpoints
from migrate.hosting.checkpoints.loop_checkpoints import Checkpoints
from migrate.hosting.graph.built_graph import build_for_one_device
from migrate.hosting.graph.hosted_graph import HostedGraph, host_on_one_device
from migrate.hosting.graph.variables import Variables
from migrate.targets import Target
from tests.models.hosted_programs import (
    INPUT_FNS,
    STEPS,
    Losses,
    config,
    hosted,
    run,
)


def test_it_starts_from_an_estimators_folder(tmp_path: Path) -> None:
    trained, _ = run(tmp_path, steps=10)
    loop = hosted()
    loop.restore(str(tmp_path))
    assert loop.global_step == 10
    hook = Losses()
    trained.train(INPUT_FNS["train"], hooks=[hook], steps=5)
    assert loop.train(steps=5).tolist() == hook.losses


def test_its_own_checkpoints_resume(tmp_path: Path) -> None:
    loop = hosted(tmp_path)
    loop.train(steps=12)
    again = hosted()
    again.restore(str(tmp_path))
    assert again.global_step == 12
    assert again.train(steps=5).tolist() == loop.train(steps=5).tolist()


@pytest.mark.parametrize(
    ("settings", "steps"),  # of 0, 10, 20 and 23
    [
        ({"keep_checkpoint_max": 2}, {20, 23}),
        ({"keep_checkpoint_max": 0}, {0, 10, 20, 23}),
        # Each checkpoint that would be deleted is kept as that of its billionth of an hour.
        ({"keep_checkpoint_max": 1, "keep_checkpoint_every_n_hours": 1e-9}, {0, 10, 20, 23}),
    ],
    ids=["two", "all", "hours"],
)
def test_it_keeps_as_many_checkpoints_as_the_config_says(
    settings: dict[str, float], steps: set[int], tmp_path: Path
) -> None:
    hosted(config=config(tmp_path).replace(**settings)).train(steps=STEPS)
    assert {int(path.stem.split("-")[1]) for path in tmp_path.glob("ckpt-*.index")} == steps


def test_a_checkpoint_of_another_model_restores_nothing(tmp_path: Path) -> None:
    values = {"global_step": np.int64(4), "dense/kernel": np.zeros([3, 5], np.float32)}
    variables = {name: tf.Variable(value) for name, value in values.items()}
    tf1.train.Saver(variables).save(None, str(tmp_path / "other"))
    loop = hosted()
    loop.graph("train")
    before = loop.variables["dense/kernel"].numpy()
    with pytest.raises(ValueError, match=r"kernel has the shape \(3, 5\) in it, and \(3, 4\)"):
        loop.restore(str(tmp_path))
    np.testing.assert_array_equal(loop.variables["dense/kernel"], before)
    assert loop.global_step == 0


def test_a_folder_without_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has no checkpoint; expected the folder of .*; check"):
        hosted().restore(str(tmp_path))


def test_a_path_without_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nothing\) is not a checkpoint; expected the .*; check"):
        hosted().restore(str(tmp_path / "nothing"))


def test_it_needs_a_folder() -> None:
    with pytest.raises(ValueError, match="expected a folder to write the checkpoint to; pass"):
        hosted().save()


def averaging(features: Any, labels: Any, mode: str) -> Any:
    """Trains `weight`; the Saver of PREDICT restores the variable `average` into it."""
    weight = tf1.get_variable("weight", initializer=1.0)
    if mode == "infer":
        saver = tf1.train.Saver({"average": weight})
        scaffold = tf1.train.Scaffold(saver=saver)
        return EstimatorSpec(mode, predictions=weight * features, scaffold=scaffold)
    tf1.get_variable("average", initializer=2.0, trainable=False)
    train_op = tf1.train.get_global_step().assign_add(1).op
    return EstimatorSpec(mode, loss=weight * features, train_op=train_op)


def small(**options: Any) -> tuple[Checkpoints, Variables, dict[str, HostedGraph]]:
    target = Target(model_fn=averaging, input_fns=lambda: tf.data.Dataset.from_tensors(1.0))
    variables: Variables = {}
    graphs = {
        mode: host_on_one_device(build_for_one_device(target, mode), variables)
        for mode in ("train", "infer")
    }
    for name, value in (("weight", 1.5), ("average", 2.5), ("global_step", 3)):
        variables[name].assign(value)
    return Checkpoints(variables, graphs.__getitem__, **{"keep": 2, **options}), variables, graphs


def test_both_formats_are_read_by_the_legacy_names(tmp_path: Path) -> None:
    checkpoints, *_ = small()
    objects = checkpoints.save(str(tmp_path / "objects"))
    names = checkpoints.save_legacy(str(tmp_path / "model.ckpt"))
    assert objects == str(tmp_path / "objects" / "ckpt-3")
    assert names == str(tmp_path / "model.ckpt-3")
    assert [loop_checkpoints.is_legacy(path) for path in (objects, names)] == [False, True]
    expected = {"average": 2.5, "global_step": 3, "weight": 1.5}
    assert loop_checkpoints.read(objects) == loop_checkpoints.read(names) == expected


@pytest.mark.parametrize("legacy", [True, False])
def test_both_formats_are_restored(legacy: bool, tmp_path: Path) -> None:
    saved, variables, _ = small()
    write = saved.save_legacy if legacy else saved.save
    path = write(str(tmp_path / "saved"))
    checkpoints, variables, _ = small()
    for variable in variables.values():
        variable.assign(tf.zeros_like(variable))
    checkpoints.restore(path)
    values = {name: variable.numpy() for name, variable in variables.items()}
    assert values == {"average": 2.5, "global_step": 3, "weight": 1.5}


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("weight", "weight"),
        ("dense.Skernel", "dense/kernel"),
        ("a..b.Sc..d", "a.b/c.d"),
    ],
)
def test_names_are_those_before_they_were_escaped(key: str, name: str) -> None:
    assert loop_checkpoints._legacy_name(f"variables/{key}/.ATTRIBUTES/VARIABLE_VALUE") == name


def test_a_process_that_does_not_write_knows_the_path(tmp_path: Path) -> None:
    checkpoints, *_ = small()
    assert checkpoints.save(str(tmp_path), write=False) == str(tmp_path / "ckpt-3")
    assert list(tmp_path.iterdir()) == []


def test_a_graph_runs_with_the_values_that_its_saver_restores() -> None:
    checkpoints, variables, graphs = small()
    with checkpoints.values_of(graphs["infer"]):
        assert float(variables["weight"]) == 2.5
    assert float(variables["weight"]) == 1.5
    with checkpoints.values_of(graphs["train"]):  # it has no Saver of its own
        assert float(variables["weight"]) == 1.5
    variables["global_step"].assign(0)  # nothing is trained, so that there is no average
    with checkpoints.values_of(graphs["infer"]):
        assert float(variables["weight"]) == 1.5


def test_the_values_come_back_after_an_error() -> None:
    checkpoints, variables, graphs = small()
    with pytest.raises(KeyError), checkpoints.values_of(graphs["infer"]):
        raise KeyError
    assert float(variables["weight"]) == 1.5
