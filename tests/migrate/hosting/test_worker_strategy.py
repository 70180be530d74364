"""Two processes with TF_CONFIG on the loopback interface."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from migrate.hosting import worker_strategy
from tests.migrate.hosting.test_replicas import RECORDED, numbers

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
TASKS = (("chief", 0), ("worker", 0))


def ports() -> list[int]:
    """Finds two that are free."""
    sockets = [socket.socket() for _ in TASKS]
    for one in sockets:
        one.bind(("localhost", 0))
    found = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return found


def start(folder: Path, *arguments: str, dies_after: int | None = None) -> list[subprocess.Popen]:
    """Starts both processes; only the worker dies."""
    cluster = {job: [f"localhost:{port}"] for (job, _), port in zip(TASKS, ports(), strict=True)}
    processes = []
    for job, index in TASKS:
        config = {"cluster": cluster, "task": {"type": job, "index": index}}
        death = [str(dies_after)] if dies_after is not None and job == "worker" else []
        processes.append(
            subprocess.Popen(
                [sys.executable, "-m", "tests.migrate.hosting.worker", folder, *arguments, *death],
                cwd=ROOT,
                env={
                    **os.environ,
                    "TF_CONFIG": json.dumps(config),
                    "TF_CPP_MIN_LOG_LEVEL": "3",
                    "CUDA_VISIBLE_DEVICES": "",
                },
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    return processes


def finished(processes: list[subprocess.Popen]) -> list[Any]:
    """Waits for both; returns what they printed."""
    outputs = [process.communicate(timeout=120) for process in processes]
    for process, (_, errors) in zip(processes, outputs, strict=True):
        assert process.returncode == 0, errors[-4000:]
    return [json.loads(printed.splitlines()[-1]) for printed, _ in outputs]


def losses(found: Any, first: int) -> np.ndarray:
    assert list(found["losses"]) == [str(step) for step in range(first, 7)]
    return numbers(list(found["losses"].values()))


@pytest.mark.parametrize("name", ["batch_norm", "momentum_l2"])
def test_two_processes_train_as_one_with_two_replicas(name: str, tmp_path: Path) -> None:
    real = RECORDED[name]
    for found in finished(start(tmp_path, name, "6")):
        np.testing.assert_allclose(losses(found, 1), numbers(real["losses"]), rtol=1e-6)
        assert found["variables"].keys() == real["variables"].keys()
        for variable, values in real["variables"].items():
            ours = numbers(found["variables"][variable])
            np.testing.assert_allclose(ours, numbers(values), rtol=1e-5, atol=1e-6)


def test_a_run_resumes_after_a_worker_died(tmp_path: Path) -> None:
    chief, worker = start(tmp_path, "counted", "6", dies_after=5)
    worker.communicate(timeout=120)
    assert worker.returncode == 7
    chief.communicate(timeout=120)
    assert chief.returncode != 0  # it cannot add up gradients alone
    # The step after the checkpoint at 4 was made, and is made again.
    real = RECORDED["counted"]
    for found in finished(start(tmp_path, "counted", "6")):
        np.testing.assert_allclose(losses(found, 5), numbers(real["losses"])[4:], rtol=1e-6)
        assert numbers(found["variables"]["global_step"]) == [6]
        for variable, values in real["variables"].items():
            ours = numbers(found["variables"][variable])
            np.testing.assert_allclose(ours, numbers(values), rtol=1e-5, atol=1e-6)


ALONE = [
    {},
    {"cluster": {"chief": ["a:1"]}, "task": {"type": "chief", "index": 0}},
    {
        "cluster": {"chief": ["a:1"], "worker": ["b:1"]},
        "task": {"type": "evaluator", "index": 0},
    },
]


@pytest.mark.parametrize("config", ALONE, ids=["none", "one", "evaluator"])
def test_a_process_that_trains_alone_has_no_strategy(
    config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    assert worker_strategy.from_tf_config() is None


def test_parameter_servers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = {"chief": ["a:1"], "worker": ["b:1"], "ps": ["c:1"]}
    config = {"cluster": cluster, "task": {"type": "chief", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    with pytest.raises(ValueError, match=r"1 parameter server.*leave 'ps' out"):
        worker_strategy.from_tf_config()
