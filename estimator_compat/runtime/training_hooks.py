"""The hooks of a training session: they log, save checkpoints and write summaries."""

import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.cluster import TaskType
from estimator_compat.runtime import checkpoint_files
from estimator_compat.type_aliases import Hook, Session, Tensor


class SummaryIntervals(NamedTuple):
    """How often this process writes summaries and reports the speed.

    Attributes:
      save_summary_steps: Global steps between the chief's summaries; None or 0 for no summaries.
      log_step_count_steps: Global steps between the chief's reports of the speed; None or 0 for no
        reports.
      extra_hooks: Hooks that do both on a worker instead of the chief.
    """

    save_summary_steps: int | None
    log_step_count_steps: int | None
    extra_hooks: list[Hook]


def check_hooks(
    hooks: Iterable[Hook] | None, words: str = "Hooks must be a SessionRunHook"
) -> list[Hook]:
    """Checks a caller's hooks, and copies them to a list.

    Args:
      hooks: The hooks.
      words: The first words of the error.

    Raises:
      TypeError: A hook is not a SessionRunHook.
    """
    hooks = list(hooks or [])
    for hook in hooks:
        if not isinstance(hook, tf1.train.SessionRunHook):
            raise TypeError(
                f"{words}, given: {hook}; expected an object, not its class; derive it from "
                "tf.compat.v1.train.SessionRunHook."
            )
    return hooks


def check_listeners(
    listeners: Iterable[Any] | None,
    words: str = "saving_listeners must be a list of CheckpointSaverListener",
) -> list[Any]:
    """Checks a caller's saving listeners, and copies them to a list without duplicates.

    Args:
      listeners: The listeners.
      words: The first words of the error.

    Raises:
      TypeError: A listener is not a CheckpointSaverListener.
    """
    listeners = list(listeners or [])
    for listener in listeners:
        if not isinstance(listener, tf1.train.CheckpointSaverListener):
            raise TypeError(
                f"{words}, given: {listener}; expected objects of that class; derive it from "
                "tf.compat.v1.train.CheckpointSaverListener."
            )
    return [
        listener for index, listener in enumerate(listeners) if listener not in listeners[:index]
    ]


def check_positive(name: str, value: int | None) -> None:
    """Checks a number of steps.

    Args:
      name: Name of the argument.
      value: The number of steps; None means no limit.

    Raises:
      ValueError: `value` is below 1.
    """
    if value is not None and value <= 0:
        raise ValueError(
            f"Must specify {name} > 0, given: {value}; expected a positive number of steps; pass "
            f"`{name}=None` to go on until the input ends."
        )


def stopping_hooks(steps: int | None, max_steps: int | None) -> list[Hook]:
    """Returns the hook that stops training, or an empty list if training has no limit.

    Args:
      steps: Number of steps to make now, or None.
      max_steps: Global step at which training stops, or None.

    Raises:
      ValueError: Both are given, or one is below 1.
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


def loss_hooks(loss: Tensor, config: Any) -> list[Hook]:
    """Returns the hooks that stop at a NaN loss and log the loss.

    Args:
      loss: The scalar loss.
      config: The RunConfig. The loss is logged every `log_step_count_steps`; never if it is None.
    """
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
    """TensorFlow's hook, which also says what to do if graph.pbtxt cannot be written.

    graph.pbtxt is the first file that the hook writes.
    """

    def after_create_session(self, session: Session, coord: Any) -> None:
        """Writes graph.pbtxt and the first checkpoint.

        Raises:
          OSError: graph.pbtxt cannot be written.
        """
        try:
            super().after_create_session(session, coord)
        except checkpoint_files.WRITE_ERRORS as error:
            path = os.path.join(private_tensorflow.checkpoint_dir(self), "graph.pbtxt")
            if path not in error.message:
                raise
            raise checkpoint_files.write_error(
                error, "The graph", path, instead="model_dir", then="train again"
            ) from error


def saving_hooks(
    config: Any, scaffold: Any, *, hooks: Sequence[Hook], listeners: Sequence[Any]
) -> list[Hook]:
    """Returns the hook that saves checkpoints and calls the listeners.

    If a hook of the caller or of the model_fn saves checkpoints, it gets the listeners and no hook
    is returned.

    Args:
      config: The RunConfig, which says how often checkpoints are saved.
      scaffold: The model_fn's Scaffold.
      hooks: The hooks of the caller and of the model_fn.
      listeners: The `CheckpointSaverListener`s.

    Raises:
      ValueError: There are listeners, but no hook saves checkpoints.
    """
    savers = [hook for hook in hooks if isinstance(hook, tf1.train.CheckpointSaverHook)]
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


def summary_intervals(config: Any, scaffold: Any) -> SummaryIntervals:
    """Returns how often this process writes summaries and reports the speed.

    In a cluster with a `master` and workers, the first worker does both. A master also evaluates,
    which would delay both.

    Args:
      config: The RunConfig.
      scaffold: The model_fn's Scaffold.
    """
    jobs = config.cluster_spec.jobs if config.cluster_spec else []
    if not {TaskType.MASTER, TaskType.WORKER} <= set(jobs):
        return SummaryIntervals(config.save_summary_steps, config.log_step_count_steps, [])
    hooks: list[Hook] = []
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
    return SummaryIntervals(0, None, hooks)
