"""Two processes with TF_CONFIG on the loopback interface."""

import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat import RunConfig
from migrate.hosting.host import host
from migrate.hosting.replicas import worker_strategy
from tests.migrate.hosting.replicas import cases
from tests.models.hosted_programs import INPUT_FNS, X, Y, model_fn
from tests.recording import pythons
from tests.recording.values import from_hex

ROOT = Path(__file__).parents[4]


def ports() -> list[int]:
    """Returns two free ports."""
    sockets = [socket.socket() for _ in range(2)]
    for one in sockets:
        one.bind(("localhost", 0))
    found = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return found


def start(folder: Path, program: str, **options: Any) -> list[subprocess.Popen]:
    """Starts both processes; only the worker dies."""
    jobs = [options.pop("leader", "chief"), "worker"]
    cluster = {job: [f"localhost:{port}"] for job, port in zip(jobs, ports(), strict=True)}
    processes = []
    for job in jobs:
        config = {"cluster": cluster, "task": {"type": job, "index": 0}}
        given = options if job == "worker" else {**options, "dies_after": None}
        command: list[str | Path] = [
            "-m",
            "tests.migrate.hosting.replicas.worker",
            folder,
            program,
            json.dumps(given),
        ]
        processes.append(
            subprocess.Popen(
                [*pythons.with_tensorflow(), *command],
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
    """Waits for both processes; returns their output."""
    try:
        outputs = [process.communicate(timeout=600) for process in processes]
    finally:
        for process in processes:
            process.kill()
    for process, (_, errors) in zip(processes, outputs, strict=True):
        assert process.returncode == 0, errors[-4000:]
    return [json.loads(printed.splitlines()[-1]) for printed, _ in outputs]


def check(found: Any, program: str, *, first: int) -> None:
    """Compares a process's output with the Estimator's two replicas, from a step on."""
    assert found["first"] == first
    cases.check(found["losses"], found["variables"], program, first=first)


@pytest.mark.subprocess
@pytest.mark.slow
@pytest.mark.parametrize(("program", "named"), [("batch_norm", False), ("momentum_l2", True)])
def test_two_processes_train_as_one_with_two_replicas(
    program: str, named: bool, tmp_path: Path
) -> None:
    chief, worker = finished(start(tmp_path, program, named=named))
    check(chief, program, first=1)
    check(worker, program, first=1)
    assert chief["evaluation"] == worker["evaluation"]


@pytest.mark.subprocess
@pytest.mark.slow
def test_the_chief_alone_writes(tmp_path: Path) -> None:
    chief, worker = finished(start(tmp_path, "batch_norm"))
    assert (chief["saved"], worker["saved"]) == ("chief/ckpt-6", "worker/ckpt-6")
    assert os.listdir(tmp_path) == ["chief"]
    events = (str(path.parent.relative_to(tmp_path)) for path in tmp_path.rglob("events*"))
    assert sorted(events) == ["chief", "chief/eval"]
    saved = {int(p.stem.split("-")[1]) for p in (tmp_path / "chief").glob("ckpt-*.index")}
    assert saved == {0, 2, 4, 6}


@pytest.mark.subprocess
@pytest.mark.slow
@pytest.mark.parametrize("leader", ["chief", "master"])
def test_a_step_tells_of_this_process_and_of_all(leader: str, tmp_path: Path) -> None:
    # Losses 1, 2, 3 weigh 1, 0, 1, and losses 6, 8 weigh 3, 1: means 4/2 and 26/4, of all 30/6.
    both = {"loss": 4.25, "average_loss": 5.0, "gradient_norm": 4.25, "learning_rate": 1.0}
    chief, worker = finished(start(tmp_path, "by_hand", leader=leader))
    assert chief == [{**both, "loss_per_example": [1.0, 2.0, 3.0]}] * 2
    assert worker == [{**both, "loss_per_example": [6.0, 8.0]}] * 2


@pytest.mark.subprocess
def test_workers_save_together_by_the_chiefs_clock(tmp_path: Path) -> None:
    finished(start(tmp_path, "momentum_l2", saves={"save_checkpoints_secs": 1e-6}))
    # At the start, and at each return to Python: for summaries, and at the end.
    saved = tf.train.get_checkpoint_state(str(tmp_path / "chief")).all_model_checkpoint_paths
    assert [os.path.basename(path) for path in saved] == [f"ckpt-{n}" for n in (0, 1, 3, 5, 6)]


@pytest.mark.subprocess
@pytest.mark.slow
@pytest.mark.parametrize("legacy", [False, True], ids=["own", "legacy"])
def test_a_run_resumes_after_a_worker_died(legacy: bool, tmp_path: Path) -> None:
    chief, worker = start(tmp_path, "counted", legacy=legacy, dies_after=5)
    worker.communicate(timeout=600)
    assert worker.returncode == 7
    chief.communicate(timeout=600)
    assert chief.returncode != 0  # it cannot add up gradients alone
    assert os.listdir(tmp_path) == ["chief"]
    # The step after the checkpoint at 4 was made, and is made again: `counted` counts examples.
    for found in finished(start(tmp_path, "counted", legacy=legacy)):
        check(found, "counted", first=5)
        assert from_hex(found["variables"]["global_step"]) == [6]


CLUSTER = {"chief": ["a:1"], "worker": ["b:1"]}
CHIEF = {"type": "chief", "index": 0}
EVALUATOR = {"cluster": CLUSTER, "task": {"type": "evaluator", "index": 0}}
ALONE = [{}, {"cluster": {"chief": ["a:1"]}, "task": CHIEF}, EVALUATOR]


@pytest.mark.parametrize("config", ALONE, ids=["none", "one", "evaluator"])
def test_a_process_that_trains_alone_has_no_strategy(
    config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    assert worker_strategy.strategy_from_tf_config() is None


@pytest.mark.parametrize(("config", "trains"), zip(ALONE, [True, True, False], strict=True))
def test_it_trains_on_the_strategy_of_the_config(
    config: Any, trains: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    found = worker_strategy.from_config(RunConfig(train_distribute=strategy))
    assert found is (strategy if trains else None)


# The cluster of TF_CONFIG, the arguments of RunConfig, and the error message.
REFUSED = {
    "ps": ({**CLUSTER, "ps": ["c:1"]}, {}, r"1 parameter server\(s\).*; leave 'ps' out"),
    "ps of one worker": ({"chief": ["a:1"], "ps": ["c:1"]}, {}, "; leave 'ps' out of its cluster"),
    "one process": (
        CLUSTER,
        {"train_distribute": tf.distribute.OneDeviceStrategy("CPU:0")},
        r"\(OneDeviceStrategy\) is for one process, and TF_CONFIG has 2 that train; expected.*"
        "; leave `train_distribute` out for the tf.distribute.MultiWorkerMirroredStrategy",
    ),
    "asynchronous": (
        {"chief": ["a:1"]},
        {"train_distribute": tf.compat.v1.distribute.experimental.ParameterServerStrategy},
        r"`strategy` \(ParameterServerStrategyV1\) is not one whose replicas train in step.*; "
        "expected a MirroredStrategy, .*; pass one as `strategy`, or as `train_distribute`",
    ),
}


@pytest.mark.parametrize(("cluster", "options", "told"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_trained_so_is_refused(
    cluster: Any, options: dict[str, Any], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {name: one() if isinstance(one, type) else one for name, one in options.items()}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": CHIEF}))
    with pytest.raises(ValueError, match=told):
        host(model_fn, input_fn=INPUT_FNS, params={}, config=RunConfig(**options))


def test_a_strategy_that_comes_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    tf.ones([])  # from here on
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": CLUSTER, "task": CHIEF}))
    told = r"^The strategy of TF_CONFIG cannot.*; call `migrate.host`, .*at the beginning of the"
    with pytest.raises(RuntimeError, match=told):
        host(model_fn, input_fn=INPUT_FNS, params={})


def test_an_evaluator_evaluates_and_writes_but_does_not_train(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host(model_fn, input_fn=INPUT_FNS, params={}, config=RunConfig(str(tmp_path))).train(steps=3)
    monkeypatch.setenv("TF_CONFIG", json.dumps(EVALUATOR))
    evaluator = host(model_fn, input_fn=INPUT_FNS, params={}, config=RunConfig(str(tmp_path)))
    evaluator.restore(str(tmp_path))
    assert evaluator.evaluate()["global_step"] == 3
    assert len(list((tmp_path / "eval").glob("events*"))) == 1
    refused = r"is an evaluator, .*; train in the chief and"
    with pytest.raises(ValueError, match=refused):
        evaluator.train(steps=1)
    with pytest.raises(ValueError, match=refused):
        evaluator.train_step({"x": tf.constant(X[:4])}, tf.constant(Y[:4]))


def test_an_input_fn_is_told_which_part_is_its_own() -> None:
    told = []

    def input_fn(input_context: Any = None) -> tf.data.Dataset:
        told.append(input_context)
        return INPUT_FNS["train"]()

    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    loop = host(model_fn, input_fn=input_fn, params={}, config=RunConfig(train_distribute=strategy))
    loop.train(steps=2)
    loop.evaluate(steps=1)
    found = [
        one and (one.num_input_pipelines, one.input_pipeline_id, one.num_replicas_in_sync)
        for one in told
    ]
    assert found == [
        (1, 0, 1),
        (1, 0, 1),
        None,
    ]  # to train, to build and to read; to evaluate, both at once
