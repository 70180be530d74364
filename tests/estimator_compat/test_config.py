"""RunConfig's defaults and checks, as TF 2.15.1 has them."""

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat import RunConfig
from estimator_compat.config import default_session_config

tf1 = tf.compat.v1

# `vars(tf.estimator.RunConfig())` of TF 2.15.1, the ClusterSpec excepted.
DEFAULTS = {
    "model_dir": None,
    "tf_random_seed": None,
    "save_summary_steps": 100,
    "save_checkpoints_steps": None,
    "save_checkpoints_secs": 600,
    "session_config": None,
    "keep_checkpoint_max": 5,
    "keep_checkpoint_every_n_hours": 10000,
    "log_step_count_steps": 100,
    "train_distribute": None,
    "device_fn": None,
    "protocol": None,
    "eval_distribute": None,
    "experimental_max_worker_delay_secs": None,
    "session_creation_timeout_secs": 7200,
    "checkpoint_save_graph_def": True,
    "task_type": "worker",
    "task_id": 0,
    "global_id_in_cluster": 0,
    "master": "",
    "evaluation_master": "",
    "is_chief": True,
    "num_ps_replicas": 0,
    "num_worker_replicas": 1,
    "service": None,
}


@pytest.fixture(autouse=True)
def _no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)


def test_defaults() -> None:
    config = RunConfig()
    assert {name: getattr(config, name) for name in DEFAULTS} == DEFAULTS
    assert config.cluster_spec.as_dict() == {}
    assert set(vars(config)) == {
        *("_" + name for name in DEFAULTS),
        "_cluster_spec",
        "_experimental_distribute",
    }


INTERVALS = [
    ({"save_checkpoints_steps": 5}, (5, None)),
    ({"save_checkpoints_steps": None}, (None, None)),
    ({"save_checkpoints_secs": 5}, (None, 5)),
    ({"save_checkpoints_secs": None}, (None, None)),
    ({"save_checkpoints_steps": 5, "save_checkpoints_secs": None}, (5, None)),
    ({"save_checkpoints_steps": None, "save_checkpoints_secs": None}, (None, None)),
]


@pytest.mark.parametrize(("given", "expected"), INTERVALS, ids=str)
def test_one_kind_of_checkpoint_interval(given: dict[str, Any], expected: Any) -> None:
    config = RunConfig(**given)
    assert (config.save_checkpoints_steps, config.save_checkpoints_secs) == expected
    if any(given.values()):
        config = RunConfig().replace(**given)
        assert (config.save_checkpoints_steps, config.save_checkpoints_secs) == expected


REFUSED: dict[str, list[Any]] = {
    "model_dir": [""],
    "save_summary_steps": [-1],
    "save_checkpoints_steps": [-1],
    "save_checkpoints_secs": [-1],
    "session_config": [3],
    "keep_checkpoint_max": [-1],
    "keep_checkpoint_every_n_hours": [0, -1],
    "log_step_count_steps": [0, -1],
    "tf_random_seed": ["a", 1.5],
    "experimental_max_worker_delay_secs": [1.5],
    "session_creation_timeout_secs": [0, -1],
    "device_fn": [3, lambda x: 1, lambda op, other: 1, lambda: 1, lambda op, other=2: 1],
    "protocol": ["http", ""],
}
ACCEPTED: dict[str, list[Any]] = {
    "save_summary_steps": [0, None],
    "save_checkpoints_steps": [0],
    "save_checkpoints_secs": [0],
    "session_config": [tf1.ConfigProto()],
    "keep_checkpoint_max": [0, None],
    "keep_checkpoint_every_n_hours": [0.5],
    "log_step_count_steps": [1, None],
    "tf_random_seed": [0, True],
    "device_fn": [lambda op: "/cpu:0"],
    "protocol": ["grpc", "grpc+verbs"],
    "checkpoint_save_graph_def": [False],
}


def _cases(table: dict[str, list[Any]]) -> list[Any]:
    return [
        pytest.param(name, value, id=f"{name}-{index}")
        for name, values in table.items()
        for index, value in enumerate(values)
    ]


@pytest.mark.parametrize(("name", "value"), _cases(REFUSED))
def test_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name} .*leave it out"):
        RunConfig(**{name: value})
    with pytest.raises(ValueError, match=f"{name} .*leave it out"):
        RunConfig().replace(**{name: value})


@pytest.mark.parametrize(("name", "value"), _cases(ACCEPTED))
def test_accepted(name: str, value: Any) -> None:
    assert getattr(RunConfig(**{name: value}), name) == value


def test_both_intervals() -> None:
    both = {"save_checkpoints_steps": 1, "save_checkpoints_secs": 1}
    for build in (RunConfig, RunConfig().replace):
        with pytest.raises(ValueError, match="leave one out"):
            build(**both)


@pytest.mark.parametrize("name", ["task_type", "master", "size"])
def test_what_cannot_be_replaced(name: str) -> None:
    with pytest.raises(ValueError, match=f"Replacing {name} is not supported"):
        RunConfig().replace(**{name: 1})


def test_replace_leaves_the_original() -> None:
    config = RunConfig()
    assert config.replace(model_dir="there").model_dir == "there"
    assert config.model_dir is None


def test_a_property_cannot_be_set() -> None:
    config = RunConfig()
    with pytest.raises(AttributeError, match=r"config.replace\(model_dir=...\)"):
        config.model_dir = "there"
    assert config.model_dir is None


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))])
def test_copies(copied: Any) -> None:
    config = RunConfig(model_dir="there", tf_random_seed=3, session_config=tf1.ConfigProto())
    assert {name: getattr(copied(config), name) for name in DEFAULTS} == {
        **DEFAULTS,
        "model_dir": "there",
        "tf_random_seed": 3,
        "session_config": tf1.ConfigProto(),
    }


def test_a_path_becomes_text() -> None:
    assert RunConfig(model_dir=Path("a") / "b").model_dir == str(Path("a") / "b")


def test_the_session_config_makes_one_pass_of_the_graph_optimizer() -> None:
    config = default_session_config()
    assert config.allow_soft_placement
    rewrite = config.graph_options.rewrite_options
    assert rewrite.meta_optimizer_iterations == rewrite.ONE
