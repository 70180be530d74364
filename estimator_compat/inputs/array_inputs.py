"""`numpy_input_fn`: an input_fn over NumPy arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np

from estimator_compat.inputs import queues


def numpy_input_fn(
    x: Any,
    y: Any = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: bool | None = None,
    queue_capacity: int = 1000,
    num_threads: int = 1,
) -> Callable[[], Any]:
    """Builds an input_fn that reads NumPy arrays through a queue.

    Args:
      x: An array, `[examples, ...]`, or a dict of them.
      y: Labels in the same form, or None.
      batch_size: Examples of a batch; the last one is shorter where they do not divide.
      num_epochs: How often the arrays are read, None for ever.
      shuffle: Whether the order is random; must be said.
      queue_capacity: Examples that the queue holds.
      num_threads: Threads that read; with more than one, the order is theirs.

    Raises:
      ValueError: `shuffle` is not said; when the input_fn is called, empty or unequal arrays, or
        a name in both x and y.
      TypeError: When the input_fn is called, x is neither an array nor a dict.
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
        batch = queues.enqueued(
            columns,
            batch_size=batch_size,
            num_epochs=num_epochs,
            shuffle=bool(shuffle),
            capacity=queue_capacity,
            min_after_dequeue=None,
            num_threads=num_threads,
        )
        chosen = {name: batch[name] for name in features}
        result = chosen if isinstance(x, dict) else next(iter(chosen.values()))
        if y is None:
            return result
        targets = {name: batch[name] for name in labels}
        return result, targets if isinstance(y, dict) else next(iter(targets.values()))

    return input_fn


def _columns(x: Any) -> dict[str, Any]:
    if isinstance(x, dict):
        if not x:
            raise ValueError("x cannot be an empty dict; expected features by name; add one.")
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
            "distinct names; rename one of each."
        )
    return dict(sorted(y.items()))
