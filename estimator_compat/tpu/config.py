"""`RunConfig`, `TPUConfig` and `InputPipelineConfig`: the settings of a TPU program.

On CPU and GPU most of these settings have no effect. They are validated and stored. A program can
therefore set them and read them.
"""

import re
from typing import Any, NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf1

from estimator_compat import cluster as clusters
from estimator_compat import config as run_config
from estimator_compat.cluster import TaskType

_ITERATIONS = re.compile(r"([1-9]\d*)([smh]?)")
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_CORES = (1, 2, 4, 8, 16, 32, 64, 128)


class InputPipelineConfig:
    """Where an input_fn runs on a TPU system. On CPU and GPU it runs once."""

    PER_SHARD_V1 = 1
    PER_HOST_V1 = 2
    PER_HOST_V2 = 3
    BROADCAST = 4
    SLICED = 5


class Iterations(NamedTuple):
    """The length of a TPU training loop.

    Attributes:
      value: Number of global steps, or of seconds.
      unit: `count` for global steps, or `seconds`.
    """

    value: int
    unit: str


def parse_iterations(iterations_per_loop: int | str) -> Iterations:
    """Parses a number of steps, or a time such as `30s`, `60m` or `1h`.

    Raises:
      ValueError: `iterations_per_loop` is neither.
    """
    match = _ITERATIONS.fullmatch(str(iterations_per_loop))
    if match is None:
        raise ValueError(
            "Invalid TPUConfig `iterations_per_loop` value. Value must be positive integer value "
            f"or time-based value `<N><s|m|h>`, given: {iterations_per_loop!r}; write for example "
            "100, '3600s', '60m' or '1h'."
        )
    number, suffix = match.groups()
    if not suffix:
        return Iterations(int(number), "count")
    return Iterations(int(number) * _SECONDS[suffix], "seconds")


def check_positive_integer(value: Any, name: str) -> None:
    """Checks that a value is a positive integer.

    Args:
      value: The value.
      name: Name of the setting, for the error.

    Raises:
      TypeError: The value is not an integer.
      ValueError: The value is below 1.
    """
    if not isinstance(value, int | np.integer):
        raise TypeError(
            f"{name} must be int, got {type(value)}: {value!r}; expected a positive integer; "
            "convert it with int()."
        )
    if value <= 0:
        raise ValueError(
            f"{name} must be positive, got {value}; expected a positive integer; raise it."
        )


def _check_partition(dims: Any, per_host_input: Any, cores: int | None) -> None:
    if len(dims) not in (1, 2):
        raise ValueError(
            "input_partition_dims must be a list/tuple with one or two elements, given: "
            f"{dims}; expected the dims of the features and, if there are labels, of the labels; "
            "nest them within these two elements."
        )
    if per_host_input is not InputPipelineConfig.PER_HOST_V2:
        raise ValueError(
            "input_partition_dims is only supported in PER_HOST_V2 mode, given: "
            f"per_host_input_for_training={per_host_input}; expected InputPipelineConfig."
            "PER_HOST_V2; set it, or leave input_partition_dims out."
        )
    if cores is None:
        raise ValueError(
            "input_partition_dims requires setting num_cores_per_replica, given: None; expected "
            f"one of {_CORES}; set it, or leave input_partition_dims out."
        )


def _tpu_job_name() -> str | None:
    service = clusters.tf_config().get("service") or {}
    name = service.get("tpu_worker_job_name")
    if name:
        tf1.logging.info("Load TPU job name from TF_CONFIG: %s", name)
    return name


class _Fields(NamedTuple):
    iterations_per_loop: int | str
    num_shards: int | None
    num_cores_per_replica: int | None
    per_host_input_for_training: int
    tpu_job_name: str | None
    initial_infeed_sleep_secs: int | None
    input_partition_dims: Any
    eval_training_input_configuration: int
    experimental_host_call_every_n_steps: int
    experimental_allow_per_host_v2_parallel_get_next: bool
    experimental_feed_hook: Any


