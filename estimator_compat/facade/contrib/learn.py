"""Parts of `tf.contrib.learn` that `tf.estimator` programs use, such as its `RunConfig`."""

from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat import config
from estimator_compat.type_aliases import Hook


class ModeKeys:
    """The modes of `tf.contrib.learn`; `INFER` is its name of `tf.estimator`'s PREDICT."""

    TRAIN = "train"
    EVAL = "eval"
    INFER = "infer"

    @classmethod
    def validate(cls, key: str) -> None:
        """Raises a ValueError for a key that is not a mode."""
        if key not in (cls.TRAIN, cls.EVAL, cls.INFER):
            raise ValueError(
                f"Invalid mode {key}; expected train, eval or infer; pass one of these modes."
            )


def replace_monitors_with_hooks(monitors_or_hooks: Any, estimator: Any) -> list[Hook]:
    """Returns a list of hooks.

    Differs from TensorFlow 1.15, which turned monitors into hooks: TensorFlow 2 has no monitors.

    Args:
      monitors_or_hooks: The hooks, or None.
      estimator: Not used. TensorFlow 1.15 passed it to monitors.

    Raises:
      TypeError: An element is not a SessionRunHook.
    """
    del estimator
    hooks = list(monitors_or_hooks or [])
    for hook in hooks:
        if not isinstance(hook, tf1.train.SessionRunHook):
            raise TypeError(
                f"{hook!r:.100} in `monitors_or_hooks` is not a SessionRunHook; expected hooks "
                "alone, since TensorFlow 2 has no monitors; write it as a hook."
            )
    return hooks


class RunConfig(config.RunConfig):
    """A RunConfig that can set the masters of its sessions.

    Args:
      master: The address of the master of training sessions; "" for this process, None for the
        address of TF_CONFIG.
      num_cores: The number of threads in `tf_config`; 0 for as many as TensorFlow chooses. An
        Estimator of `tf.estimator` reads `session_config` instead of `tf_config`.
      log_device_placement: Whether `tf_config` logs the device of each operation.
      gpu_memory_fraction: The share of a GPU's memory in `tf_config`.
      tf_random_seed: As for `tf.estimator.RunConfig`.
      save_summary_steps: As for `tf.estimator.RunConfig`.
      save_checkpoints_secs: Seconds between checkpoints. 0 stands for 600, or for None if
        `save_checkpoints_steps` is given.
      save_checkpoints_steps: As for `tf.estimator.RunConfig`.
      keep_checkpoint_max: As for `tf.estimator.RunConfig`.
      keep_checkpoint_every_n_hours: As for `tf.estimator.RunConfig`.
      log_step_count_steps: As for `tf.estimator.RunConfig`.
      protocol: As for `tf.estimator.RunConfig`.
      evaluation_master: The address of the master of evaluation sessions; "" for this process.
      model_dir: As for `tf.estimator.RunConfig`.
      session_config: As for `tf.estimator.RunConfig`.
      session_creation_timeout_secs: As for `tf.estimator.RunConfig`.
    """

    def __init__(
        self,
        master: str | None = None,
        num_cores: int = 0,
        log_device_placement: bool = False,
        gpu_memory_fraction: float = 1,
        tf_random_seed: int | None = None,
        save_summary_steps: int | None = 100,
        save_checkpoints_secs: int | None = 0,
        save_checkpoints_steps: int | None = None,
        keep_checkpoint_max: int = 5,
        keep_checkpoint_every_n_hours: float = 10000,
        log_step_count_steps: int | None = 100,
        protocol: str | None = None,
        evaluation_master: str = "",
        model_dir: Any = None,
        session_config: Any = None,
        session_creation_timeout_secs: int = 7200,
    ) -> None:
        if save_checkpoints_secs == 0:
            save_checkpoints_secs = 600 if save_checkpoints_steps is None else None
        super().__init__(
            model_dir=model_dir,
            tf_random_seed=tf_random_seed,
            save_summary_steps=save_summary_steps,
            save_checkpoints_steps=save_checkpoints_steps,
            save_checkpoints_secs=save_checkpoints_secs,
            session_config=session_config,
            keep_checkpoint_max=keep_checkpoint_max,
            keep_checkpoint_every_n_hours=keep_checkpoint_every_n_hours,
            log_step_count_steps=log_step_count_steps,
            protocol=protocol,
            session_creation_timeout_secs=session_creation_timeout_secs,
        )
        if not self.cluster_spec:
            vars(self).update(_task_type=None, _num_worker_replicas=0)
        if master is not None:
            self._master = master
        self._evaluation_master = evaluation_master
        self.tf_config = tf1.ConfigProto(
            log_device_placement=log_device_placement,
            inter_op_parallelism_threads=num_cores,
            intra_op_parallelism_threads=num_cores,
            gpu_options=tf1.GPUOptions(per_process_gpu_memory_fraction=gpu_memory_fraction),
        )
