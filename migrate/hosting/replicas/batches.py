"""The batches of the replicas: parts of one global batch, or a whole batch for each replica."""

import dataclasses
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Dataset, Nest, Tensor


@dataclasses.dataclass(frozen=True, slots=True)
class SplitBatch:
    """An input form: an element is a batch that is split over the replicas of this process.

    Attributes:
      replicas: The number of replicas in this process.
    """

    replicas: int

    def elements(self, dataset: Dataset) -> Dataset:
        """Returns the dataset itself."""
        return dataset

    def arguments(self, element: Nest) -> tuple[Nest, ...]:
        """Returns the parts of the batch, one for each replica."""
        return tuple(split(element, self.replicas))


@dataclasses.dataclass(frozen=True, slots=True)
class BatchForEach:
    """An input form: an element is the batch of one replica. A step takes one for each.

    Attributes:
      replicas: The number of replicas in this process.
    """

    replicas: int

    def elements(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        """Groups the dataset's elements into tuples of the replicas' batches."""
        return consecutive(dataset, self.replicas)

    def arguments(self, element: Nest) -> tuple[Nest, ...]:
        """Returns the tuple of the replicas' batches, also if there is only one replica."""
        is_batch = self.replicas == 1 and not (type(element) is tuple and len(element) == 1)
        return (element,) if is_batch else element


def split(element: Nest, replicas: int) -> list[Nest]:
    """Splits a global batch, as `Strategy.experimental_distribute_dataset` does.

    Of B examples, each replica gets ceil(B / replicas) until no examples are left. For example, two
    replicas get 3 and 2 of 5 examples, and four replicas get 1, 1, 1 and 0 of 3 examples. The mean
    of no examples is NaN, in the legacy average of the losses and in batch normalization, as it was
    under an Estimator.

    Args:
      element: A nest of tensors and SparseTensors, whose first axis is the batch.
      replicas: The number of parts.

    Returns:
      The parts, first replica first.
    """
    flat = tf.nest.flatten(element)
    tensors = [t if isinstance(t, tf.SparseTensor) else tf.convert_to_tensor(t) for t in flat]
    size = tf.cast(_batch_size(tensors[0]), tf.int64)
    share = -(-size // replicas)
    ends = [tf.minimum(share * index, size) for index in range(replicas + 1)]
    return [
        tf.nest.pack_sequence_as(element, [_slice(t, ends[i], ends[i + 1]) for t in tensors])
        for i in range(replicas)
    ]


def _batch_size(tensor: Tensor) -> Tensor:
    return tensor.dense_shape[0] if isinstance(tensor, tf.SparseTensor) else tf.shape(tensor)[0]


def _slice(tensor: Tensor, begin: Tensor, end: Tensor) -> Tensor:
    if not isinstance(tensor, tf.SparseTensor):
        return tensor[begin:end]
    others = tensor.dense_shape[1:]
    start = tf.concat([[begin], tf.zeros_like(others)], 0)
    return tf.sparse.slice(tensor, start, tf.concat([[end - begin], others], 0))


def consecutive(dataset: tf.data.Dataset, replicas: int) -> tf.data.Dataset:
    """Groups consecutive elements, one for each replica, as an Estimator distributed its input.

    An Estimator's input_fn yielded the batch of one replica. A step took the next batches, the
    first one for the first replica. If fewer batches than replicas remain at the end, they are left
    out. An Estimator left them out, too.

    Args:
      dataset: A Dataset of replicas' batches.
      replicas: The number of replicas.

    Returns:
      A Dataset of tuples of batches.
    """
    windows = dataset.window(replicas, drop_remainder=True)
    return windows.map(lambda *window: tuple(_nth(window, index) for index in range(replicas)))


def _nth(window: tuple[Any, ...], index: int) -> Nest:
    """Returns the element at an index of a window. The window is a nest of Datasets."""
    structure = window[0] if len(window) == 1 else window
    return tf.nest.map_structure(
        lambda dataset: dataset.skip(index).take(1).get_single_element(), structure
    )


def placeholders(element: Nest, replicas: int) -> list[Nest]:
    """Creates placeholders for replicas that each take a whole element of the input.

    Args:
      element: An element of the input: a nest of tensors of the default graph.
      replicas: The number of replicas.

    Returns:
      A nest of placeholders for each replica.
    """
    tensors = tf.nest.flatten(element, expand_composites=True)
    return [
        tf.nest.pack_sequence_as(
            element, [tf1.placeholder(t.dtype, t.shape) for t in tensors], expand_composites=True
        )
        for _ in range(replicas)
    ]


def parts(element: Nest, replicas: int) -> list[Nest]:
    """Creates placeholders for replicas that each take a part of an element: see `split`.

    Args:
      element: An element of the input: a nest of tensors of the default graph.
      replicas: The number of replicas.

    Returns:
      A nest of placeholders for each replica.

    Raises:
      ValueError: A tensor is a scalar, which cannot be split.
    """
    scalars = [t.name for t in tf.nest.flatten(element) if t.shape.rank == 0]
    if scalars:
        raise ValueError(
            f"the input has scalars ({', '.join(scalars)}); expected tensors whose first axis is "
            "the batch, to split it over the replicas; give each example a value of its own, or "
            "let the input yield a batch for each replica, with `split=False`."
        )
    return [tf.nest.map_structure(lambda t: _part(t, replicas), element) for _ in range(replicas)]


def _part(tensor: Tensor, replicas: int) -> Tensor:
    """Creates the placeholder for a replica's part of a tensor."""
    if isinstance(tensor, tf.SparseTensor):
        return tf1.sparse_placeholder(tensor.dtype, [None, *tensor.shape[1:]])
    if tensor.shape.rank is None:
        return tf1.placeholder(tensor.dtype)
    size, *others = tensor.shape.as_list()
    is_even = size is not None and size % replicas == 0
    return tf1.placeholder(tensor.dtype, [size // replicas if is_even else None, *others])
