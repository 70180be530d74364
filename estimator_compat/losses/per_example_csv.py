"""Writes the loss and the weight of each evaluation example to a CSV file."""

import contextlib
import csv
import os
from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat.losses.summaries import PER_EXAMPLE_COLLECTION

tf1: Any = tf.compat.v1


class PerExampleLossHook(tf1.train.SessionRunHook):
    """Gathers per-example losses while an evaluation runs and writes them when it ends.

    The tensors are those that `estimator_compat.loss_summaries` registered in the graph, by itself
    or through `with_loss_summaries`; where there are several, a column says which term. A loss
    with axes beyond the batch's is averaged over them, weighted, and its weight is their sum; so
    `sum(weight * loss) / sum(weight)` over the rows is `average_loss`.

    Args:
      path: The CSV file: columns index (reading order, from 0), loss, weight, and term where there
        are several. It appears, or replaces an older one, only when it is whole.
      worst: How many rows to keep, the largest losses first, of each term; None keeps all in
        reading order.
    """

    def __init__(self, path: str, worst: int | None = None) -> None:
        self._path, self._worst = path, worst
        self.rows = 0

    def begin(self) -> None:
        registered = tf1.get_collection(PER_EXAMPLE_COLLECTION)
        if not registered:
            raise ValueError(
                f"`--per_example_losses` ({self._path}) found no registered per-example losses; "
                "expected a call of "
                "`estimator_compat.loss_summaries(losses, weights, mode=mode)` in the model_fn, "
                "with the losses as they are before their reduction; add it, or keep "
                "--loss_summaries on, which finds them where it can."
            )
        self._terms = [one.term for one in registered]
        self._fetches = [(one.losses, one.weights) for one in registered]
        self._batches: list[list[tuple[np.ndarray, np.ndarray]]] = []

    def before_run(self, run_context: Any) -> Any:
        return tf1.train.SessionRunArgs(self._fetches)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._batches.append([by_example(*one) for one in run_values.results])

    def end(self, session: Any) -> None:
        rows = [row for place, _ in enumerate(self._terms) for row in self._rows(place)]
        self.rows = len(rows)
        several = len(self._terms) > 1
        header = ("index", "loss", "weight", "term")[: 4 if several else 3]
        write(self._path, [header, *(row[: len(header)] for row in rows)])

    def _rows(self, place: int) -> list[tuple[int, Any, Any, str]]:
        """The rows of one term."""
        losses, weights = (
            np.concatenate([batch[place][column] for batch in self._batches] or [np.zeros(0)])
            for column in (0, 1)
        )
        order = np.arange(len(losses))
        if self._worst is not None:
            # Stable, so that equal losses stay in reading order; NaN is the worst of all.
            order = np.argsort(-np.nan_to_num(losses, nan=np.inf), kind="stable")[: self._worst]
        return [(int(i), losses[i], weights[i], self._terms[place]) for i in order]


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


def write(path: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Writes the rows to a new file beside `path` and renames it: all of it or nothing changes."""
    temporary = f"{path}.{os.getpid()}.part"
    try:
        with open(temporary, "w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
