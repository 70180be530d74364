"""Tells for how many training steps a hook need not be called.

A loop makes these steps in one call of a graph function. TensorFlow's own hooks say how often they
are due. A subclass that overrides neither `before_run` nor `after_run` is due like its base class.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.type_aliases import Hook


class _Pace(NamedTuple):
    """How often the hooks of a class are due.

    Attributes:
      cls: The class.
      steps_until_due: Takes a hook, the present global step and a limit. Returns how many steps it
        takes until the hook is due, at least 1; a number above the limit if there are more.
      skip: Takes a hook, a number of steps and the global step after them. Tells the hook that
        these steps were made without it.
    """

    cls: type
    steps_until_due: Callable[[Any, int, int], float]
    skip: Callable[[Any, int, int], None]


def _first(is_due: Callable[[int], bool], limit: int) -> float:
    """Returns the first number from 1 to a limit for which `is_due` holds; otherwise infinity."""
    return next((count for count in range(1, limit + 1) if is_due(count)), math.inf)


def _logging(hook: Any, step: int, limit: int) -> float:
    del step
    timer, made = private_tensorflow.hook_timer(hook), private_tensorflow.logged_iterations(hook)
    return _first(lambda count: timer.should_trigger_for_step(made + count - 1), limit)


def _timed(hook: Any, step: int, limit: int) -> float:
    timer = private_tensorflow.hook_timer(hook)
    return _first(lambda count: timer.should_trigger_for_step(step + count), limit)


def _summary(hook: Any, step: int, limit: int) -> float:
    return _timed(hook, step, limit) if private_tensorflow.is_begun_summary(hook) else 1


def _stop(hook: Any, step: int, limit: int) -> float:
    del limit
    return max(1, (private_tensorflow.last_step(hook) or 0) - step)


def _never(hook: Any, step: int, limit: int) -> float:
    del hook, step, limit
    return math.inf


def _skip_nothing(hook: Any, count: int, step: int) -> None:
    del hook, count, step


def _skip_iterations(hook: Any, count: int, step: int) -> None:
    del step
    private_tensorflow.count_iterations(hook, count)


def _skip_summary(hook: Any, count: int, step: int) -> None:
    del count
    private_tensorflow.expect_step(hook, step + 1)


_PACES = (
    _Pace(tf1.train.LoggingTensorHook, _logging, _skip_iterations),
    _Pace(tf1.train.SummarySaverHook, _summary, _skip_summary),
    _Pace(tf1.train.CheckpointSaverHook, _timed, _skip_nothing),
    _Pace(tf1.train.StepCounterHook, _timed, _skip_nothing),
    _Pace(tf1.train.StopAtStepHook, _stop, _skip_nothing),
    _Pace(tf1.train.FinalOpsHook, _never, _skip_nothing),
)


def _overrides_calls(hook: Hook, cls: type) -> bool:
    names = ("before_run", "after_run")
    return any(getattr(type(hook), name) is not getattr(cls, name) for name in names)


def _pace(hook: Hook) -> _Pace | None:
    base = tf1.train.SessionRunHook
    if not _overrides_calls(hook, base):
        return _Pace(base, _never, _skip_nothing)
    for pace in _PACES:
        if isinstance(hook, pace.cls) and not _overrides_calls(hook, pace.cls):
            return pace
    return None


def is_paced(hook: Hook) -> bool:
    """Returns whether a hook says how often it is due; otherwise it is called at each step."""
    return _pace(hook) is not None


def steps_until_due(hook: Hook, step: int, limit: int) -> float:
    """Returns how many steps it takes until a hook is due, at least 1.

    Args:
      hook: The hook.
      step: The present global step. Each step is expected to add 1 to it.
      limit: The largest number that matters; infinity may be returned for a larger one.
    """
    pace = _pace(hook)
    return 1 if pace is None else pace.steps_until_due(hook, step, limit)


def skip(hook: Hook, count: int, step: int) -> None:
    """Tells a hook that steps were made for which it was not due.

    Args:
      hook: The hook.
      count: How many steps.
      step: The global step after them.
    """
    pace = _pace(hook)
    if pace is not None:
        pace.skip(hook, count, step)
