"""The strategy of several processes that train one model, as `TF_CONFIG` describes them."""

import functools

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import cluster as clusters
from estimator_compat.cluster import TaskType
from estimator_compat.config import RunConfig, needs_coordinator

_MULTI_WORKER = (
    tf.distribute.MultiWorkerMirroredStrategy,
    tf1.distribute.experimental.MultiWorkerMirroredStrategy,
)


def from_config(config: RunConfig) -> tf.distribute.Strategy | None:
    """Returns the strategy of a RunConfig, or the strategy of its cluster.

    A RunConfig reads its cluster and its own task from `TF_CONFIG`. If there were several workers
    and no strategy, an Estimator trained with parameter servers: each worker applied its gradients
    as soon as it had them. Here the workers wait for each other and train on one
    MultiWorkerMirroredStrategy. Its constructor waits for the other processes, and must be called
    before TensorFlow has computed anything. Each process trains on its own input.

    Args:
      config: The RunConfig.

    Returns:
      The strategy; None if this process trains alone, and for an evaluator.

    Raises:
      ValueError: The cluster has parameter servers, or the strategy is not for several workers.
      RuntimeError: The strategy must be created, but TensorFlow has computed something.
    """
    config = with_own_task(config)
    if config.task_type == TaskType.EVALUATOR:
        return None
    if config.num_ps_replicas:
        raise ValueError(
            f"TF_CONFIG has {config.num_ps_replicas} parameter server(s), through which workers "
            "train without waiting for one another; expected a chief and workers, whose gradients "
            "are added up at each step; leave 'ps' out of its cluster, and start no such process."
        )
    strategy = config.train_distribute
    if config.num_worker_replicas < 2:
        return strategy
    if strategy is None:
        return _cluster_strategy(config.cluster_spec, config.task_type, config.task_id)
    if not isinstance(strategy, _MULTI_WORKER):
        raise ValueError(
            f"`train_distribute` of the RunConfig ({type(strategy).__name__}) is for one process, "
            f"and TF_CONFIG has {config.num_worker_replicas} that train; expected a strategy for "
            "all of them, or none; leave `train_distribute` out for the "
            "tf.distribute.MultiWorkerMirroredStrategy of TF_CONFIG, or unset TF_CONFIG."
        )
    return strategy


def with_own_task(config: RunConfig) -> RunConfig:
    """Returns a RunConfig that says which task TF_CONFIG gives this process.

    A RunConfig with a strategy and a cluster describes a single process, because an Estimator
    learned its task from `train_and_evaluate`. A loop has to know its task from the beginning.

    Args:
      config: The RunConfig.

    Raises:
      ValueError, TypeError: An Estimator without a strategy would not accept `TF_CONFIG`.
    """
    if not needs_coordinator(config):
        return config
    return config.placed(clusters.cluster_from(clusters.tf_config()))


def strategy_from_tf_config() -> tf.distribute.MultiWorkerMirroredStrategy | None:
    """Returns the strategy of the cluster that `TF_CONFIG` describes: see `from_config`.

    Raises:
      ValueError, TypeError: An Estimator would not accept `TF_CONFIG`, or it has parameter servers.
      RuntimeError: The strategy must be created, but TensorFlow has computed something.
    """
    return from_config(RunConfig())


def _cluster_strategy(
    spec: tf.train.ClusterSpec, task: str, index: int
) -> tf.distribute.MultiWorkerMirroredStrategy:
    """Returns the strategy of a cluster's chief and workers. A master counts as the chief."""
    names = {TaskType.MASTER: TaskType.CHIEF}
    jobs = tuple(
        (names.get(job, job), tuple(spec.job_tasks(job)))
        for job in spec.jobs
        if job != TaskType.EVALUATOR
    )
    return _strategy(jobs, names.get(task, task), index)


@functools.cache
def _strategy(
    jobs: tuple[tuple[str, tuple[str, ...]], ...], task: str, index: int
) -> tf.distribute.MultiWorkerMirroredStrategy:
    """Creates the strategy once; a second one would start the process's server again."""
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({job: list(tasks) for job, tasks in jobs}),
        task_type=task,
        task_id=index,
        rpc_layer="grpc",
    )
    try:
        return tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)
    except RuntimeError as error:
        raise RuntimeError(
            f"The strategy of TF_CONFIG cannot be created any more: {error}; expected a process in "
            "which TensorFlow has computed nothing; call `migrate.host`, or "
            "`worker_strategy.strategy_from_tf_config`, at the beginning of the program."
        ) from error


def input_context(strategy: tf.distribute.Strategy) -> tf.distribute.InputContext:
    """Returns the `input_context` that an Estimator passed to an input_fn."""
    resolver = strategy.cluster_resolver
    spec = resolver.cluster_spec() if resolver else tf.train.ClusterSpec({})
    counts = {job: spec.num_tasks(job) for job in spec.jobs}
    chiefs, workers = counts.get(TaskType.CHIEF, 0), counts.get(TaskType.WORKER, 0)
    pipeline_id = int(resolver.task_id or 0) if resolver else 0
    if resolver and resolver.task_type == TaskType.WORKER:
        pipeline_id += chiefs
    return tf.distribute.InputContext(
        num_input_pipelines=max(1, chiefs + workers),
        input_pipeline_id=pipeline_id,
        num_replicas_in_sync=strategy.num_replicas_in_sync,
    )
