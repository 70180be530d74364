"""The batches of the replicas: each takes a whole element of the input_fn's Dataset."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.inputs import Inputs, split_features_and_labels
from estimator_compat.type_aliases import Nest, Session, Tensor


class _IteratorInitializerHook(tf1.train.SessionRunHook):
    """Initializes the iterators of a strategy after the session's variables.

    Args:
      iterator: The strategy's iterator.
    """

    def __init__(self, iterator: Any) -> None:
        self._iterator = iterator

    def begin(self) -> None:
        """Builds the op that initializes the iterators."""
        self._initializer = self._iterator.initialize()

    def after_create_session(self, session: Session, coord: Any) -> None:
        """Runs the op."""
        del coord
        session.run(self._initializer)


def replica_inputs(
    strategy: tf.distribute.Strategy, call_input_fn: Callable[[tf.distribute.InputContext], Any]
) -> Inputs:
    """Calls an input_fn once for each worker of a strategy, and gives each replica a batch.

    A step takes as many elements as there are replicas, the first one for the first replica. If
    fewer elements remain at the end, the input has ended, as under the original Estimator.

    Args:
      strategy: The strategy. Its scope is entered.
      call_input_fn: Calls the input_fn with an InputContext; returns its result.

    Returns:
      Features and labels with a value for each replica, and the hook that initializes the iterator.

    Raises:
      ValueError: The input_fn returns something else than a Dataset.
    """
    iterator = strategy.make_input_fn_iterator(lambda context: _dataset(call_input_fn(context)))
    hook = _IteratorInitializerHook(iterator)
    features, labels = split_features_and_labels(_together(strategy, iterator.get_next()))
    return Inputs(features, labels, [hook])


def _together(strategy: tf.distribute.Strategy, element: Nest) -> Nest:
    """Lets the replicas of this process wait until each has its batch.

    If the last step has a batch for the first replica only, the original's first replica could
    still write variables, such as moving averages and metrics, before the end of the input stopped
    it. It depended on timing.
    """
    if len(strategy.extended.worker_devices) == 1:
        return element
    tensors = tf.nest.flatten(element, expand_composites=True)
    with tf.control_dependencies(tensors):
        waiting = [_copy(tensor) for tensor in tensors]
    return tf.nest.pack_sequence_as(element, waiting, expand_composites=True)


def _copy(tensor: Tensor) -> Tensor:
    with tf1.device(tensor.device):
        return tf.identity(tensor)


def _dataset(result: Any) -> Any:
    """Returns an input_fn's result if it is a Dataset, or a function that returns batches."""
    if isinstance(result, tf.data.Dataset) or callable(result):
        return result
    raise ValueError(
        "input_fn must return a tf.data.Dataset or a callable, given: "
        f"{type(result).__name__}; expected a Dataset, whose elements are the batches of the "
        "replicas; return `tf.data.Dataset.from_tensor_slices(...).batch(...)`, or leave the "
        "strategy out of the RunConfig."
    )
