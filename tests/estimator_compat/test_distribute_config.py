"""Which strategies a RunConfig takes, and what it makes of TF_CONFIG beside one."""

import copy
import json
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.config import RunConfig, needs_coordinator
from estimator_compat.distribute_config import DistributeConfig

ONE, OTHER = (tf.distribute.OneDeviceStrategy("/cpu:0") for _ in range(2))
WORKERS = {"worker": ["a:1", "b:1"]}
CHIEF = {"chief": ["a:1"], "worker": ["b:1"]}


class TPUStrategyV2:
    """Stands for TensorFlow's, which only a TPU can make."""


# Arguments of a RunConfig, the cluster of TF_CONFIG, and the message.
REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "train twice": (
        {"train_distribute": ONE, "experimental_distribute": DistributeConfig(OTHER)},
        {},
        r"^Either `train_distribute` or `experimental_distribute.train_distribute` can be set, "
        "given: .*; expected one strategy; leave one of them out.$",
    ),
    "eval twice": (
        {"eval_distribute": ONE, "experimental_distribute": DistributeConfig(None, OTHER)},
        {},
        "^Either `eval_distribute` or .*; leave one of them out.$",
    ),
    "TPU": (
        {"train_distribute": TPUStrategyV2()},
        {},
        r"^`train_distribute` \(.*TPUStrategyV2.*; expected a strategy for these, such as .*; pass "
        "one, or train in a loop of TensorFlow 2",
    ),
    "TPU in experimental_distribute": (
        {"experimental_distribute": DistributeConfig(None, TPUStrategyV2())},
        {},
        r"^`experimental_distribute.eval_distribute` \(.*TPUStrategyV2",
    ),
    "remote cluster": (
        {"experimental_distribute": DistributeConfig(ONE, None, WORKERS)},
        {},
        r"^`experimental_distribute.remote_cluster` \(.*\) is a cluster that one client trains on.*"
        "; expected a program that each .*; set TF_CONFIG in each process",
    ),
    "two clusters": (
        {"experimental_distribute": DistributeConfig(ONE, None, WORKERS)},
        WORKERS,
        '^Cannot set both "cluster_spec" of TF_CONFIG and `experimental_distribute.remote_cluster`'
        ", given: .*; expected the first; leave `remote_cluster` out.$",
    ),
}


def _set_cluster(monkeypatch: pytest.MonkeyPatch, cluster: Any, task: str = "worker") -> None:
    config = {"cluster": cluster, "task": {"type": task, "index": 0}} if cluster else {}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))


@pytest.mark.parametrize(("arguments", "cluster", "told"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(
    arguments: Any, cluster: Any, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _set_cluster(monkeypatch, cluster)
    with pytest.raises(ValueError, match=told):
        RunConfig(**arguments)


def test_a_strategy_of_parameter_servers_that_sessions_cannot_use() -> None:
    strategy = object.__new__(tf.distribute.experimental.ParameterServerStrategy)
    told = (
        "^Please use `tf.compat.v1.distribute.experimental.ParameterServerStrategy` for parameter "
        r"server strategy with estimator, given: `eval_distribute` \(.*; expected a strategy that "
        "trains in sessions; or leave it out"
    )
    with pytest.raises(ValueError, match=told):
        RunConfig(eval_distribute=strategy)


def test_experimental_distribute_sets_both() -> None:
    config = RunConfig(experimental_distribute=DistributeConfig(ONE, OTHER))
    assert (config.train_distribute, config.eval_distribute) == (ONE, OTHER)
    assert RunConfig(experimental_distribute=DistributeConfig()).train_distribute is None
    beside = RunConfig(eval_distribute=ONE, experimental_distribute=DistributeConfig(OTHER))
    assert (beside.train_distribute, beside.eval_distribute) == (OTHER, ONE)


def test_a_copy_has_the_same_strategies() -> None:
    """A strategy with a running server cannot be copied."""
    config = RunConfig(train_distribute=ONE, session_config=tf.compat.v1.ConfigProto())
    copied = copy.deepcopy(config)
    assert copied.train_distribute is ONE
    assert copied.session_config is not config.session_config
    assert config.replace(save_summary_steps=3).train_distribute is ONE


@pytest.mark.parametrize("cluster", [WORKERS, CHIEF], ids=["workers", "chief"])
def test_a_strategy_in_a_cluster_waits_for_train_and_evaluate(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As recorded from TensorFlow 2.15.1: worker 0 of 1 in each process, with the cluster."""
    _set_cluster(monkeypatch, cluster)
    config = RunConfig(train_distribute=ONE)
    assert needs_coordinator(config)
    assert config.cluster_spec.as_dict() == cluster
    assert (config.task_type, config.task_id, config.master) == ("worker", 0, "")
    assert (config.is_chief, config.num_worker_replicas) == (True, 1)


def test_a_cluster_without_a_strategy_for_training_does_not_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _set_cluster(monkeypatch, CHIEF)
    config = RunConfig(eval_distribute=ONE)
    assert not needs_coordinator(config)
    assert (config.is_chief, config.num_worker_replicas) == (False, 2)
