"""The settings of a TPU program: how they are read, their defaults, and the masters."""

import json
from typing import Any

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

from estimator_compat.tpu import config
from estimator_compat.tpu.config import InputPipelineConfig, Iterations, RunConfig, TPUConfig


@pytest.mark.parametrize(
    ("given", "parsed"),
    [
        (100, Iterations(100, "count")),
        ("100", Iterations(100, "count")),
        ("30s", Iterations(30, "seconds")),
        ("60m", Iterations(3600, "seconds")),
        ("2h", Iterations(7200, "seconds")),
    ],
)
def test_iterations(given: Any, parsed: Iterations) -> None:
    assert config.parse_iterations(given) == parsed


@pytest.mark.parametrize("given", [0, -1, 1.5, "", "0s", "1d", "1 h", "h", None])
def test_other_iterations_are_refused(given: Any) -> None:
    with pytest.raises(ValueError, match="write for example 100, '3600s', '60m' or '1h'"):
        config.parse_iterations(given)


def test_positive_integers() -> None:
    config.check_positive_integer(1, "a")
    config.check_positive_integer(np.int64(2), "a")
    with pytest.raises(ValueError, match=r"a must be positive, got 0; .*; raise it"):
        config.check_positive_integer(0, "a")
    with pytest.raises(TypeError, match=r"a must be int, got .*: '1'; .*convert it with int\(\)"):
        config.check_positive_integer("1", "a")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (True, InputPipelineConfig.PER_HOST_V1),
        (False, InputPipelineConfig.PER_SHARD_V1),
        (InputPipelineConfig.BROADCAST, InputPipelineConfig.BROADCAST),
    ],
)
def test_where_an_input_fn_runs(given: Any, kept: int) -> None:
    assert TPUConfig(per_host_input_for_training=given).per_host_input_for_training == kept


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ({"num_shards": 0}, "TPUConfig num_shards must be positive"),
        ({"num_cores_per_replica": 3}, "got 3; leave it out"),
        ({"eval_training_input_configuration": 3}, "got 3; leave it out for PER_HOST_V1"),
        ({"initial_infeed_sleep_secs": -1}, "initial_infeed_sleep_secs must be positive"),
        ({"input_partition_dims": [1, 2, 3]}, "nest them within these two elements"),
        ({"input_partition_dims": [1]}, "set it, or leave input_partition_dims out"),
        (
            {
                "input_partition_dims": [1],
                "per_host_input_for_training": InputPipelineConfig.PER_HOST_V2,
            },
            "requires setting num_cores_per_replica",
        ),
    ],
    ids=["shards", "cores", "evaluation", "sleep", "dims", "dims alone", "dims without cores"],
)
def test_refused(given: dict[str, Any], advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        TPUConfig(**given)


def test_partitions_of_the_input_are_kept() -> None:
    kept = TPUConfig(
        input_partition_dims=[[2, 1]],
        num_cores_per_replica=2,
        per_host_input_for_training=InputPipelineConfig.PER_HOST_V2,
    )
    assert kept.input_partition_dims == [[2, 1]]


def test_the_job_of_tf_config(monkeypatch: pytest.MonkeyPatch) -> None:
    service = {"service": {"tpu_worker_job_name": "of the service"}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(service))
    assert TPUConfig().tpu_job_name == "of the service"
    assert TPUConfig(tpu_job_name="mine").tpu_job_name == "mine"
    monkeypatch.delenv("TF_CONFIG")
    assert TPUConfig().tpu_job_name is None


class Resolver:
    """A cluster of one worker, as a ClusterResolver describes it."""

    def master(self) -> str:
        return "grpc://worker:1"

    def cluster_spec(self) -> Any:
        return tf1.train.ClusterSpec({"worker": ["worker:1"]})


@pytest.mark.parametrize(
    ("given", "masters"),
    [
        ({}, ("", "")),
        ({"master": "a"}, ("a", "a")),
        ({"master": "a", "evaluation_master": "b"}, ("a", "b")),
        ({"cluster": Resolver()}, ("grpc://worker:1", "grpc://worker:1")),
    ],
    ids=["none", "master", "both", "cluster"],
)
def test_masters(given: dict[str, Any], masters: tuple[str, str]) -> None:
    run = RunConfig(**given)
    assert (run.master, run.evaluation_master) == masters


def test_a_resolvers_cluster_is_joined() -> None:
    run = RunConfig(cluster=Resolver())
    assert run.cluster_spec.as_dict() == {"worker": ["worker:1"]}
    (job,) = run.session_config.cluster_def.job
    assert (job.name, dict(job.tasks)) == ("worker", {0: "worker:1"})
    assert run.session_config.isolate_session_state


def test_two_clusters_are_refused() -> None:
    with pytest.raises(ValueError, match="leave the other out"):
        RunConfig(master="a", cluster=Resolver())
    session_config = tf1.ConfigProto()
    session_config.cluster_def.job.add(name="worker")
    with pytest.raises(ValueError, match="leave cluster_def out of the session_config"):
        RunConfig(cluster=Resolver(), session_config=session_config)


def test_a_replaced_tpu_config() -> None:
    first = RunConfig(tpu_config=TPUConfig(4), save_checkpoints_steps=3)
    second = first.replace(tpu_config=TPUConfig(8)).replace(save_summary_steps=5)
    assert (first.tpu_config[0], second.tpu_config[0]) == (4, 8)
    assert (second.save_summary_steps, second.save_checkpoints_steps) == (5, 3)
