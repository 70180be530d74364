"""`pandas_input_fn`: an input_fn over a DataFrame."""

import uuid
from collections.abc import Callable
from typing import Any

import numpy as np

from estimator_compat.inputs import queues


def pandas_input_fn(
    x: Any,
    y: Any = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: bool | None = None,
    queue_capacity: int | None = 1000,
    num_threads: int = 1,
    target_column: str = "target",
) -> Callable[[], Any]:
    """Builds an input_fn that reads a DataFrame through a queue; pandas is the caller's.

    Args:
      x: A DataFrame; each column becomes a feature, `[batch]`.
      y: A Series or DataFrame of labels with the same index, or None.
      batch_size, num_epochs, shuffle, num_threads: As for `numpy_input_fn`.
      queue_capacity: Rows that the queue holds; None for the DataFrame's length, four times that
        with `shuffle`.
      target_column: A column name for a Series of labels, free in `x`.

    Raises:
      ValueError: `shuffle` is not said, the indexes differ, or `target_column` is taken.
      TypeError: `target_column` is no string.
    """
    queues.check_shuffle(shuffle)
    if not isinstance(target_column, str):
        raise TypeError(
            f"target_column must be a string type, given: {target_column!r}; expected a column "
            "name; pass one that `x` does not have."
        )
    frame = x.copy()
    names: dict[str, str] = {}
    if y is not None:
        names = _add_labels(frame, y, target_column)
    if queue_capacity is None:
        queue_capacity = (4 if shuffle else 1) * len(frame)
    capacity = queue_capacity

    def input_fn() -> Any:
        features = queues.enqueued(
            {name: frame[name].to_numpy() for name in frame.columns},
            batch_size=batch_size,
            num_epochs=num_epochs,
            shuffle=bool(shuffle),
            capacity=capacity,
            min_after_dequeue=max(capacity / 4, 1),
            num_threads=num_threads,
        )
        if y is None:
            return features
        labels = {label: features.pop(column) for label, column in names.items()}
        return features, labels if hasattr(y, "columns") else labels[target_column]

    return input_fn


def _add_labels(frame: Any, y: Any, target_column: str) -> dict[str, str]:
    """Adds the labels as columns; returns label name to column name."""
    if target_column in frame:
        raise ValueError(
            f"Cannot use name {target_column} for target column: DataFrame already has a column "
            f"with that name: {list(frame.columns)}; pass another `target_column`."
        )
    if not np.array_equal(frame.index, y.index):
        raise ValueError(
            f"Index for x and y are mismatched. Index for x: {frame.index}; index for y: "
            f"{y.index}; expected the same rows in the same order; reindex one of them."
        )
    if not hasattr(y, "columns"):
        frame[target_column] = y
        return {target_column: target_column}
    names = {name: f"{name}_{uuid.uuid4()}" if name in frame else name for name in y.columns}
    for name, column in names.items():
        frame[column] = y[name]
    return names
