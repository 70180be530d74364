"""What each replica is given: a part of a global batch, or a batch of its own."""

import dataclasses
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1


@dataclasses.dataclass(frozen=True, slots=True)
class SplitBatch:
    """An element of the input is a batch for all replicas of this process, which is split.

    Attributes:
      replicas: How many there are.
    """

    replicas: int

    def elements(self, dataset: Any) -> Any:
        return dataset

    def arguments(self, element: Any) -> Any:
        return tuple(split(element, self.replicas))


@dataclasses.dataclass(frozen=True, slots=True)
class BatchForEach:
    """An element of the input is a replica's batch, and a step takes one for each replica.

    Attributes:
      replicas: How many there are in this process.
    """

    replicas: int

    def elements(self, dataset: Any) -> Any:
        return consecutive(dataset, self.replicas)

    def arguments(self, element: Any) -> Any:
        """Returns the tuple of the replicas' batches; for one replica its batch itself will do."""
        is_batch = self.replicas == 1 and not (type(element) is tuple and len(element) == 1)
        return (element,) if is_batch else element


def split(element: Any, replicas: int) -> list[Any]:
    """Splits a global batch, as `Strategy.experimental_distribute_dataset` does.

    Of B examples, each replica gets ceil(B / replicas) until there are no more: of 5 examples two
    replicas get 3 and 2, and of 3 examples four replicas get 1, 1, 1 and none. (The mean of no
    examples is NaN: under the legacy average, and in batch normalization, as it was.)

    Args:
      element: A nest of tensors, also of sparse ones, whose first axis is the batch.
      replicas: How many parts.
    """
    flat = tf.nest.flatten(element)
    tensors = [t if isinstance(t, tf.SparseTensor) else tf.convert_to_tensor(t) for t in flat]
    size = tf.cast(_batch(tensors[0]), tf.int64)
    share = -(-size // replicas)
    ends = [tf.minimum(share * index, size) for index in range(replicas + 1)]
    return [
        tf.nest.pack_sequence_as(element, [_slice(t, ends[i], ends[i + 1]) for t in tensors])
        for i in range(replicas)
    ]


def _batch(tensor: Any) -> Any:
    return tensor.dense_shape[0] if isinstance(tensor, tf.SparseTensor) else tf.shape(tensor)[0]


def _slice(tensor: Any, begin: Any, end: Any) -> Any:
    if not isinstance(tensor, tf.SparseTensor):
        return tensor[begin:end]
    others = tensor.dense_shape[1:]
    start = tf.concat([[begin], tf.zeros_like(others)], 0)
    return tf.sparse.slice(tensor, start, tf.concat([[end - begin], others], 0))


def consecutive(dataset: tf.data.Dataset, replicas: int) -> tf.data.Dataset:
    """Groups elements, one for each replica, as an Estimator took them from its input_fn.

    Its input_fn's batch was that of one replica: a step took the next ones, the first for the first
    replica. What remains at the end, fewer than there are replicas, is left out, as it was.
    """
    windows = dataset.window(replicas, drop_remainder=True)
    return windows.map(lambda *window: tuple(_nth(window, index) for index in range(replicas)))


def _nth(window: Any, index: int) -> Any:
    structure = window[0] if len(window) == 1 else window
    return tf.nest.map_structure(
        lambda one: one.skip(index).take(1).get_single_element(), structure
    )


def placeholders(element: Any, replicas: int) -> list[Any]:
    """Creates the inputs of replicas that are each given a whole element of the input.

    Args:
      element: What the input yields: nested tensors of the default graph.
      replicas: How many.
    """
    tensors = tf.nest.flatten(element, expand_composites=True)
    return [
        tf.nest.pack_sequence_as(
            element, [tf1.placeholder(t.dtype, t.shape) for t in tensors], expand_composites=True
        )
        for _ in range(replicas)
    ]


def parts(element: Any, replicas: int) -> list[Any]:
    """Creates the inputs of replicas that are given parts of an element: see `split`.

    Raises:
      ValueError: A tensor has no first axis that could be split.
    """
    scalars = [t.name for t in tf.nest.flatten(element) if t.shape.rank == 0]
    if scalars:
        raise ValueError(
            f"the input has scalars ({', '.join(scalars)}); expected tensors whose first axis is "
            "the batch, to split it over the replicas; give each example a value of its own, or "
            "let the input yield a batch for each replica, with `split=False`."
        )
    return [tf.nest.map_structure(lambda t: _part(t, replicas), element) for _ in range(replicas)]


def _part(tensor: Any, replicas: int) -> Any:
    if isinstance(tensor, tf.SparseTensor):
        return tf1.sparse_placeholder(tensor.dtype, [None, *tensor.shape[1:]])
    if tensor.shape.rank is None:
        return tf1.placeholder(tensor.dtype)
    size, *others = tensor.shape.as_list()
    even = size is not None and size % replicas == 0
    return tf1.placeholder(tensor.dtype, [size // replicas if even else None, *others])
