"""Strategies in a cluster: what a single call refuses, and two workers on this machine."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

import estimator_compat as api
from estimator_compat.distribution import coordinating
from tests.models import small_model
from tests.recording.pythons import ROOT

STRATEGY = tf.distribute.OneDeviceStrategy("/cpu:0")
WORKERS = {"worker": ["a:1", "b:1"]}


def _estimator(folder: Path) -> api.Estimator:
    return small_model.estimator(folder, train_distribute=STRATEGY, eval_distribute=STRATEGY)


@pytest.mark.parametrize("method", ["train", "evaluate"])
def test_a_cluster_asks_for_train_and_evaluate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": WORKERS}))
    told = r"^Only `STANDALONE_CLIENT` mode is supported when you call `[eE]stimator\.\w+`, given: "
    with pytest.raises(ValueError, match=told + ".*; call it, or unset TF_CONFIG.$"):
        getattr(_estimator(tmp_path), method)(small_model.once)
    with_evaluator = {"cluster": {**WORKERS, "evaluator": ["c:1"]}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(with_evaluator))
    told = "^'evaluator' job is not supported if you don't use `train_and_evaluate`, given: "
    with pytest.raises(ValueError, match=told):
        getattr(_estimator(tmp_path), method)(small_model.once)


def test_the_session_gets_the_cpus_of_the_strategy(tmp_path: Path) -> None:
    class TwoCPUs:
        class extended:
            worker_devices = ("/device:CPU:0", "/device:CPU:1")

        def configure(self, session_config: Any) -> None:
            session_config.allow_soft_placement = False

    config = small_model.estimator(tmp_path).config
    coordinating.configure(STRATEGY, config)
    assert dict(config.session_config.device_count) == {}
    coordinating.configure(TwoCPUs(), config)
    assert dict(config.session_config.device_count) == {"CPU": 2}
    assert not config.session_config.allow_soft_placement


def test_saving_listeners_are_refused(tmp_path: Path) -> None:
    listener = tf.compat.v1.train.CheckpointSaverListener()
    told = "^Saving listenor is not supported by the current .*; leave them out, or use hooks.$"
    with pytest.raises(ValueError, match=told):
        coordinating.train(None, api.RunConfig(), [], [listener])  # type: ignore[arg-type]


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("localhost", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@pytest.mark.slow
@pytest.mark.subprocess
def test_two_workers_train_one_model(tmp_path: Path) -> None:
    """The variables are those that TensorFlow 2.15.1's Estimator trained in the same cluster."""
    cluster = {"worker": [f"localhost:{port}" for port in _free_ports(2)]}
    folder = tmp_path / "model"
    tasks = []
    for index in range(2):
        config = {"cluster": cluster, "task": {"type": "worker", "index": index}}
        command = [sys.executable, "-m", "tests.estimator_compat.distribution.cluster_task"]
        tasks.append(
            subprocess.Popen(
                [*command, str(folder)],
                cwd=ROOT,
                env={**os.environ, "TF_CONFIG": json.dumps(config), "TF_CPP_MIN_LOG_LEVEL": "3"},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    for index, task in enumerate(tasks):
        out, errors = task.communicate(timeout=500)
        assert task.returncode == 0, errors[-3000:]
        told = json.loads(out.splitlines()[-1])
        assert told["seen"] == [[2, index], ["worker", index, index == 0, 2]]
        assert told["result"] is None
        found = told["variables"]
        assert found["dense/bias"] == pytest.approx([0.24121679], rel=1e-5)
        assert found["dense/kernel"] == pytest.approx([0.45462701, 0.47874877], rel=1e-5)
        assert found["global_step"] == [6]
    # All but the chief write where nobody looks.
    assert (folder / "model.ckpt-6.index").exists()
    assert (folder / "tmp_worker_1" / "model.ckpt-6.index").exists()
