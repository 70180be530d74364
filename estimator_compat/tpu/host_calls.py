"""Host calls: pairs of a function and the tensors that it is called with.

`eval_metrics` and `host_call` of a `TPUEstimatorSpec` have this form, because a TPU sent the
tensors to the host, where the function was called. Here the function is called in the model's own
graph.
"""

from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import user_functions
from estimator_compat.type_aliases import Nest, Session

_WRITERS = frozenset({"CreateSummaryFileWriter", "CreateSummaryDbWriter"})
_FORM = (
    "expected a function and the list or dict of its tensors; write `(metric_fn, [labels, "
    "logits])`."
)


def check(name: str, host_call: Any) -> None:
    """Checks the form of `eval_metrics` or `host_call`.

    Args:
      name: Name of the field, for errors.
      host_call: Its value.

    Raises:
      TypeError: The function is not callable.
      ValueError: `host_call` is not a pair, or its tensors are not a list, a tuple or a dict.
      RuntimeError: The number of tensors is not the number of the function's arguments.
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
    argument_count = user_functions.positional_count(function)
    if argument_count is not None and argument_count != count:
        raise RuntimeError(
            f"In TPUEstimatorSpec.{name}, length of tensors {count} does not match method args of "
            f"the function, which takes {argument_count}; expected one tensor for every argument; "
            "add the missing tensors, or pass a dict of argument names to tensors."
        )


def run(name: str, host_call: Any) -> Any:
    """Calls a host call's function with its tensors.

    Args:
      name: Name of the field of the TPUEstimatorSpec, for the log.
      host_call: The function and its tensors: a dict is passed by keyword, a list by position.

    Returns:
      The result of the function.
    """
    function, tensors = host_call
    if not isinstance(tensors, dict):
        return function(*tensors)
    try:
        return function(**tensors)
    except TypeError as error:
        tf1.logging.warning(
            "Exception while calling %s: %s. It is likely the tensors (%s[1]) do not match the "
            "function's arguments",
            name,
            error,
            name,
        )
        raise


class HostCallHook(tf1.train.SessionRunHook):
    """Runs the ops that a host call returned, at every step.

    It also opens the summary writers of the graph before the first step, and flushes them after the
    last one.

    Args:
      fetches: The host call's result: tensors and ops, nested, or None.
    """

    def __init__(self, fetches: Nest) -> None:
        self._fetches = fetches

    def begin(self) -> None:
        """Finds the ops that open summary writers, and builds the ops that flush them."""
        # Each writer of `tf.summary` has an op that opens it. TensorFlow collects these ops in a
        # graph collection without a public name, so this hook finds them by type.
        ops = tf1.get_default_graph().get_operations()
        self._open = [op for op in ops if op.type in _WRITERS]
        self._flush = [tf.raw_ops.FlushSummaryWriter(writer=op.inputs[0]) for op in self._open]

    def after_create_session(self, session: Session, coord: Any) -> None:
        """Opens the summary writers."""
        del coord
        session.run(self._open)

    def before_run(self, run_context: Any) -> Any:
        """Requests the host call's result."""
        del run_context
        return tf1.train.SessionRunArgs(self._fetches)

    def end(self, session: Session) -> None:
        """Flushes the summary writers."""
        session.run(self._flush)
