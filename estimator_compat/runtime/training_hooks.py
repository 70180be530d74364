"""The hooks of a training session: who logs, who saves, who writes summaries."""

import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.cluster import TaskType
from estimator_compat.runtime import checkpoint_files


class Duties(NamedTuple):
    """What a training session does of itself: global steps between summaries and log lines."""

    save_summary_steps: int | None
    log_step_count_steps: int | None
    extra_hooks: list[Any]


def checked_hooks(hooks: Iterable[Any] | None) -> list[Any]:
    """Copies a caller's hooks into a list.

    Raises:
      TypeError: One of them is no SessionRunHook.
    """
    hooks = list(hooks or [])
    for hook in hooks:
        if not isinstance(hook, tf1.train.SessionRunHook):
            raise TypeError(
                f"Hooks must be a SessionRunHook, given: {hook}; expected an object, not its "
                "class; derive it from tf.compat.v1.train.SessionRunHook."
            )
    return hooks


def checked_listeners(listeners: Iterable[Any] | None) -> list[Any]:
    """Copies a caller's saving listeners into a list, each once.

    Raises:
      TypeError: One of them is no CheckpointSaverListener.
    """
    listeners = list(listeners or [])
    for listener in listeners:
        if not isinstance(listener, tf1.train.CheckpointSaverListener):
            raise TypeError(
                "saving_listeners must be a list of CheckpointSaverListener, given: "
                f"{listener}; expected objects of that class; derive it from "
                "tf.compat.v1.train.CheckpointSaverListener."
            )
    return [one for at, one in enumerate(listeners) if one not in listeners[:at]]


def check_positive(name: str, value: int | None) -> None:
    """Checks a number of steps, unless it is None.

    Raises:
      ValueError: It is not positive.
    """
    if value is not None and value <= 0:
        raise ValueError(
            f"Must specify {name} > 0, given: {value}; expected a positive number of steps; pass "
            f"`{name}=None` to go on until the input ends."
        )


def stopping_hooks(steps: int | None, max_steps: int | None) -> list[Any]:
    """The hook that stops after `steps` more steps or at the global step `max_steps`, if any.

    Raises:
      ValueError: Both are given, or one is not positive.
    """
    if steps is not None and max_steps is not None:
        raise ValueError(
            f"Can not provide both steps and max_steps, given: {steps} and {max_steps}; expected "
            "one; `steps` counts from now, `max_steps` from the first step ever."
        )
    check_positive("steps", steps)
    check_positive("max_steps", max_steps)
    if steps is None and max_steps is None:
        return []
    return [tf1.train.StopAtStepHook(steps, max_steps)]


def watching_hooks(loss: Any, config: Any) -> list[Any]:
    """The hooks that stop at a NaN loss and log the loss every `log_step_count_steps`."""
    hooks = [tf1.train.NanTensorHook(loss)]
    if config.log_step_count_steps is not None:
        hooks.append(
            tf1.train.LoggingTensorHook(
                {"loss": loss, "step": tf1.train.get_global_step()},
                every_n_iter=config.log_step_count_steps,
            )
        )
    return hooks


class _CheckpointSaverHook(tf1.train.CheckpointSaverHook):
    """TensorFlow's own, which says what to do where it cannot write the graph, its first file."""

    def after_create_session(self, session: Any, coord: Any) -> None:
        try:
            super().after_create_session(session, coord)
        except checkpoint_files.UNWRITTEN as error:
            path = os.path.join(private_tensorflow.checkpoint_dir(self), "graph.pbtxt")
            if path not in error.message:
                raise
            raise checkpoint_files.unwritten(
                error, "The graph", path, instead="model_dir", then="train again"
            ) from error


def saving_hooks(
    config: Any, scaffold: Any, *, given: Sequence[Any], listeners: Sequence[Any]
) -> list[Any]:
    """The hook that saves checkpoints, unless one of the given hooks does, with its listeners.

    Raises:
      ValueError: There are listeners, and nothing saves.
    """
    savers = [hook for hook in given if isinstance(hook, tf1.train.CheckpointSaverHook)]
    if savers:
        known = private_tensorflow.saver_listeners(savers[0])
        known.extend(listener for listener in listeners if listener not in known)
        return []
    if not (config.save_checkpoints_secs or config.save_checkpoints_steps):
        if listeners:
            raise ValueError(
                "There should be a CheckpointSaverHook to use saving_listeners, and this run "
                "saves no checkpoints; expected an interval; set one of the RunConfig."
                "save_checkpoints_steps or RunConfig.save_checkpoints_secs."
            )
        return []
    return [
        _CheckpointSaverHook(
            config.model_dir,
            save_secs=config.save_checkpoints_secs,
            save_steps=config.save_checkpoints_steps,
            scaffold=scaffold,
            listeners=list(listeners),
            save_graph_def=config.checkpoint_save_graph_def,
        )
    ]


def duties(config: Any, scaffold: Any) -> Duties:
    """Shares out summaries and step counts: a `master` leaves them to the first worker.

    A master also evaluates, which would delay them; see `TaskType.MASTER`.
    """
    jobs = config.cluster_spec.jobs if config.cluster_spec else []
    if not {TaskType.MASTER, TaskType.WORKER} <= set(jobs):
        return Duties(config.save_summary_steps, config.log_step_count_steps, [])
    hooks: list[Any] = []
    if config.task_type == TaskType.WORKER and config.task_id == 0:
        if config.save_summary_steps:
            hooks.append(
                tf1.train.SummarySaverHook(
                    save_steps=config.save_summary_steps,
                    output_dir=config.model_dir,
                    scaffold=scaffold,
                )
            )
        if config.log_step_count_steps:
            hooks.append(
                tf1.train.StepCounterHook(
                    every_n_steps=config.log_step_count_steps, output_dir=config.model_dir
                )
            )
    return Duties(0, None, hooks)
