"""`pandas_input_fn`: an input_fn over a DataFrame."""

import uuid
from typing import Any

import numpy as np

from estimator_compat.inputs import queues
from estimator_compat.type_aliases import InputFn


def pandas_input_fn(
    x: Any,
    y: Any = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: bool | None = None,
    queue_capacity: int | None = 1000,
    num_threads: int = 1,
    target_column: str = "target",
) -> InputFn:
    """Builds an input_fn that reads a DataFrame through a queue.

    This module does not import pandas: only the caller needs it.

    Args:
      x: A DataFrame; each column becomes a feature, `[batch]`.
      y: A Series or DataFrame of labels with the same index, or None.
      batch_size: As for `numpy_input_fn`.
      num_epochs: As for `numpy_input_fn`.
      shuffle: As for `numpy_input_fn`.
      queue_capacity: The number of rows that the queue holds. None for the number of the
        DataFrame's rows, or four times that number with `shuffle`.
      num_threads: As for `numpy_input_fn`.
      target_column: The column name that a Series of labels gets; `x` must not have it.

    Returns:
      The input_fn, which returns a dict of features, or the dict and the labels.

    Raises:
      ValueError: `shuffle` is not a boolean, the indexes differ, or `x` has `target_column`.
      TypeError: `target_column` is not a string.
    """
    queues.check_shuffle(shuffle)
    if not isinstance(target_column, str):
        raise TypeError(
            f"target_column must be a string type, given: {target_column!r}; expected a column "
            "name; pass a name that `x` does not have."
        )
    frame = x.copy()
    label_columns: dict[str, str] = {}
    if y is not None:
        label_columns = _add_labels(frame, y, target_column)
    if queue_capacity is None:
        queue_capacity = (4 if shuffle else 1) * len(frame)
    capacity = queue_capacity

    def input_fn() -> Any:
        features = queues.next_batch(
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
        labels = {label: features.pop(column) for label, column in label_columns.items()}
        return features, labels if hasattr(y, "columns") else labels[target_column]

    return input_fn


def _add_labels(frame: Any, y: Any, target_column: str) -> dict[str, str]:
    """Adds the labels to a DataFrame as columns.

    Args:
      frame: The DataFrame of features, which is changed.
      y: A Series or DataFrame of labels.
      target_column: The column name that a Series gets.

    Returns:
      The column of each label. A label with the name of a feature gets another column name.

    Raises:
      ValueError: The indexes differ, or the DataFrame has `target_column`.
    """
    if target_column in frame:
        raise ValueError(
            f"Cannot use name {target_column} for target column: DataFrame already has a column "
            f"with that name: {list(frame.columns)}; pass another `target_column`."
        )
    if not np.array_equal(frame.index, y.index):
        raise ValueError(
            f"Index for x and y are mismatched. Index for x: {frame.index}; index for y: "
            f"{y.index}; expected the same rows in the same order; reindex `x` or `y`."
        )
    if not hasattr(y, "columns"):
        frame[target_column] = y
        return {target_column: target_column}
    names = {name: f"{name}_{uuid.uuid4()}" if name in frame else name for name in y.columns}
    for name, column in names.items():
        frame[column] = y[name]
    return names
