"""`RunConfig`: where, how often and in which cluster an Estimator runs."""

import copy
import os
import tempfile
from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import cluster as clusters
from estimator_compat.cluster import TaskType
from estimator_compat.distribute_config import check_remote_cluster, chosen_strategies
from estimator_compat.runtime import user_functions

__all__ = [
    "RunConfig",
    "TaskType",
    "complete_config",
    "default_session_config",
    "needs_coordinator",
    "path_to_str",
    "replica_device",
]

logging = tf1.logging
_USE_DEFAULT = object()

_REPLACEABLE = (
    "model_dir",
    "tf_random_seed",
    "save_summary_steps",
    "save_checkpoints_steps",
    "save_checkpoints_secs",
    "session_config",
    "keep_checkpoint_max",
    "keep_checkpoint_every_n_hours",
    "log_step_count_steps",
    "train_distribute",
    "device_fn",
    "protocol",
    "eval_distribute",
    "experimental_distribute",
    "experimental_max_worker_delay_secs",
    "session_creation_timeout_secs",
    "checkpoint_save_graph_def",
)

# Name of a property, the condition that its value must satisfy unless it is None, and the condition
# in words.
_CHECKS: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("model_dir", bool, "should be non-empty"),
    ("save_summary_steps", lambda n: n >= 0, "should be >= 0"),
    ("save_checkpoints_steps", lambda n: n >= 0, "should be >= 0"),
    ("save_checkpoints_secs", lambda n: n >= 0, "should be >= 0"),
    ("session_config", lambda c: isinstance(c, tf1.ConfigProto), "must be instance of ConfigProto"),
    ("keep_checkpoint_max", lambda n: n >= 0, "should be >= 0"),
    ("keep_checkpoint_every_n_hours", lambda n: n > 0, "should be > 0"),
    ("log_step_count_steps", lambda n: n > 0, "should be > 0"),
    ("tf_random_seed", lambda n: isinstance(n, int), "must be integer"),
    (
        "experimental_max_worker_delay_secs",
        lambda n: isinstance(n, int),
        "must be an integer if set",
    ),
    ("session_creation_timeout_secs", lambda n: n > 0, "should be > 0"),
    (
        "device_fn",
        lambda f: callable(f) and user_functions.argument_names(f) == ("op",),
        'must be callable with exactly one argument "op"',
    ),
    ("protocol", lambda p: p in ("grpc", "grpc+verbs"), "should be grpc or grpc+verbs"),
)


def path_to_str(path: Any) -> Any:
    """Converts a `PathLike` to a str; returns any other object as it is."""
    return tf.compat.as_str_any(os.fspath(path)) if hasattr(path, "__fspath__") else path


def _rewrite_once(**settings: Any) -> Any:
    """Builds a ConfigProto whose graph optimizer makes one pass, as the original Estimator did."""
    config = tf1.ConfigProto(allow_soft_placement=True, **settings)
    rewrite = config.graph_options.rewrite_options
    rewrite.meta_optimizer_iterations = rewrite.ONE
    return config


def default_session_config() -> Any:
    """Returns the ConfigProto of an Estimator whose RunConfig has no `session_config`."""
    return _rewrite_once()


def _distributed_session_config(task_type: str, task_id: int) -> Any:
    filters = {
        TaskType.MASTER: ["/job:ps", "/job:master"],
        TaskType.CHIEF: ["/job:ps", "/job:chief"],
        TaskType.WORKER: ["/job:ps", f"/job:worker/task:{task_id}"],
        TaskType.PS: ["/job:ps", "/job:worker", "/job:chief", "/job:master"],
    }.get(task_type)
    return _rewrite_once(device_filters=filters) if filters else None


def _model_dir(tf_config: dict[str, Any], model_dir: Any) -> Any:
    """Returns the `model_dir` of the RunConfig, or the one of TF_CONFIG."""
    tf_config_dir = tf_config.get("model_dir")
    for value, words in (
        (model_dir, "model_dir should be non-empty"),
        (tf_config_dir, "model_dir in TF_CONFIG should be non-empty"),
    ):
        if value == "":
            raise ValueError(
                f"{words}, given: ''; expected a folder or None; leave it out for a temporary one."
            )
    if model_dir and tf_config_dir and model_dir != tf_config_dir:
        raise ValueError(
            "`model_dir` provided in RunConfig construct, if set, must have the same value as the "
            f"model_dir in TF_CONFIG. model_dir: {model_dir}, TF_CONFIG['model_dir']: "
            f"{tf_config_dir}; set one of them."
        )
    return model_dir or tf_config_dir


