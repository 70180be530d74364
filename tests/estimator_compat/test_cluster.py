"""This process's place in the cluster of TF_CONFIG, as TF 2.15.1 reads it."""

import json
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat import RunConfig, cluster

CHIEF = {"chief": ["h0:1"], "ps": ["h1:1", "h2:1"], "worker": ["h3:1", "h4:1"]}
MASTER = {"master": ["h0:1"], "ps": ["h1:1", "h2:1"], "worker": ["h3:1", "h4:1"]}
SESSIONS = {"session_master": "x", "eval_session_master": "y"}


def task(cluster: Any, kind: Any, index: Any) -> dict[str, Any]:
    return {"cluster": cluster, "task": {"type": kind, "index": index}}


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch) -> Any:
    def build(tf_config: Any, **arguments: Any) -> RunConfig:
        text = tf_config if isinstance(tf_config, str) else json.dumps(tf_config)
        monkeypatch.setenv("TF_CONFIG", text)
        return RunConfig(**arguments)

    return build


# (task_type, task_id, global id, master, evaluation_master, is_chief, ps, workers)
PLACES = {
    "chief": (task(CHIEF, "chief", 0), ("chief", 0, 0, "grpc://h0:1", "", True, 2, 3)),
    "worker": (task(CHIEF, "worker", 1), ("worker", 1, 2, "grpc://h4:1", "", False, 2, 3)),
    "index_as_text": (task(CHIEF, "worker", "1"), ("worker", 1, 2, "grpc://h4:1", "", False, 2, 3)),
    "ps": (task(CHIEF, "ps", 1), ("ps", 1, 4, "grpc://h2:1", "", False, 2, 3)),
    "evaluator": (task(CHIEF, "evaluator", 3), ("evaluator", 3, None, "", "", False, 0, 0)),
    "master": (task(MASTER, "master", 0), ("master", 0, 0, "grpc://h0:1", "", True, 2, 3)),
    "masters_worker": (task(MASTER, "worker", 0), ("worker", 0, 1, "grpc://h3:1", "", False, 2, 3)),
    "chief_alone": (task({"chief": ["a:1"]}, "chief", 0), ("chief", 0, 0, "", "", True, 0, 1)),
    "no_cluster": ({"task": {"type": "worker", "index": 0}}, ("worker", 0, 0, "", "", True, 0, 1)),
    "sessions": (SESSIONS, ("worker", 0, 0, "x", "y", True, 0, 1)),
    "workers_session": (
        {**task(CHIEF, "worker", 0), **SESSIONS},
        ("worker", 0, 1, "x", "", False, 2, 3),
    ),
    "evaluators_session": (
        {**task(CHIEF, "evaluator", 0), **SESSIONS},
        ("evaluator", 0, None, "", "y", False, 0, 0),
    ),
}


@pytest.mark.parametrize(("tf_config", "place"), PLACES.values(), ids=PLACES)
def test_place(config: Any, tf_config: Any, place: Any) -> None:
    got = config(tf_config)
    assert (
        got.task_type,
        got.task_id,
        got.global_id_in_cluster,
        got.master,
        got.evaluation_master,
        got.is_chief,
        got.num_ps_replicas,
        got.num_worker_replicas,
    ) == place
    alone = got.task_type == "evaluator" or "cluster" not in tf_config
    assert got.cluster_spec.as_dict() == ({} if alone else tf_config["cluster"])


FILTERS = {
    "chief": ["/job:ps", "/job:chief"],
    "worker": ["/job:ps", "/job:worker/task:0"],
    "ps": ["/job:ps", "/job:worker", "/job:chief", "/job:master"],
}


@pytest.mark.parametrize("kind", FILTERS)
def test_a_process_of_a_cluster_sees_the_parameter_servers_only(config: Any, kind: str) -> None:
    assert list(config(task(CHIEF, kind, 0)).session_config.device_filters) == FILTERS[kind]


def test_an_evaluator_has_no_session_config(config: Any) -> None:
    assert config(task(CHIEF, "evaluator", 0)).session_config is None


def test_the_model_dir_and_the_service_of_the_platform(config: Any) -> None:
    assert config({"model_dir": "there"}).model_dir == "there"
    assert config({"model_dir": "there"}, model_dir="there").model_dir == "there"
    assert config({"service": {"a": 1}}).service == {"a": 1}


REFUSED = {
    "no_json": ("{oops", ValueError, "unset it to run in one process"),
    "empty": ("", ValueError, "unset it to run in one process"),
    "list": ("[1]", ValueError, 'write {"cluster"'),
    "null": ("null", ValueError, 'write {"cluster"'),
    "task_list": ({"task": [1]}, ValueError, 'write {"cluster"'),
    "no_task": ({"cluster": CHIEF}, ValueError, "say which process this is"),
    "no_type": (task(CHIEF, None, 0), ValueError, "say which process this is"),
    "no_index": (task(CHIEF, "worker", None), ValueError, "say which process this is"),
    "no_chief": (task({"worker": ["a:1"]}, "worker", 0), ValueError, "one address under 'chief'"),
    "two_chiefs": (task({"chief": ["a:1", "b:1"]}, "chief", 0), ValueError, "one address under"),
    "two_masters": (task({"master": ["a:1", "b:1"]}, "master", 0), ValueError, "one address und"),
    "both": (
        task({"chief": ["a:1"], "master": ["b:1"]}, "chief", 0),
        ValueError,
        "`chief` or `master`",
    ),
    "masters_evaluator": (task(MASTER, "evaluator", 0), ValueError, "name the node that leads"),
    "unknown_type": (task(CHIEF, "zz", 0), ValueError, "choose one of"),
    "index_too_large": (task(CHIEF, "worker", 2), ValueError, "choose one below 2"),
    "index_negative": (task(CHIEF, "worker", -1), ValueError, "count from 0"),
    "chief_without_cluster": (
        {"task": {"type": "chief", "index": 0}},
        ValueError,
        "name the cluster or leave the task out",
    ),
    "cluster_list": ({"cluster": ["a:1"]}, TypeError, 'write {"chief": \\["host:port"\\]'),
    "cluster_of_text": (task({"chief": "a:1"}, "chief", 0), TypeError, 'write {"chief": '),
    "index_word": (task(CHIEF, "worker", "x"), ValueError, r"is not a number; .*; count from 0"),
    "index_without_cluster": (
        {"task": {"type": "worker", "index": 1}},
        ValueError,
        "name the cluster or leave the task out",
    ),
    "service_number": ({"service": 3}, TypeError, "write it as a JSON object"),
    "model_dir_empty": ({"model_dir": ""}, ValueError, "leave it out for a temporary one"),
}


@pytest.mark.parametrize(("tf_config", "error", "advice"), REFUSED.values(), ids=REFUSED)
def test_refused(config: Any, tf_config: Any, error: Any, advice: str) -> None:
    with pytest.raises(error, match=advice):
        config(tf_config)


def test_two_model_dirs(config: Any) -> None:
    with pytest.raises(ValueError, match="set one of them"):
        config({"model_dir": "there"}, model_dir="here")


def test_a_process_that_trains_on_the_devices_of_all_tasks() -> None:
    """It has no task, and TensorFlow 2.15.1 gave it the id 0."""
    spec = tf.train.ClusterSpec(CHIEF)
    found = cluster.task_in(spec, None, None, "grpc://h0:1", is_chief=True)
    assert (found.global_id, found.master, found.is_chief) == (0, "grpc://h0:1", True)
    assert (found.num_worker_replicas, found.num_ps_replicas) == (3, 2)
