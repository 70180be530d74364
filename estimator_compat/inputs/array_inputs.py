"""`numpy_input_fn`: an input_fn over NumPy arrays."""

from typing import Any

import numpy as np

from estimator_compat.inputs import queues
from estimator_compat.type_aliases import InputFn


def numpy_input_fn(
    x: Any,
    y: Any = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: bool | None = None,
    queue_capacity: int = 1000,
    num_threads: int = 1,
) -> InputFn:
    """Builds an input_fn that reads NumPy arrays through a queue.

    Args:
      x: An array, `[examples, ...]`, or a dict of arrays.
      y: The labels in the same form, or None.
      batch_size: The number of examples in a batch. The last batch may be shorter.
      num_epochs: How many times the arrays are read; None reads them without end.
      shuffle: Whether the order is random; None is an error.
      queue_capacity: The number of examples that the queue holds.
      num_threads: The number of threads that read. With several threads, the order of their
        batches is not determined.

    Returns:
      The input_fn, which returns features, or features and labels. It raises a ValueError for
      arrays that are empty or differ in length, and for a name that is in both x and y. It raises a
      TypeError for an x that is neither an array nor a dict.

    Raises:
      ValueError: `shuffle` is not a boolean.
    """
    queues.check_shuffle(shuffle)

    def input_fn() -> Any:
        features = _columns(x)
        labels = _label_columns(y, features)
        columns = {**features, **labels}
        lengths = {len(column) for column in columns.values()}
        if len(lengths) != 1:
            raise ValueError(
                "Length of tensors in x and y is mismatched. All elements in x and y must have "
                "the same length, given shapes: "
                f"{ {name: column.shape for name, column in columns.items()} }; cut them to one "
                "length."
            )
        batch = queues.next_batch(
            columns,
            batch_size=batch_size,
            num_epochs=num_epochs,
            shuffle=bool(shuffle),
            capacity=queue_capacity,
            min_after_dequeue=None,
            num_threads=num_threads,
        )
        by_name = {name: batch[name] for name in features}
        inputs = by_name if isinstance(x, dict) else next(iter(by_name.values()))
        if y is None:
            return inputs
        targets = {name: batch[name] for name in labels}
        return inputs, targets if isinstance(y, dict) else next(iter(targets.values()))

    return input_fn


def _columns(x: Any) -> dict[str, Any]:
    """Returns the features as arrays by name, sorted by name."""
    if isinstance(x, dict):
        if not x:
            raise ValueError("x cannot be an empty dict; expected features by name; add a feature.")
        return dict(sorted(x.items()))
    if not isinstance(x, np.ndarray):
        raise TypeError(
            f"x must be a dict or array; got {type(x).__name__}; expected NumPy arrays; convert "
            "it with np.asarray."
        )
    if x.size == 0:
        raise ValueError("x cannot be an empty array; expected [examples, ...]; check its source.")
    return {"__direct_np_input__": x}


def _label_columns(y: Any, features: dict[str, Any]) -> dict[str, Any]:
    """Returns the labels as arrays by names that no feature has, sorted by name."""
    if y is None:
        return {}
    if not isinstance(y, dict):
        name = "__target_key__"
        while name in features:
            name += "_n"
        return {name: y}
    if not y:
        raise ValueError("y cannot be empty dict, use None instead; expected labels by name.")
    duplicates = sorted(set(y) & set(features))
    if duplicates:
        raise ValueError(
            f"{len(duplicates)} duplicate keys are found in both x and y: {duplicates}; expected "
            "distinct names; rename the features or the labels."
        )
    return dict(sorted(y.items()))
