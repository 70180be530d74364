"""Parses the result of an input_fn into features, labels and the hooks that their session needs."""

from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Features, Hook, Labels, Session


class Inputs(NamedTuple):
    """Features and labels for a model_fn, and the hooks that their session needs.

    Attributes:
      features: The features.
      labels: The labels, or None.
      hooks: The hook that initializes the Dataset's iterator; empty for an input without a Dataset.
    """

    features: Features
    labels: Labels
    hooks: list[Hook]


class DatasetInitializerHook(tf1.train.SessionRunHook):
    """Initializes a Dataset's iterator after the session's variables.

    Args:
      iterator: The initializable iterator.
    """

    def __init__(self, iterator: Any) -> None:
        self._iterator = iterator

    def begin(self) -> None:
        """Gets the iterator's initializer."""
        self._initializer = self._iterator.initializer

    def after_create_session(self, session: Session, coord: Any) -> None:
        """Runs the iterator's initializer."""
        del coord
        session.run(self._initializer)


def parse_input_fn_result(result: Any) -> Inputs:
    """Parses the result of an input_fn.

    Args:
      result: A Dataset, a pair of features and labels, or features alone. Features and labels are
        tensors, sparse tensors, dicts, or, in a pair, nested tuples.

    Raises:
      ValueError: The result is a tuple or list of another length than 2.
    """
    hooks: list[Hook] = []
    if isinstance(result, tf.data.Dataset):
        iterator = tf1.data.make_initializable_iterator(result)
        hooks.append(DatasetInitializerHook(iterator))
        result = iterator.get_next()
    return Inputs(*split_features_and_labels(result), hooks)


def split_features_and_labels(element: Any) -> tuple[Features, Labels]:
    """Splits an element of an input into features and labels; the labels may be None.

    Raises:
      ValueError: The element is a tuple or list of another length than 2.
    """
    if not isinstance(element, list | tuple):
        return element, None
    if len(element) != 2:
        raise ValueError(
            "input_fn should return (features, labels) as a len 2 tuple, given "
            f"{len(element)} elements; expected features alone or the pair; put the other tensors "
            "into a dict of features."
        )
    return element[0], element[1]


def ends_by_itself(features: Features) -> bool:
    """Tells whether the features come from a Dataset or a queue, which can end a prediction.

    As in the original, sparse and ragged features do not count.
    """
    tensors = [value for value in tf.nest.flatten(features) if isinstance(value, tf.Tensor)]
    if any(tensor.op.type == "IteratorGetNext" for tensor in tensors):
        return True
    return bool(tf1.get_collection(tf1.GraphKeys.QUEUE_RUNNERS))
