"""Makes batches of chosen examples out of a batch's values."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf1

Leaves = list[Any]
"""The values of the tensors of features and labels, sparse and ragged ones as TF1's values."""


def size_of(leaves: Leaves) -> int | None:
    """Returns the number of examples in a batch: the most frequent size of the first axes.

    Returns:
      None if no tensor has an axis.
    """
    sizes = [size for leaf in leaves if (size := _size(leaf)) is not None]
    return max(sizes, key=sizes.count) if sizes else None


def _size(leaf: Any) -> int | None:
    if isinstance(leaf, tf1.SparseTensorValue):
        return int(leaf.dense_shape[0])
    if isinstance(leaf, tf1.ragged.RaggedTensorValue):
        return len(leaf.row_splits) - 1
    return int(np.shape(leaf)[0]) if np.ndim(leaf) else None


def take(leaves: Leaves, rows: Sequence[int], size: int) -> Leaves:
    """Returns the batch of chosen examples, in their order.

    A tensor whose first axis has another size than the batch belongs to no example, and is kept.

    Args:
      leaves: The values of a batch.
      rows: The indices of the examples.
      size: The number of examples in the batch.
    """
    chosen = np.asarray(rows, np.int64)
    return [_taken(leaf, chosen) if _size(leaf) == size else leaf for leaf in leaves]


def _taken(leaf: Any, rows: np.ndarray) -> Any:
    if isinstance(leaf, tf1.SparseTensorValue):
        return _taken_sparse(leaf, rows)
    if isinstance(leaf, tf1.ragged.RaggedTensorValue):
        return _taken_ragged(leaf, rows)
    return np.asarray(leaf)[rows]


def _taken_sparse(leaf: Any, rows: np.ndarray) -> Any:
    entries = [np.flatnonzero(leaf.indices[:, 0] == row) for row in rows]
    positions = np.concatenate(entries) if entries else np.zeros(0, np.int64)
    indices = np.array(leaf.indices[positions])
    indices[:, 0] = np.repeat(np.arange(len(rows)), [len(each) for each in entries])
    shape = np.array(leaf.dense_shape)
    shape[0] = len(rows)
    return tf1.SparseTensorValue(indices, leaf.values[positions], shape)


def _taken_ragged(leaf: Any, rows: np.ndarray) -> Any:
    splits = np.asarray(leaf.row_splits)
    positions = [np.arange(splits[row], splits[row + 1]) for row in rows]
    lengths = np.array([len(each) for each in positions], splits.dtype)
    chosen = np.concatenate(positions) if positions else np.zeros(0, np.int64)
    return tf1.ragged.RaggedTensorValue(
        _taken(leaf.values, chosen), np.concatenate([[0], np.cumsum(lengths)]).astype(splits.dtype)
    )
