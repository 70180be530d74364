"""Turns what an input_fn returned into features, labels and the hooks that feed them."""

from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow.compat.v1 as tf1


class Inputs(NamedTuple):
    """What a model_fn is called with, and the hooks its session needs for it."""

    features: Any
    labels: Any
    hooks: list[Any]


class DatasetInitializerHook(tf1.train.SessionRunHook):
    """Initializes a Dataset's iterator once the session's variables are initialized."""

    def __init__(self, iterator: Any) -> None:
        self._iterator = iterator

    def begin(self) -> None:
        self._initializer = self._iterator.initializer

    def after_create_session(self, session: Any, coord: Any) -> None:
        session.run(self._initializer)


def parse_input_fn_result(result: Any) -> Inputs:
    """Parses an input_fn's result: a Dataset, `(features, labels)`, or features alone.

    Features and labels may be tensors, sparse tensors, dicts, or nested tuples within the pair.

    Raises:
      ValueError: A tuple or list whose length is not 2.
    """
    hooks: list[Any] = []
    if isinstance(result, tf.data.Dataset):
        iterator = tf1.data.make_initializable_iterator(result)
        hooks.append(DatasetInitializerHook(iterator))
        result = iterator.get_next()
    if not isinstance(result, list | tuple):
        return Inputs(result, None, hooks)
    if len(result) != 2:
        raise ValueError(
            "input_fn should return (features, labels) as a len 2 tuple, given "
            f"{len(result)} elements; expected features alone or the pair; put the other tensors "
            "into a dict of features."
        )
    return Inputs(result[0], result[1], hooks)


def ends_by_itself(features: Any) -> bool:
    """Tells whether the features come from a Dataset or a queue, so that prediction can end."""
    tensors = [value for value in tf.nest.flatten(features) if isinstance(value, tf.Tensor)]
    if any(tensor.op.type == "IteratorGetNext" for tensor in tensors):
        return True
    return bool(tf1.get_collection(tf1.GraphKeys.QUEUE_RUNNERS))
