"""Writes the loss and the weight of each evaluation example to a CSV file."""

import contextlib
import csv
import os
from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf1

from estimator_compat.losses.summaries import PER_EXAMPLE_COLLECTION
from estimator_compat.type_aliases import Session


class PerExampleLossHook(tf1.train.SessionRunHook):
    """Gathers per-example losses while an evaluation runs and writes them when it ends.

    The losses are the tensors that `estimator_compat.loss_summaries` registered in the graph; the
    model_fn or `with_loss_summaries` called it. If it registered several terms, the column `term`
    names each row's term. Losses may have axes after the batch axis. An example's loss is then the
    weighted mean over these axes, and its weight is the sum of the weights over them. Hence
    `sum(weight * loss) / sum(weight)` over the rows is `average_loss`.

    Args:
      path: The CSV file. Its columns are index (reading order, from 0), loss and weight; with
        several terms also term. The file is replaced only when all rows are written.
      worst: How many rows of each term to keep, the largest losses first. None keeps all rows in
        reading order.

    Attributes:
      rows: The number of rows in the file, without the header; 0 before the evaluation ends.
    """

    def __init__(self, path: str, worst: int | None = None) -> None:
        self._path, self._worst = path, worst
        self.rows = 0

    def begin(self) -> None:
        """Finds the registered losses in the default graph.

        Raises:
          ValueError: The graph has no registered losses.
        """
        registered = tf1.get_collection(PER_EXAMPLE_COLLECTION)
        if not registered:
            raise ValueError(
                f"`--per_example_losses` ({self._path}) found no registered per-example losses; "
                "expected a call of "
                "`estimator_compat.loss_summaries(losses, weights, mode=mode)` in the model_fn, "
                "with the losses as they are before their reduction; add it, or keep "
                "--loss_summaries on, which finds them where it can."
            )
        self._terms = [entry.term for entry in registered]
        self._fetches = [(entry.losses, entry.weights) for entry in registered]
        self._batches: list[list[tuple[np.ndarray, np.ndarray]]] = []

    def before_run(self, run_context: Any) -> Any:
        """Fetches the losses and weights of the batch."""
        del run_context
        return tf1.train.SessionRunArgs(self._fetches)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Keeps the batch's losses and weights in memory."""
        del run_context
        self._batches.append(
            [by_example(losses, weights) for losses, weights in run_values.results]
        )

    def end(self, session: Session) -> None:
        """Writes the CSV file."""
        del session
        rows = [row for term_index, _ in enumerate(self._terms) for row in self._rows(term_index)]
        self.rows = len(rows)
        several = len(self._terms) > 1
        header = ("index", "loss", "weight", "term")[: 4 if several else 3]
        write(self._path, [header, *(row[: len(header)] for row in rows)])

    def _rows(self, term_index: int) -> list[tuple[int, Any, Any, str]]:
        """Returns the rows of one term."""
        losses, weights = (
            np.concatenate([batch[term_index][column] for batch in self._batches] or [np.zeros(0)])
            for column in (0, 1)
        )
        order = np.arange(len(losses))
        if self._worst is not None:
            # A stable sort keeps equal losses in reading order. NaN counts as the largest loss.
            order = np.argsort(-np.nan_to_num(losses, nan=np.inf), kind="stable")[: self._worst]
        return [(int(i), losses[i], weights[i], self._terms[term_index]) for i in order]


def by_example(losses: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Reduces losses and weights from shape `[batch, ...]` to shape `[batch]`.

    Args:
      losses: Losses of shape `[batch, ...]`.
      weights: Weights in the shape of `losses`.

    Returns:
      Each example's weighted mean loss, 0 if its weights sum to 0, and the sum of its weights. For
      losses of shape `[batch]`, both arrays unchanged.

    Raises:
      ValueError: `losses` is a scalar and has no batch axis.
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
    """Writes the rows to a temporary file, then renames it to `path`.

    If writing fails, the temporary file is deleted and an existing file at `path` stays as it was.
    """
    temporary = f"{path}.{os.getpid()}.part"
    try:
        with open(temporary, "w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
