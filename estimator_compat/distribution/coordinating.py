"""Strategies in a cluster: each process runs the task that TF_CONFIG gives it.

TensorFlow still has the Distribute Coordinator, with which the original Estimator did so. It starts
the server of the process, tells the strategy its cluster, and makes MonitoredTrainingSession follow
the strategy: every worker runs the ops that save checkpoints and summaries, since all workers
must run the same collective ops, and all but the chief write to a folder of their own.
"""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import cluster as clusters
from estimator_compat import private_tensorflow
from estimator_compat.config import RunConfig, needs_coordinator
from estimator_compat.runtime import sessions
from estimator_compat.spec import EstimatorSpec
from estimator_compat.type_aliases import Hook

logging = tf1.logging

_MULTI_WORKER = (
    tf.distribute.MultiWorkerMirroredStrategy,
    tf1.distribute.experimental.MultiWorkerMirroredStrategy,
)


def check_single_call(config: RunConfig, method: str) -> None:
    """Checks that the Estimator of a strategy may be called in this process.

    Args:
      config: The RunConfig.
      method: The method that is called, such as "estimator.train".

    Raises:
      ValueError: TF_CONFIG has a cluster, whose processes must call `train_and_evaluate`.
    """
    if not needs_coordinator(config):
        return
    given = f"given: the cluster {config.cluster_spec.as_dict()} of TF_CONFIG and a strategy"
    instead = "expected a call of `train_and_evaluate` in each process; call it, or unset TF_CONFIG"
    if "evaluator" in config.cluster_spec.jobs:
        raise ValueError(
            "'evaluator' job is not supported if you don't use `train_and_evaluate`, "
            f"{given}; {instead}."
        )
    raise ValueError(
        f"Only `STANDALONE_CLIENT` mode is supported when you call `{method}`, {given}; {instead}."
    )


def configure(strategy: tf.distribute.Strategy, config: RunConfig) -> None:
    """Tells a strategy the session's configuration, which the strategy may change.

    A session has one CPU by default. If a strategy has several, their gradients would wait for each
    other for ever, as they did under the original. So the session gets as many CPUs.
    """
    strategy.configure(config.session_config)
    devices = map(tf.DeviceSpec.from_string, strategy.extended.worker_devices)
    indices = [device.device_index for device in devices if device.device_type == "CPU"]
    counts = config.session_config.device_count
    if max(indices, default=0) >= counts.get("CPU", 1):
        counts["CPU"] = max(indices) + 1


def run_task(
    config: RunConfig,
    train: Callable[[RunConfig], None],
    evaluate: Callable[[RunConfig], None],
) -> None:
    """Runs this process's task of a cluster: trains, evaluates, or serves variables.

    Args:
      config: The RunConfig. It has a `train_distribute` and the cluster.
      train: Trains with the RunConfig of this process's task.
      evaluate: Evaluates each checkpoint with the RunConfig of this process's task.
    """
    logging.info("Running `train_and_evaluate` with Distribute Coordinator.")

    def train_on(strategy: Any) -> None:
        train(_config_of_task(config, train_distribute=strategy))

    def evaluate_on(strategy: Any) -> None:
        evaluate(_config_of_task(config, eval_distribute=strategy))

    private_tensorflow.run_distribute_coordinator(
        train_on,
        config.train_distribute,
        evaluate_on,
        config.eval_distribute,
        session_config=config.session_config,
    )


def saves_on_every_worker(strategy: Any) -> bool:
    """Tells whether all workers of a strategy run the ops that save checkpoints and summaries."""
    return isinstance(strategy, _MULTI_WORKER)


def train(
    spec: EstimatorSpec, config: RunConfig, hooks: Sequence[Hook], listeners: Sequence[Any]
) -> Any:
    """Trains in a task of the cluster on a strategy of several workers; returns the last loss.

    Args:
      spec: The EstimatorSpec of this worker's replicas.
      config: The RunConfig of the task.
      hooks: The hooks of every worker.
      listeners: The saving listeners, which are refused.

    Raises:
      ValueError: There are saving listeners.
    """
    if listeners:
        raise ValueError(
            "Saving listenor is not supported by the current Distribution Strategies, given: "
            f"`saving_listeners` ({list(listeners)}); expected none; leave them out, or use hooks."
        )
    return sessions.train_coordinated(
        train_op=spec.train_op,
        loss=spec.loss,
        config=config,
        scaffold=spec.scaffold,
        hooks=hooks,
        chief_only_hooks=spec.training_chief_hooks,
        save_checkpoint_secs=config.save_checkpoints_secs,
        save_checkpoint_steps=config.save_checkpoints_steps,
        save_summaries_steps=config.save_summary_steps,
        log_step_count_steps=config.log_step_count_steps,
    )


def _config_of_task(config: RunConfig, **strategies: Any) -> RunConfig:
    """Returns a RunConfig with the task that the coordinator gave this process."""
    task = private_tensorflow.coordinated_task()
    updated = config.placed(
        clusters.task_in(
            config.cluster_spec,
            task.task_type,
            task.task_id,
            task.master_target,
            is_chief=task.is_chief,
        ),
        **strategies,
    )
    logging.info("Updated config: %s", vars(updated))
    return updated
