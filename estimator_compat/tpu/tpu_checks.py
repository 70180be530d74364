"""What TPUEstimator checked under `use_tpu=True`, before such an Estimator is refused."""

from collections.abc import Mapping

import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.tpu.config import InputPipelineConfig, RunConfig, check_positive_integer

SIZE_ARGUMENTS = {
    ModeKeys.TRAIN: "train_batch_size",
    ModeKeys.EVAL: "eval_batch_size",
    ModeKeys.PREDICT: "predict_batch_size",
}
_METHODS = {ModeKeys.EVAL: "evaluate", ModeKeys.PREDICT: "predict"}
_REFUSED = (
    "`use_tpu` is True, which is also the default, and this TPUEstimator runs on CPU and GPU; "
    "expected False; pass `use_tpu=False`, or move the model to tf.distribute.TPUStrategy."
)

BatchSizes = Mapping[str, int | None]


def check_arguments(config: RunConfig, batch_sizes: BatchSizes) -> None:
    """Checks the arguments of a TPUEstimator with `use_tpu=True`, and warns that it cannot run.

    Args:
      config: The RunConfig.
      batch_sizes: The batch size of each mode, or None.

    Raises:
      ValueError: A batch size is missing or below 1, or the model is split over cores whose inputs
        are read for each of them.
      TypeError: A batch size is not an integer.
    """
    if batch_sizes[ModeKeys.TRAIN] is None:
        raise ValueError(
            "`train_batch_size` cannot be `None`; expected the number of examples in a global "
            "batch; pass it."
        )
    settings = config.tpu_config
    by_shard = settings.per_host_input_for_training == InputPipelineConfig.PER_SHARD_V1
    if by_shard and settings.num_cores_per_replica:
        raise ValueError(
            "Model parallelism only supports per host input for training. Given: "
            f"num_cores_per_replica={settings.num_cores_per_replica} without it; expected "
            "per_host_input_for_training=True; please adjust TPUConfig, or split no model."
        )
    for mode, size in batch_sizes.items():
        if size is not None:
            check_positive_integer(size, SIZE_ARGUMENTS[mode])
    tf1.logging.warning("train, evaluate and predict of this TPUEstimator will fail: %s", _REFUSED)


def refuse(mode: str, config: RunConfig, batch_sizes: BatchSizes) -> None:
    """Raises the error of a TPUEstimator with `use_tpu=True` that is trained or evaluated.

    What the original said of this system and these settings comes first.

    Args:
      mode: One of `ModeKeys`.
      config: The RunConfig.
      batch_sizes: The batch size of each mode, or None.

    Raises:
      ValueError: In any case.
    """
    if config.master in ("", "local"):
        _check_system(mode, config, batch_sizes[mode])
    raise ValueError(f"No TPU can be used. {_REFUSED}")


def _check_system(mode: str, config: RunConfig, batch_size: int | None) -> None:
    cores = config.tpu_config.num_cores_per_replica
    cluster = config.session_config.cluster_def if config.session_config else None
    system = private_tensorflow.tpu_system(config.master, cluster, with_topology=bool(cores))
    if not system.num_cores:
        raise ValueError(f"Cannot find any TPU cores in the system. {_REFUSED}")
    per_host_v2 = config.tpu_config.per_host_input_for_training == InputPipelineConfig.PER_HOST_V2
    if cores and not per_host_v2 and cores > system.num_of_cores_per_host:
        raise ValueError(
            "Except the PER_HOST_V2 mode, the num of cores required by model parallelism specified "
            "by TPUConfig.num_cores_per_replica should be less than or equal to the "
            f"num_cores_per_host. num_cores_per_replica: {cores}, num_cores_per_host: "
            f"{system.num_of_cores_per_host}; lower the first, or use PER_HOST_V2."
        )
    replicas = system.num_cores // cores if cores else system.num_cores
    if mode in _METHODS and batch_size is None:
        name, method = SIZE_ARGUMENTS[mode], _METHODS[mode]
        raise ValueError(
            f"{name} in TPUEstimator constructor cannot be `None` if .{method} is running on TPU. "
            f"Expected a number of examples; pass `{name}=`."
        )
    broadcast = config.tpu_config.per_host_input_for_training == InputPipelineConfig.BROADCAST
    if broadcast:
        return
    if batch_size is not None and batch_size % replicas:
        words = SIZE_ARGUMENTS[mode].replace("_", " ")
        raise ValueError(
            f"{words} {batch_size} must be divisible by number of replicas {replicas}; expected a "
            "multiple of it; change the batch size."
        )
    _check_hosts(mode, system.num_hosts, replicas, per_host_v2=per_host_v2)


def _check_hosts(mode: str, hosts: int, replicas: int, *, per_host_v2: bool) -> None:
    """Checks that an evaluation or prediction may run on several hosts."""
    is_allowed = per_host_v2 and (mode == ModeKeys.EVAL or replicas == 1)
    if hosts == 1 or mode == ModeKeys.TRAIN or is_allowed:
        return
    third = "PER_HOST_V2 mode" + (" with num_replicas=1" if mode == ModeKeys.PREDICT else "")
    raise ValueError(
        f"TPUEstimator.{_METHODS[mode]} is only supported under three conditions: 1. num_hosts=1; "
        f"2. BROADCAST mode; 3. {third}. Given: num_hosts: {hosts}; num_replicas: {replicas}; "
        "change `per_host_input_for_training` of the TPUConfig."
    )
