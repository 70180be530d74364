"""The cluster that `TF_CONFIG` describes, and this process's place in it."""

import dataclasses
import json
import os
from collections.abc import Mapping
from typing import Any

import tensorflow as tf


class TaskType:
    """The kinds of process in a cluster."""

    MASTER = "master"
    PS = "ps"
    WORKER = "worker"
    CHIEF = "chief"
    EVALUATOR = "evaluator"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A process's place in its cluster; the defaults are those of a single process.

    Attributes:
      spec: The `tf.train.ClusterSpec`, empty for a single process and for an evaluator.
      task_type, task_id: Which process this is.
      master, evaluation_master: Addresses of the sessions' targets, `''` for this process.
      is_chief: Whether this process initializes variables, saves and writes summaries.
      num_ps_replicas, num_worker_replicas: Counts of processes; the chief is a worker too.
      global_id: This process's number among all, chief first and parameter servers last, or None
        for an evaluator.
      service: What the platform says of itself.
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
    """Reads the environment variable TF_CONFIG; empty where it is not set.

    Raises:
      ValueError: It is not a JSON object, or not shaped as one expects.
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
            'one too; write {"cluster": {...}, "task": {"type": ..., "index": ...}}.'
        )
    return config


def cluster_from(config: Mapping[str, Any]) -> Cluster:
    """Reads this process's place in the cluster from a parsed TF_CONFIG.

    Raises:
      ValueError, TypeError: The cluster lacks its one chief, or the task is not in it.
    """
    service = config.get("service")
    if service is not None and not isinstance(service, dict):
        raise TypeError(
            f'If "service" is set in TF_CONFIG, it must be a dict. Given {type(service)}; '
            "write it as a JSON object or leave it out."
        )
    task = config.get("task", {})
    spec = _cluster_spec(config.get("cluster", {}))
    if not spec:
        return _single_process(config, task, service)
    chief = TaskType.MASTER if TaskType.MASTER in spec.jobs else TaskType.CHIEF
    task_type, task_id = _checked_task(spec, task, chief)
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
    jobs = spec.as_dict()
    return Cluster(
        spec=spec,
        task_type=task_type,
        task_id=task_id,
        master=_session_master(config, spec, task_type, task_id),
        evaluation_master=evaluation_master,
        is_chief=task_type == chief,
        num_ps_replicas=len(jobs.get(TaskType.PS, [])),
        num_worker_replicas=len(jobs.get(TaskType.WORKER, [])) + len(jobs.get(chief, [])),
        global_id=_global_id(spec, task_type, task_id, chief),
        service=service,
    )


def _cluster_spec(cluster: Any) -> Any:
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
            f"Task index of TF_CONFIG ({value!r}) is no number; expected this process's place in "
            "its job's list of addresses; count from 0."
        ) from error


def _single_process(
    config: Mapping[str, Any], task: Mapping[str, Any], service: dict[str, Any] | None
) -> Cluster:
    task_type = task.get("type", TaskType.WORKER)
    task_id = _index(task.get("index", 0))
    if task_type != TaskType.WORKER or task_id != 0:
        raise ValueError(
            'If "cluster" is not set in TF_CONFIG, task type must be WORKER and task index must '
            f"be 0, given: {task_type!r} and {task_id}; name the cluster or leave the task out."
        )
    return Cluster(
        master=config.get("session_master", ""),
        evaluation_master=config.get("eval_session_master", ""),
        service=service,
    )


def _session_master(config: Mapping[str, Any], spec: Any, task_type: str, task_id: int) -> str:
    if "session_master" in config:
        return config["session_master"]
    if len(spec.jobs) == 1 and spec.num_tasks(spec.jobs[0]) == 1:
        return ""
    return "grpc://" + spec.job_tasks(task_type)[task_id]


def _checked_task(spec: Any, task: Mapping[str, Any], chief: str) -> tuple[str, int]:
    def refuse(what: str, then: str) -> ValueError:
        return ValueError(
            f"{what}, given: task {dict(task)} in cluster {spec.as_dict()}; {then}. These values "
            "come from the TF_CONFIG environment variable."
        )

    if chief not in spec.jobs or spec.num_tasks(chief) != 1:
        raise refuse(
            f'If "cluster" is set in TF_CONFIG, it must have one "{chief}" node',
            f"list exactly one address under {chief!r}",
        )
    if chief == TaskType.MASTER and TaskType.CHIEF in spec.jobs:
        raise refuse(
            "If `master` node exists in `cluster`, job `chief` is not supported",
            "name the node that leads once, `chief` or `master`",
        )
    task_type, index = task.get("type"), task.get("index")
    if not task_type or index is None:
        raise refuse(
            'If "cluster" is set in TF_CONFIG, task type and task index must be set',
            "say which process this is in `task`",
        )
    task_id = _index(index)
    if task_id < 0:
        raise refuse("Task index must be non-negative number", "count from 0")
    if task_type == TaskType.EVALUATOR:
        if chief == TaskType.MASTER:
            raise refuse(
                "If `master` node exists in `cluster`, task_type `evaluator` is not supported",
                "name the node that leads `chief`",
            )
        return task_type, task_id
    if task_type not in spec.jobs:
        raise refuse(
            f"{task_type} is not a valid task_type in the cluster_spec",
            f"choose one of {spec.jobs} or evaluator",
        )
    if task_id >= spec.num_tasks(task_type):
        raise refuse(
            f"{task_id} is not a valid task_id for task_type {task_type} in the cluster_spec",
            f"choose one below {spec.num_tasks(task_type)}",
        )
    return task_type, task_id


def _global_id(spec: Any, task_type: str, task_id: int, chief: str) -> int:
    workers = sorted(job for job in spec.jobs if job not in (chief, TaskType.PS))
    order = [chief, *workers, TaskType.PS]
    before = order[: order.index(task_type)]
    return task_id + sum(spec.num_tasks(job) for job in before)
