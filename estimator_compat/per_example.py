"""Writes the loss and the weight of each evaluation example to a CSV file."""

import contextlib
import csv
import os
from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat.summaries import PER_EXAMPLE_COLLECTION

tf1: Any = tf.compat.v1


class PerExampleLossHook(tf1.train.SessionRunHook):
    """Gathers per-example losses while an evaluation runs and writes them when it ends.

    The tensors are those that `estimator_compat.loss_summaries` registered in the graph. A loss
    with axes beyond the batch's is averaged over them, weighted, and its weight is their sum; so
    `sum(weight * loss) / sum(weight)` over the rows is `average_loss`.

    Args:
      path: The CSV file: columns index (reading order, from 0), loss, weight. It appears, or
        replaces an older one, only when it is whole.
      worst: How many rows to keep, the largest losses first; None keeps all in reading order.
    """

    def __init__(self, path: str, worst: int | None = None) -> None:
        self._path, self._worst = path, worst
        self.rows = 0

    def begin(self) -> None:
        registered = tf1.get_collection(PER_EXAMPLE_COLLECTION)
        if len(registered) != 1:
            raise ValueError(
                f"`--per_example_losses` ({self._path}) found {len(registered)} registered "
                "per-example losses; expected exactly one call of "
                "`estimator_compat.loss_summaries(losses, weights, mode=mode)` in the model_fn, "
                "with the losses as they are before their reduction; add it, or keep "
                "--loss_summaries on, which finds them where it can."
            )
        self._fetches = tuple(registered[0])
        self._batches: list[tuple[np.ndarray, np.ndarray]] = []

    def before_run(self, run_context: Any) -> Any:
        return tf1.train.SessionRunArgs(self._fetches)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._batches.append(by_example(*run_values.results))

    def end(self, session: Any) -> None:
        losses, weights = (
            np.concatenate([batch[column] for batch in self._batches] or [np.zeros(0)])
            for column in (0, 1)
        )
        order = np.arange(len(losses))
        if self._worst is not None:
            # Stable, so that equal losses stay in reading order; NaN is the worst of all.
            order = np.argsort(-np.nan_to_num(losses, nan=np.inf), kind="stable")[: self._worst]
        self.rows = len(order)
        write(self._path, [(int(i), losses[i], weights[i]) for i in order])


def by_example(losses: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Reduces losses and weights of one shape `[batch, ...]` to two of shape `[batch]`.

    Raises:
      ValueError: The loss is one number, so that it cannot be told apart by example.
    """
    if np.ndim(losses) == 0:
        raise ValueError(
            "`losses` is one number, not one for each example; expected shape [batch, ...]; pass "
            "`estimator_compat.loss_summaries` the losses as they are before their reduction."
        )
    if np.ndim(losses) == 1:
        return losses, weights
    beyond = tuple(range(1, np.ndim(losses)))
    total = weights.sum(axis=beyond, dtype=np.float64)
    weighted = (losses * weights).sum(axis=beyond, dtype=np.float64)
    return np.divide(weighted, total, out=np.zeros_like(total), where=total != 0), total


def write(path: str, rows: Iterable[tuple[int, Any, Any]]) -> None:
    """Writes the rows to a new file beside `path` and renames it: all of it or nothing changes."""
    temporary = f"{path}.{os.getpid()}.part"
    try:
        with open(temporary, "w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([("index", "loss", "weight"), *rows])
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
