"""Host calls: a function and the tensors it is called with, beside a model's own graph.

`eval_metrics` and `host_call` of a `TPUEstimatorSpec` have this form because on a TPU the tensors
had to be brought to the host first. Here the function is called in the model's own graph.
"""

from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import user_functions

_WRITERS = frozenset({"CreateSummaryFileWriter", "CreateSummaryDbWriter"})
_FORM = (
    "expected a function and the list or dict of tensors it takes; write `(metric_fn, [labels, "
    "logits])`."
)


def check(name: str, host_call: Any) -> None:
    """Checks the form of `eval_metrics` or `host_call`.

    Raises:
      TypeError: Its function is not callable.
      ValueError: It is no pair, or its tensors are neither a list, a tuple nor a dict.
      RuntimeError: The function takes another number of tensors than the list has.
    """
    if not isinstance(host_call, tuple | list):
        raise ValueError(f"{name} should be tuple or list, given: {host_call!r:.200}; {_FORM}")
    if len(host_call) != 2:
        raise ValueError(f"{name} should have two elements, given: {len(host_call)}; {_FORM}")
    function, tensors = host_call
    if not callable(function):
        raise TypeError(f"{name}[0] should be callable, given: {function!r:.200}; {_FORM}")
    if not isinstance(tensors, tuple | list | dict):
        raise ValueError(
            f"{name}[1] should be tuple or list, or dict, given: {tensors!r:.200}; {_FORM}"
        )
    if not isinstance(tensors, dict):
        _check_count(name, function, len(tensors))


def _check_count(name: str, function: Any, count: int) -> None:
    takes = user_functions.positional_count(function)
    if takes is not None and takes != count:
        raise RuntimeError(
            f"In TPUEstimatorSpec.{name}, length of tensors {count} does not match method args of "
            f"the function, which takes {takes}; expected one tensor for every argument; add the "
            "missing ones, or pass a dict by their names."
        )


def run(name: str, host_call: Any) -> Any:
    """Calls a host call's function with its tensors: by name from a dict, else in their order."""
    function, tensors = host_call
    if not isinstance(tensors, dict):
        return function(*tensors)
    try:
        return function(**tensors)
    except TypeError as error:
        tf1.logging.warn(
            "Exception while calling %s: %s. It is likely the tensors (%s[1]) do not match the "
            "function's arguments",
            name,
            error,
            name,
        )
        raise


class HostCallHook(tf1.train.SessionRunHook):
    """Runs what a host call returned at every step, and opens and flushes its summary writers.

    Args:
      fetches: Tensors and ops, nested, or None.
    """

    def __init__(self, fetches: Any) -> None:
        self._fetches = fetches

    def begin(self) -> None:
        # A writer of `tf.summary` is opened by an op of its own. TensorFlow lists these ops in a
        # collection without a public name, so they are found by their type.
        ops = tf1.get_default_graph().get_operations()
        self._open = [op for op in ops if op.type in _WRITERS]
        self._flush = [tf.raw_ops.FlushSummaryWriter(writer=op.inputs[0]) for op in self._open]

    def after_create_session(self, session: Any, coord: Any) -> None:
        session.run(self._open)

    def before_run(self, run_context: Any) -> Any:
        return tf1.train.SessionRunArgs(self._fetches)

    def end(self, session: Any) -> None:
        session.run(self._flush)