class TPUConfig(_Fields):
    """The TPU settings of a `RunConfig`.

    On CPU and GPU only `iterations_per_loop` and `eval_training_input_configuration` have an
    effect. `iterations_per_loop` determines how often the speed is reported. If it is a number, the
    speed is reported every `log_step_count_steps / iterations_per_loop` steps, rounded up, as in
    the original. If it is a time, this is the time between two reports.

    Attributes:
      iterations_per_loop: Steps of a TPU training loop, or a time such as `60m`.
      num_shards: Number of replicas; deprecated.
      num_cores_per_replica: Number of cores for one replica of a model that is split over cores: a
        power of two, at most 128, or None.
      per_host_input_for_training: An `InputPipelineConfig`. True means PER_HOST_V1, False means
        PER_SHARD_V1.
      tpu_job_name: Name of the TPU worker's job; None for the name in TF_CONFIG's `service`.
      initial_infeed_sleep_secs: Seconds before the first batch.
      input_partition_dims: How features and labels are split over cores.
      eval_training_input_configuration: PER_HOST_V1 or SLICED. SLICED works on TPUs only: on CPU
        and GPU evaluation and prediction raise an error.
      experimental_host_call_every_n_steps: Steps between two host calls. On CPU and GPU, host calls
        run at every step.
      experimental_allow_per_host_v2_parallel_get_next: Not used.
      experimental_feed_hook: Not used.

    Raises:
      TypeError: A value is not an integer.
      ValueError: A value is out of its range.
    """

    __slots__ = ()

    def __new__(
        cls,
        iterations_per_loop: int | str = 2,
        num_shards: int | None = None,
        num_cores_per_replica: int | None = None,
        per_host_input_for_training: Any = True,
        tpu_job_name: str | None = None,
        initial_infeed_sleep_secs: int | None = None,
        input_partition_dims: Any = None,
        eval_training_input_configuration: int = InputPipelineConfig.PER_HOST_V1,
        experimental_host_call_every_n_steps: int = 1,
        experimental_allow_per_host_v2_parallel_get_next: bool = False,
        experimental_feed_hook: Any = None,
    ) -> "TPUConfig":
        """Validates the fields."""
        parse_iterations(iterations_per_loop)
        if num_shards is not None:
            check_positive_integer(num_shards, "TPUConfig num_shards")
        if input_partition_dims is not None:
            _check_partition(
                input_partition_dims, per_host_input_for_training, num_cores_per_replica
            )
        if num_cores_per_replica not in (None, *_CORES):
            raise ValueError(
                "num_cores_per_replica must be 1, 2, 4, 8, 16, 32, 64, 128; got "
                f"{num_cores_per_replica}; leave it out if the model is not split over cores."
            )
        if eval_training_input_configuration not in (
            InputPipelineConfig.PER_HOST_V1,
            InputPipelineConfig.SLICED,
        ):
            raise ValueError(
                "eval_training_input_configuration must be PER_HOST_V1 or SLICED; got "
                f"{eval_training_input_configuration}; leave it out for PER_HOST_V1."
            )
        if initial_infeed_sleep_secs:
            check_positive_integer(initial_infeed_sleep_secs, "TPUConfig initial_infeed_sleep_secs")
        if isinstance(per_host_input_for_training, bool):
            per_host_input_for_training = (
                InputPipelineConfig.PER_HOST_V1
                if per_host_input_for_training
                else InputPipelineConfig.PER_SHARD_V1
            )
        return super().__new__(
            cls,
            iterations_per_loop=iterations_per_loop,
            num_shards=num_shards,
            num_cores_per_replica=num_cores_per_replica,
            per_host_input_for_training=per_host_input_for_training,
            tpu_job_name=tpu_job_name or _tpu_job_name(),
            initial_infeed_sleep_secs=initial_infeed_sleep_secs,
            input_partition_dims=input_partition_dims,
            eval_training_input_configuration=eval_training_input_configuration,
            experimental_host_call_every_n_steps=experimental_host_call_every_n_steps,
            experimental_allow_per_host_v2_parallel_get_next=(
                experimental_allow_per_host_v2_parallel_get_next
            ),
            experimental_feed_hook=experimental_feed_hook,
        )


class RunConfig(run_config.RunConfig):
    """A `RunConfig` with a `TPUConfig`, which `TPUEstimator` requires.

    Args:
      tpu_config: A `TPUConfig`; None for a default one.
      evaluation_master: Target of evaluation sessions; None for TF_CONFIG's, or for `master` if
        TF_CONFIG has none.
      master: Target of training sessions; `''` for this process, None for TF_CONFIG's.
      cluster: A `tf.distribute.cluster_resolver.ClusterResolver`, instead of `master`.
      **kwargs: The arguments of `estimator_compat.RunConfig`.

    Raises:
      ValueError: `master` and `cluster` are both given, or `cluster` and a `cluster_def` in the
        session config.
    """

    def __init__(
        self,
        tpu_config: TPUConfig | None = None,
        evaluation_master: str | None = None,
        master: str | None = None,
        cluster: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        # The base class adds device filters to the session config of a cluster. A TPU program has
        # no device filters.
        self._session_config = kwargs.get("session_config")
        self._tpu_config = tpu_config or TPUConfig()
        self._cluster = cluster
        if master is not None and cluster is not None:
            raise ValueError(
                f"Both master and cluster are set, given: {master!r} and {cluster}; expected one "
                "of them; leave the other out."
            )
        if master is not None:
            self._master = master
        elif cluster:
            self._master = cluster.master()
        if evaluation_master is not None:
            self._evaluation_master = evaluation_master
        elif not self._evaluation_master and self.task_type != TaskType.EVALUATOR:
            self._evaluation_master = self._master
        if cluster:
            self._join(cluster.cluster_spec())

    def _join(self, cluster_spec: Any) -> None:
        """Sets the cluster to a ClusterResolver's cluster, and adds it to the session config."""
        self._cluster_spec = cluster_spec
        if self._session_config is None:
            self._session_config = tf1.ConfigProto(
                allow_soft_placement=True, isolate_session_state=True
            )
        if self._session_config.HasField("cluster_def"):
            raise ValueError(
                "You cannot provide a ClusterResolver and session_config.cluster_def; expected "
                "one cluster; leave cluster_def out of the session_config."
            )
        if cluster_spec:
            self._session_config.cluster_def.CopyFrom(cluster_spec.as_cluster_def())

    @property
    def tpu_config(self) -> TPUConfig:
        """The TPU settings."""
        return self._tpu_config

    @property
    def cluster(self) -> Any:
        """The ClusterResolver, or None."""
        return self._cluster

    def replace(self, **properties: Any) -> "RunConfig":
        """Returns a copy with some properties changed; `tpu_config` can be changed, too.

        See `estimator_compat.RunConfig.replace`.
        """
        tpu_config = properties.pop("tpu_config", self._tpu_config)
        replaced = super().replace(**properties)
        assert isinstance(replaced, RunConfig)
        vars(replaced).update(_tpu_config=tpu_config)
        return replaced
