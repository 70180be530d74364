"""What is left of `tf.contrib.learn`: `ModeKeys`, and a `RunConfig` that `tf.estimator` took."""

from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat import config


class ModeKeys:
    """The modes of `tf.contrib.learn`: `INFER` was the name of prediction."""

    TRAIN = "train"
    EVAL = "eval"
    INFER = "infer"

    @classmethod
    def validate(cls, key: str) -> None:
        """Raises a ValueError for anything but a mode."""
        if key not in (cls.TRAIN, cls.EVAL, cls.INFER):
            raise ValueError(
                f"Invalid mode {key}; expected train, eval or infer; pass one of them."
            )


def replace_monitors_with_hooks(monitors_or_hooks: Any, estimator: Any) -> list[Any]:
    """Returns the hooks; monitors, which became hooks here, are gone.

    Raises:
      TypeError: One of them is not a SessionRunHook.
    """
    given = list(monitors_or_hooks or [])
    for one in given:
        if not isinstance(one, tf1.train.SessionRunHook):
            raise TypeError(
                f"{one!r:.100} in `monitors_or_hooks` is not a SessionRunHook; expected hooks "
                "alone, since monitors went with TensorFlow 2; write it as a hook."
            )
    return given


class RunConfig(config.RunConfig):
    """A RunConfig that can name its sessions' targets.

    Args:
      master, evaluation_master: Addresses of the sessions' targets, `""` for this process; None
        for TF_CONFIG's.
      num_cores, log_device_placement, gpu_memory_fraction: What `tf_config` holds. An Estimator
        of `tf.estimator` reads `session_config` instead, then and now.
      save_checkpoints_secs: 0 is the default of 600, unless steps are given.
      others: As for `tf.estimator.RunConfig`.
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
