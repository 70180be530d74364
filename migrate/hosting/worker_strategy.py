"""Several processes that train one model: `TF_CONFIG`, read as an Estimator read it."""

import tensorflow as tf

from estimator_compat import cluster


def from_tf_config() -> tf.distribute.MultiWorkerMirroredStrategy | None:
    """Returns the strategy of the cluster that `TF_CONFIG` describes.

    It waits for the other processes, and must be called before TensorFlow has computed anything.
    Each process trains on what its own input yields: a part of the global batch.

    Returns:
      None where this process trains alone, and for an evaluator.

    Raises:
      ValueError, TypeError: `TF_CONFIG` is not one that an Estimator takes, or has parameter
        servers.
    """
    place = cluster.cluster_from(cluster.tf_config())
    if place.num_worker_replicas < 2 or place.task_type == cluster.TaskType.EVALUATOR:
        return None
    if place.num_ps_replicas:
        raise ValueError(
            f"TF_CONFIG has {place.num_ps_replicas} parameter server(s), through which workers "
            "train without waiting for one another; expected a chief and workers, whose gradients "
            "are added up at each step; leave 'ps' out of its cluster, and start no such process."
        )
    jobs = {
        "chief" if job == cluster.TaskType.MASTER else job: place.spec.job_tasks(job)
        for job in place.spec.jobs
        if job != cluster.TaskType.EVALUATOR
    }
    task = "chief" if place.task_type == cluster.TaskType.MASTER else place.task_type
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec(jobs), task_type=task, task_id=place.task_id, rpc_layer="grpc"
    )
    return tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)
