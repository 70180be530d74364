"""The checkpoints of an Estimator, written and read by a loop."""

from pathlib import Path
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from migrate.hosting.host import host
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
