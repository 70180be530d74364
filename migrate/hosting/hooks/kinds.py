"""The hooks of a mode: in which order they run, which are refused, and which are not needed."""

from collections.abc import Iterable, Sequence
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.losses.summaries import LossHistogramHook
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import Hook


def in_order(
    spec: Any, mode: str, given: Sequence[Hook] = (), *, is_chief: bool = True
) -> list[Hook]:
    """Returns the hooks that run in a mode, in the order in which an Estimator calls them.

    The hooks whose work the loop does itself are left out.

    Args:
      spec: The EstimatorSpec.
      mode: A `ModeKeys` value.
      given: The caller's hooks.
      is_chief: Whether this process is the chief, which alone runs `training_chief_hooks`.
    """
    if mode == ModeKeys.TRAIN:
        # The hook that saves checkpoints is the first one of an Estimator.
        chief = list(spec.training_chief_hooks) if is_chief else []
        hooks = [*chief, *given, *spec.training_hooks]
    elif mode == ModeKeys.EVAL:
        hooks = [*given, *spec.evaluation_hooks]
    else:
        hooks = [*given, *spec.prediction_hooks]
    return [hook for hook in hooks if not _is_done_by_the_loop(hook, spec)]


def _is_done_by_the_loop(hook: Hook, spec: Any) -> bool:
    if type(hook) is tf1.train.NanTensorHook:
        watches_loss = private_tensorflow.watched_tensor(hook) is spec.loss
        return watches_loss and private_tensorflow.fails_on_nan(hook)
    return isinstance(hook, LossHistogramHook)


def refused(hooks: Iterable[Hook]) -> list[str]:
    """Returns what a custom loop cannot do for some of the hooks: a sentence for each, with advice.

    Args:
      hooks: The hooks.
    """
    return [
        f"the hook {type(hook).__name__} asks a session for the trace of a step, and a custom loop "
        "has none; profile the loop with tf.profiler.experimental, and leave the hook out"
        for hook in hooks
        if isinstance(hook, tf1.train.ProfilerHook)
    ]


def on_replicas(hooks: Iterable[Hook]) -> list[str]:
    """Returns a sentence for each hook that would run, because none runs on replicas.

    Args:
      hooks: The hooks.
    """
    return [
        f"the hook {type(hook).__name__} would run around the steps of several replicas, which a "
        "custom loop does not do; train on one device, do its work between two calls of `train`, "
        "or leave the hooks out with ignore_hooks=True"
        for hook in hooks
    ]


def save_checkpoints(hooks: Iterable[Hook]) -> bool:
    """Returns whether one of the hooks saves checkpoints; an Estimator then saves none itself."""
    return any(isinstance(hook, tf1.train.CheckpointSaverHook) for hook in hooks)


def names(hooks: Iterable[Hook]) -> str:
    """Returns the names of the hooks' classes for a message, each once."""
    return ", ".join(sorted({type(hook).__name__ for hook in hooks}))