class _ReadOnly:
    """A read-only property whose value is the attribute of the same name with a leading `_`."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = "_" + name

    def __get__(self, config: Any, owner: type | None = None) -> Any:
        return self if config is None else getattr(config, self._name)

    def __set__(self, config: Any, value: Any) -> None:
        raise AttributeError(
            f"`{self._name[1:]}` of a RunConfig cannot be set, given: {value!r}; expected a new "
            f"RunConfig; use `config = config.replace({self._name[1:]}=...)`."
        )


class RunConfig:
    """How an Estimator runs: where it writes, how often, with which seed, in which cluster.

    The environment variable TF_CONFIG describes the cluster and this process's task. The properties
    `cluster_spec`, `task_type`, `task_id`, `master`, `is_chief`, `num_ps_replicas`,
    `num_worker_replicas` and `global_id_in_cluster` are read from it; see
    `estimator_compat.cluster`.

    Args:
      model_dir: Folder of checkpoints and event files; None for the `model_dir` of TF_CONFIG or of
        the Estimator.
      tf_random_seed: The graph's seed, an int; None for a random seed.
      save_summary_steps: Global steps between summaries; None or 0 for no summaries.
      save_checkpoints_steps: Global steps between checkpoints; None by default.
      save_checkpoints_secs: Seconds between checkpoints. The default is 600, or None if
        `save_checkpoints_steps` is passed. If both are None, no checkpoints are saved.
      session_config: A ConfigProto; None for the Estimator's default.
      keep_checkpoint_max: Number of checkpoints to keep; 0 for all.
      keep_checkpoint_every_n_hours: Hours between checkpoints that are kept for ever.
      log_step_count_steps: Global steps between log lines with the loss and the speed; None for no
        such lines.
      train_distribute: The `tf.distribute.Strategy` whose replicas train the model. Each replica
        takes a whole batch of the input_fn.
      eval_distribute: The `tf.distribute.Strategy` whose replicas evaluate the model.
      experimental_distribute: A `distribute_config.DistributeConfig` that sets both, or None.
      device_fn: Function that takes an op and returns its device.
      protocol: The protocol of servers; None for `grpc`.
      experimental_max_worker_delay_secs: Longest delay, in seconds, before a worker starts.
      session_creation_timeout_secs: Seconds for which a worker waits for the chief's session.
      checkpoint_save_graph_def: Whether graph.pbtxt and `.meta` files are written.

    Raises:
      ValueError: A value is out of its range, or both checkpoint intervals are set.
    """

    model_dir = _ReadOnly()
    tf_random_seed = _ReadOnly()
    save_summary_steps = _ReadOnly()
    save_checkpoints_steps = _ReadOnly()
    save_checkpoints_secs = _ReadOnly()
    session_config = _ReadOnly()
    keep_checkpoint_max = _ReadOnly()
    keep_checkpoint_every_n_hours = _ReadOnly()
    log_step_count_steps = _ReadOnly()
    train_distribute = _ReadOnly()
    device_fn = _ReadOnly()
    protocol = _ReadOnly()
    eval_distribute = _ReadOnly()
    experimental_distribute = _ReadOnly()
    experimental_max_worker_delay_secs = _ReadOnly()
    session_creation_timeout_secs = _ReadOnly()
    checkpoint_save_graph_def = _ReadOnly()
    cluster_spec = _ReadOnly()
    task_type = _ReadOnly()
    task_id = _ReadOnly()
    global_id_in_cluster = _ReadOnly()
    master = _ReadOnly()
    evaluation_master = _ReadOnly()
    is_chief = _ReadOnly()
    num_ps_replicas = _ReadOnly()
    num_worker_replicas = _ReadOnly()
    service = _ReadOnly()

    def __init__(
        self,
        model_dir: Any = None,
        tf_random_seed: int | None = None,
        save_summary_steps: int | None = 100,
        save_checkpoints_steps: Any = _USE_DEFAULT,
        save_checkpoints_secs: Any = _USE_DEFAULT,
        session_config: Any = None,
        keep_checkpoint_max: int = 5,
        keep_checkpoint_every_n_hours: float = 10000,
        log_step_count_steps: int | None = 100,
        train_distribute: Any = None,
        device_fn: Callable[..., str] | None = None,
        protocol: str | None = None,
        eval_distribute: Any = None,
        experimental_distribute: Any = None,
        experimental_max_worker_delay_secs: int | None = None,
        session_creation_timeout_secs: int = 7200,
        checkpoint_save_graph_def: bool = True,
    ) -> None:
        if save_checkpoints_secs is _USE_DEFAULT:
            save_checkpoints_secs = 600 if save_checkpoints_steps is _USE_DEFAULT else None
        if save_checkpoints_steps is _USE_DEFAULT:
            save_checkpoints_steps = None
        config = clusters.tf_config()
        strategies = chosen_strategies(train_distribute, eval_distribute, experimental_distribute)
        _assign(
            self,
            model_dir=_model_dir(config, path_to_str(model_dir)),
            tf_random_seed=tf_random_seed,
            save_summary_steps=save_summary_steps,
            save_checkpoints_steps=save_checkpoints_steps,
            save_checkpoints_secs=save_checkpoints_secs,
            session_config=session_config,
            keep_checkpoint_max=keep_checkpoint_max,
            keep_checkpoint_every_n_hours=keep_checkpoint_every_n_hours,
            log_step_count_steps=log_step_count_steps,
            train_distribute=strategies.train,
            device_fn=device_fn,
            protocol=protocol,
            eval_distribute=strategies.evaluation,
            experimental_distribute=experimental_distribute,
            experimental_max_worker_delay_secs=experimental_max_worker_delay_secs,
            session_creation_timeout_secs=session_creation_timeout_secs,
            checkpoint_save_graph_def=checkpoint_save_graph_def,
        )
        if any((*strategies, experimental_distribute)):
            self._place_with_strategies(config)
        else:
            self._place_in(clusters.cluster_from(config))

    def _place_with_strategies(self, config: dict[str, Any]) -> None:
        """Reads the cluster, unless `train_and_evaluate` is to tell each process its task."""
        logging.info("Initializing RunConfig with distribution strategies.")
        spec = clusters.cluster_spec(config)
        check_remote_cluster(self.experimental_distribute, spec.as_dict())
        self._distribute_coordinator_mode: str | None = None
        if not spec or TaskType.MASTER in spec.jobs or not self.train_distribute:
            self._place_in(clusters.cluster_from(config))
            logging.info("Not using Distribute Coordinator.")
            return
        self._place_in(clusters.cluster_from({}))
        self._cluster_spec = spec
        self._distribute_coordinator_mode = "independent_worker"
        logging.info(
            "RunConfig initialized for Distribute Coordinator with INDEPENDENT_WORKER mode"
        )

    def _place_in(self, cluster: clusters.Cluster) -> None:
        self._cluster_spec = cluster.spec
        self._task_type = cluster.task_type
        self._task_id = cluster.task_id
        self._global_id_in_cluster = cluster.global_id
        self._master = cluster.master
        self._evaluation_master = cluster.evaluation_master
        self._is_chief = cluster.is_chief
        self._num_ps_replicas = cluster.num_ps_replicas
        self._num_worker_replicas = cluster.num_worker_replicas
        self._service = cluster.service
        if not self.session_config and self.cluster_spec:
            self._session_config = _distributed_session_config(self.task_type, self.task_id)

    def __deepcopy__(self, memo: dict[int, Any]) -> "RunConfig":
        """Returns a copy with the same strategies; one with a running server cannot be copied."""
        copied = copy.copy(self)
        for name, value in vars(self).items():
            kept = name.endswith("_distribute")
            vars(copied)[name] = value if kept else copy.deepcopy(value, memo)
        return copied

    def placed(self, cluster: clusters.Cluster, **strategies: Any) -> "RunConfig":
        """Returns a copy whose properties describe this process's task in a cluster.

        Args:
          cluster: The cluster and the task.
          **strategies: Those of `train_distribute` and `eval_distribute` that are replaced.
        """
        copied = self.replace(**strategies)
        vars(copied)["_distribute_coordinator_mode"] = None
        copied._place_in(cluster)  # noqa: SLF001
        return copied

    def replace(self, **properties: Any) -> "RunConfig":
        """Returns a copy with some properties changed.

        A new value of one checkpoint interval sets the other one to None.

        Args:
          **properties: Name to value. Properties that TF_CONFIG sets cannot be changed.

        Raises:
          ValueError: A property cannot be changed, or a value is out of its range.
        """
        unknown = sorted(set(properties) - set(_REPLACEABLE))
        if unknown:
            raise ValueError(
                f"Replacing {', '.join(unknown)} is not supported. Allowed properties are "
                f"{list(_REPLACEABLE)}; set the others through TF_CONFIG."
            )
        steps, seconds = "save_checkpoints_steps", "save_checkpoints_secs"
        if properties.get(steps) is not None:
            properties.setdefault(seconds, None)
        elif properties.get(seconds) is not None:
            properties.setdefault(steps, None)
        replaced = copy.deepcopy(self)
        _assign(replaced, **properties)
        return replaced


def _assign(config: RunConfig, **properties: Any) -> None:
    """Sets properties of a RunConfig that is being made.

    Raises:
      ValueError: A value is out of its range, or both checkpoint intervals are set.
    """
    for name, value in properties.items():
        setattr(config, "_" + name, value)
    steps, seconds = config.save_checkpoints_steps, config.save_checkpoints_secs
    if steps is not None and seconds is not None:
        raise ValueError(
            "`save_checkpoints_steps` and `save_checkpoints_secs` cannot be both set, given: "
            f"{steps} and {seconds}; leave one out."
        )
    for name, holds, condition in _CHECKS:
        value = getattr(config, name)
        if value is not None and not holds(value):
            raise ValueError(f"{name} {condition}, given: {value!r}; change it or leave it out.")


def needs_coordinator(config: RunConfig) -> bool:
    """Tells whether `train_and_evaluate` must tell each process of a cluster its task.

    It is so for a strategy and a cluster without a `master`. Such a RunConfig describes a single
    process, except that it has the `cluster_spec`, as that of the original did.
    """
    return bool(vars(config).get("_distribute_coordinator_mode"))


def complete_config(config: RunConfig | None, model_dir: str | None) -> RunConfig:
    """Fills in the `session_config` and the `model_dir` of an Estimator's RunConfig.

    Args:
      config: The RunConfig; None for a default one.
      model_dir: The Estimator's `model_dir`; None for the RunConfig's, or a temporary folder if it
        has none.

    Raises:
      ValueError: `config` is not a RunConfig, or has another `model_dir`.
    """
    if config is None:
        config = RunConfig()
        logging.info("Using default config.")
    if not isinstance(config, RunConfig):
        raise ValueError(
            f"config must be an instance of `RunConfig`, but provided {config}; expected "
            "estimator_compat.RunConfig; build one."
        )
    if config.session_config is None:
        config = config.replace(session_config=default_session_config())
    if model_dir is not None and config.model_dir not in (None, model_dir):
        raise ValueError(
            "`model_dir` are set both in constructor and `RunConfig`, but with different values. "
            f"In constructor: {model_dir!r}, in `RunConfig`: {config.model_dir!r}; set one."
        )
    if not model_dir and config.model_dir is None:
        model_dir = tempfile.mkdtemp()
        logging.warning("Using temporary folder as model directory: %s", model_dir)
    return config.replace(model_dir=model_dir) if model_dir else config


def replica_device(config: RunConfig) -> Any:
    """Returns the device function that places variables on parameter servers.

    Returns None if the cluster has no parameter servers.
    """
    if config.num_ps_replicas == 0:
        return None
    return tf1.train.replica_device_setter(
        ps_tasks=config.num_ps_replicas,
        worker_device=f"/job:{config.task_type}/task:{config.task_id}",
        merge_devices=True,
        cluster=config.cluster_spec,
    )
