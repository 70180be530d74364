"""A TF_CONFIG cluster of processes on the loopback: parameter server, chief, worker, evaluator."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import tensorflow as tf

from estimator_compat.hooks.early_stopping import read_eval_metrics
from tests.recording import pythons

pytestmark = pytest.mark.subprocess

ROOT = Path(__file__).parents[2]
TASKS = ("ps", "evaluator", "chief", "worker")
MAX_STEPS = 200


def _free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def tasks(tmp_path: Path) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """The processes of the cluster; the evaluator starts before there is a checkpoint."""
    cluster = {job: [_free_address()] for job in ("chief", "ps", "worker")}
    processes = {}
    for task in TASKS:
        config = {"cluster": cluster, "task": {"type": task, "index": 0}}
        processes[task] = subprocess.Popen(
            [
                *pythons.with_tensorflow(),
                "-m",
                "tests.scenarios.cluster_task",
                str(tmp_path / "model"),
            ],
            cwd=ROOT,
            env={**os.environ, "TF_CONFIG": json.dumps(config)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    yield processes
    for process in processes.values():
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_a_cluster_trains_once_and_its_evaluator_ends(
    tasks: dict[str, subprocess.Popen[str]], tmp_path: Path
) -> None:
    for task in ("chief", "worker", "evaluator"):
        out, _ = tasks[task].communicate(timeout=600)
        assert tasks[task].returncode == 0, task
        # The chief and the worker are two workers. The evaluator is not part of the cluster.
        workers = 0 if task == "evaluator" else 2
        assert json.loads(out) == [None, task, task == "chief", workers]
    assert tasks["ps"].poll() is None, "a parameter server serves until it is ended"
    reached = int(tf.train.load_variable(str(tmp_path / "model"), "global_step"))
    # Chief and worker stop when they see the last step. Each may have started one more step.
    assert MAX_STEPS <= reached <= MAX_STEPS + 2
    evaluations = read_eval_metrics(str(tmp_path / "model" / "eval"))
    assert max(evaluations) == reached
    assert evaluations[reached]["loss"] < 0.5
