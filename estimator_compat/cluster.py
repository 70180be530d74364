"""The cluster that `TF_CONFIG` describes, and this process's task in it."""

import dataclasses
import json
import os
from collections.abc import Mapping
from typing import Any

import tensorflow as tf


class TaskType:
    """The task types of a cluster. A `master` is a chief that also evaluates."""

    MASTER = "master"
    PS = "ps"
    WORKER = "worker"
    CHIEF = "chief"
    EVALUATOR = "evaluator"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster and this process's task in it. The defaults describe a single process.

    Attributes:
      spec: The `tf.train.ClusterSpec`; empty for a single process and for an evaluator.
      task_type: The task type of this process, one of `TaskType`.
      task_id: Index of this process among the tasks of its type.
      master: Target of training sessions; `''` for this process.
      evaluation_master: Target of evaluation sessions; `''` for this process.
      is_chief: Whether this process initializes variables, saves checkpoints and writes summaries.
      num_ps_replicas: Number of parameter servers.
      num_worker_replicas: Number of workers, including the chief.
      global_id: Index of this process among all tasks: chief first, then workers, then parameter
        servers. None for an evaluator.
      service: The `service` entry of TF_CONFIG, in which a platform describes itself, or None.
    """

    spec: Any = dataclasses.field(default_factory=lambda: tf.train.ClusterSpec({}))
    task_type: str = TaskType.WORKER
    task_id: int = 0
    master: str = ""
    evaluation_master: str = ""
    is_chief: bool = True
    num_ps_replicas: int = 0
    num_worker_replicas: int = 1
    global_id: int | None = 0
    service: dict[str, Any] | None = None


def tf_config() -> dict[str, Any]:
    """Reads the environment variable TF_CONFIG; returns an empty dict if it is not set.

    Raises:
      ValueError: TF_CONFIG is not a JSON object, or its `task` is not an object.
    """
    text = os.environ.get("TF_CONFIG", "{}")
    try:
        config = json.loads(text)
    except ValueError as error:
        raise ValueError(
            f"TF_CONFIG ({text!r}) is not JSON: {error}; expected an object with `cluster` and "
            "`task`; correct it or unset it to run in one process."
        ) from error
    if not isinstance(config, dict) or not isinstance(config.get("task", {}), dict):
        raise ValueError(
            f"TF_CONFIG ({text}) is not shaped as expected: it must be an object whose `task` is "
            'an object too; write {"cluster": {...}, "task": {"type": ..., "index": ...}}.'
        )
    return config


def cluster_from(config: Mapping[str, Any]) -> Cluster:
    """Reads the cluster and this process's task from a parsed TF_CONFIG.

    Args:
      config: TF_CONFIG as a dict.

    Raises:
      ValueError: The cluster does not have exactly one chief, or the task is not in the cluster.
      TypeError: `cluster` or `service` has another type.
    """
    service = config.get("service")
    if service is not None and not isinstance(service, dict):
        raise TypeError(
            f'If "service" is set in TF_CONFIG, it must be a dict. Given {type(service)}; '
            "write it as a JSON object or leave it out."
        )
    task = config.get("task", {})
    spec = cluster_spec(config)
    if not spec:
        return _single_process(config, task, service)
    chief = TaskType.MASTER if TaskType.MASTER in spec.jobs else TaskType.CHIEF
    task_type, task_id = _read_task(spec, task, chief)
    evaluation_master = (
        config.get("eval_session_master", "") if task_type == TaskType.EVALUATOR else ""
    )
    if task_type == TaskType.EVALUATOR:
        return Cluster(
            task_type=task_type,
            task_id=task_id,
            evaluation_master=evaluation_master,
            is_chief=False,
            num_worker_replicas=0,
            global_id=None,
            service=service,
        )
    return Cluster(
        spec=spec,
        task_type=task_type,
        task_id=task_id,
        master=_session_master(config, spec, task_type, task_id),
        evaluation_master=evaluation_master,
        is_chief=task_type == chief,
        num_ps_replicas=count(spec, TaskType.PS),
        num_worker_replicas=count(spec, TaskType.WORKER, chief),
        global_id=global_id(spec, task_type, task_id),
        service=service,
    )


def cluster_spec(config: Mapping[str, Any]) -> Any:
    """Returns the `tf.train.ClusterSpec` of a parsed TF_CONFIG; it is empty without a cluster.

    Raises:
      TypeError: `cluster` has another type.
    """
    cluster = config.get("cluster", {})
    try:
        return tf.train.ClusterSpec(cluster)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"`cluster` of TF_CONFIG ({cluster!r}) cannot be read: {error}; expected job names and "
            'lists of addresses; write {"chief": ["host:port"], "worker": [...]}.'
        ) from error


def _index(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Task index of TF_CONFIG ({value!r}) is not a number; expected the index of this "
            "process in its job's list of addresses; count from 0."
        ) from error


def _single_process(
    config: Mapping[str, Any], task: Mapping[str, Any], service: dict[str, Any] | None
) -> Cluster:
    task_type = task.get("type", TaskType.WORKER)
    task_id = _index(task.get("index", 0))
    for holds, words in (
        (task_type == TaskType.WORKER, "task type must be WORKER"),
        (task_id == 0, "task index must be 0"),
    ):
        if not holds:
            raise ValueError(
                f'If "cluster" is not set in TF_CONFIG, {words}, given: {task_type!r} and '
                f"{task_id}; expected the only process; name the cluster or leave the task out."
            )
    return Cluster(
        master=config.get("session_master", ""),
        evaluation_master=config.get("eval_session_master", ""),
        service=service,
    )


def _session_master(config: Mapping[str, Any], spec: Any, task_type: str, task_id: int) -> str:
    master: str
    if "session_master" in config:
        master = config["session_master"]
    elif len(spec.jobs) == 1 and spec.num_tasks(spec.jobs[0]) == 1:
        master = ""
    else:
        master = "grpc://" + spec.job_tasks(task_type)[task_id]
    return master


def _read_task(spec: Any, task: Mapping[str, Any], chief: str) -> tuple[str, int]:
    """Returns the task type and the task index of this process, after all checks."""

    def error(problem: str, advice: str) -> ValueError:
        return ValueError(
            f"{problem}, given: task {dict(task)} in cluster {spec.as_dict()}; {advice}. These "
            "values come from the TF_CONFIG environment variable."
        )

    if chief not in spec.jobs or spec.num_tasks(chief) != 1:
        raise error(
            f'The "cluster" in TF_CONFIG must have only one "{chief}" node'
            if chief in spec.jobs and spec.num_tasks(chief) > 1
            else f'If "cluster" is set in TF_CONFIG, it must have one "{chief}" node',
            f"list exactly one address under {chief!r}",
        )
    if chief == TaskType.MASTER and TaskType.CHIEF in spec.jobs:
        raise error(
            "If `master` node exists in `cluster`, job `chief` is not supported",
            "name the node that leads once, `chief` or `master`",
        )
    task_type, index = task.get("type"), task.get("index")
    if not task_type or index is None:
        raise error(
            'If "cluster" is set in TF_CONFIG, task '
            f"{'index' if task_type else 'type'} must be set",
            "say which process this is in `task`",
        )
    task_id = _index(index)
    if task_id < 0:
        raise error("Task index must be non-negative number", "count from 0")
    if task_type == TaskType.EVALUATOR:
        if chief == TaskType.MASTER:
            raise error(
                "If `master` node exists in `cluster`, task_type `evaluator` is not supported",
                "name the node that leads `chief`",
            )
        return task_type, task_id
    if task_type not in spec.jobs:
        raise error(
            f"{task_type} is not a valid task_type in the cluster_spec",
            f"choose one of {spec.jobs} or evaluator",
        )
    if task_id >= spec.num_tasks(task_type):
        raise error(
            f"{task_id} is not a valid task_id for task_type {task_type} in the cluster_spec",
            f"choose one below {spec.num_tasks(task_type)}",
        )
    return task_type, task_id


def task_in(spec: Any, task_type: Any, task_id: Any, master: str, *, is_chief: bool) -> Cluster:
    """Returns the task of a process whose sessions all have one target.

    An evaluator does not know of the other tasks.

    Args:
      spec: The `tf.train.ClusterSpec`.
      task_type: The task type of the process. It is None if the process trains on the devices of
        all tasks in one graph, as a MirroredStrategy of TensorFlow 1 does with a cluster.
      task_id: Index of the process among the tasks of its type, or None.
      master: Target of the process's sessions.
      is_chief: Whether the process is the chief.
    """
    is_evaluator = task_type == TaskType.EVALUATOR
    spec = tf.train.ClusterSpec({}) if is_evaluator else spec
    return Cluster(
        spec=spec,
        task_type=task_type,
        task_id=task_id,
        master=master,
        evaluation_master=master,
        is_chief=is_chief,
        num_ps_replicas=count(spec, TaskType.PS),
        num_worker_replicas=count(spec, TaskType.WORKER, TaskType.CHIEF),
        global_id=None if is_evaluator else global_id(spec, task_type, task_id),
    )


def count(spec: Any, *jobs: str) -> int:
    """Returns the number of tasks of jobs in a `tf.train.ClusterSpec`."""
    return sum(int(spec.num_tasks(job)) for job in jobs if job in spec.jobs)


def global_id(spec: Any, task_type: str | None, task_id: int | None) -> int:
    """Returns the index of a task among all tasks of a `tf.train.ClusterSpec`.

    A process without a task, which trains on the devices of all tasks in one graph, has the first.
    """
    if task_type is None or task_id is None:
        return 0
    firsts = [job for job in (TaskType.MASTER, TaskType.CHIEF) if job in spec.jobs][:1]
    workers = sorted(job for job in spec.jobs if job not in (*firsts, TaskType.PS))
    order = [*firsts, *workers, TaskType.PS]
    return task_id + count(spec, *order[: order.index(task_type)])
