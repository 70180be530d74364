"""Writes the loss and the weight of each evaluation example to a CSV file."""

import contextlib
import csv
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.losses.row_follower import RowFollower
from estimator_compat.losses.rows import NO_ROW, SEVERAL_ROWS, Rows, Source
from estimator_compat.losses.summaries import PER_EXAMPLE_COLLECTION, LossPerExample
from estimator_compat.type_aliases import Features, Labels, Session

_WEIGHTLESS = "weight 0: not in average_loss"


class PerExampleLossHook(tf1.train.SessionRunHook):
    """Gathers per-example losses while an evaluation runs and writes them when it ends.

    The losses are the tensors that `estimator_compat.loss_summaries` registered in the graph; the
    model_fn or `with_loss_summaries` called it. If it registered several terms, the column `term`
    names each row's term.

    An example is a row of the input, and its index counts the rows that the input_fn yields. The
    losses may have axes after the batch axis, and they may be flattened, sorted, or chosen from the
    batch by a mask or by indices: `row_follower` finds the row of each loss. An example's loss is
    the weighted mean of its losses, and its weight is the sum of their weights. Hence
    `sum(weight * loss) / sum(weight)` over the rows is `average_loss`. Examples without a loss have
    no row.

    Args:
      path: The CSV file. Its columns are index (reading order, from 0), loss and weight; with
        several terms also term; if a weight is 0 also note, which marks the rows of weight 0. The
        file is replaced only when all rows are written.
      worst: How many rows of each term to keep, the largest losses first. None keeps all rows in
        reading order.
      without_calls: Returns a tensor that has the same rows as a tensor of losses, and is computed
        without calls of functions, through which no row can be followed.

    Attributes:
      rows: The number of rows in the file, without the header; 0 before the evaluation ends.
      examples: The number of examples that the input yielded.
    """

    def __init__(
        self,
        path: str,
        worst: int | None = None,
        *,
        without_calls: Callable[[tf.Tensor], tf.Tensor] = lambda losses: losses,
    ) -> None:
        self._path, self._worst, self._without_calls = path, worst, without_calls
        self._inputs: tuple[Features, Labels] | None = None
        self.rows = self.examples = 0

    def attach_inputs(self, features: Features, labels: Labels) -> None:
        """Takes the tensors that the input_fn yields, whose rows are the examples."""
        self._inputs = features, labels

    def begin(self) -> None:
        """Finds the registered losses in the default graph, and the rows that they belong to.

        Raises:
          ValueError: The graph has no registered losses, or their rows cannot be found.
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
        if self._inputs is None:
            raise ValueError(
                f"`--per_example_losses` ({self._path}) does not know the evaluation's features "
                "and labels; expected an evaluation of `estimator_compat.Estimator`, which "
                "attaches them; call its `evaluate` with this hook, or call `attach_inputs` before."
            )
        with tf1.name_scope("rows_of_losses"):
            follower = RowFollower(*self._inputs)
            rows = [follower.of(self._without_calls(entry.losses)) for entry in registered]
            for entry, its_rows in zip(registered, rows, strict=True):
                self._check(entry, its_rows)
            self._fetches = {
                "terms": [_fetches(*pair) for pair in zip(registered, rows, strict=True)],
                "sizes": {n: s for its_rows in rows for n, s in follower.sizes(its_rows).items()},
            }
        self._terms = [entry.term for entry in registered]
        self._batches: list[list[ByExample]] = []

    def before_run(self, run_context: Any) -> Any:
        """Fetches the losses and weights of the batch, and their rows."""
        del run_context
        return tf1.train.SessionRunArgs(self._fetches)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Keeps the batch's losses and weights in memory.

        Raises:
          ValueError: An element of the losses belongs to no example or to several, or two inputs
            have different numbers of examples.
        """
        del run_context
        terms, sizes = run_values.results["terms"], run_values.results["sizes"]
        size = self._size_of_batch(sizes)
        batch = []
        for term, (losses, weights, *ids) in zip(self._terms, terms, strict=True):
            rows = ids[0] if ids else _first_axis(losses)
            self._check_elements(term, rows, weights, size)
            indices, *values = by_row(losses, weights, rows)
            batch.append(ByExample(indices + self.examples, *values))
        self._batches.append(batch)
        self.examples += size

    def end(self, session: Session) -> None:
        """Writes the CSV file."""
        del session
        rows = [row for term_index, _ in enumerate(self._terms) for row in self._rows(term_index)]
        self.rows = len(rows)
        columns = ["index", "loss", "weight"]
        columns += ["term"] if len(self._terms) > 1 else []
        columns += ["note"] if any(row["note"] for row in rows) else []
        write(self._path, [columns, *([row[column] for column in columns] for row in rows)])

    def _rows(self, term_index: int) -> list[dict[str, Any]]:
        """Returns the rows of one term, as values by column."""
        none = ByExample(np.zeros(0, int), np.zeros(0), np.zeros(0))
        batches = [batch[term_index] for batch in self._batches] or [none]
        indices, losses, weights = map(np.concatenate, zip(*batches, strict=True))
        order = np.arange(len(losses))
        if self._worst is not None:
            # A stable sort keeps equal losses in reading order. NaN counts as the largest loss.
            order = np.argsort(-np.nan_to_num(losses, nan=np.inf), kind="stable")[: self._worst]
        return [
            {
                "index": int(indices[i]),
                "loss": losses[i],
                "weight": weights[i],
                "term": self._terms[term_index],
                "note": _WEIGHTLESS if weights[i] == 0 else "",
            }
            for i in order
        ]

    def _check(self, entry: LossPerExample, rows: Rows) -> None:
        """Raises a ValueError if it is certain before the first batch that there are no rows."""
        if entry.losses.shape.rank == 0:
            raise ValueError(_ONE_NUMBER)
        if not rows.are_known:
            raise self._refusal(entry.term, _PROBLEMS[rows.source].format(reason=rows.reason))

    def _check_elements(self, term: str, rows: np.ndarray, weights: np.ndarray, size: int) -> None:
        if np.any(rows == SEVERAL_ROWS):
            raise self._refusal(term, _PROBLEMS[Source.SEVERAL].format(reason="their values"))
        if np.any((rows == NO_ROW) & (weights != 0)):
            raise self._refusal(term, _PROBLEMS[Source.NONE])
        if np.any(rows >= size):
            raise self._refusal(term, f"a batch of {size} examples has {rows.max() + 1} losses")

    def _size_of_batch(self, sizes: dict[str, int]) -> int:
        if len(set(sizes.values())) > 1:
            each = ", ".join(f"{name} {size}" for name, size in sizes.items())
            raise self._refusal("", f"the first axes of its inputs have different sizes: {each}")
        return int(next(iter(sizes.values())))

    def _refusal(self, term: str, problem: str) -> ValueError:
        losses = f"the losses {term!r}" if term else "the losses"
        return ValueError(
            f"`--per_example_losses` ({self._path}) cannot tell which examples {losses} belong to: "
            f"{problem}; expected losses that each depend on one row of the features and labels, "
            "which masks, gathers, reshapes and sorts may have chosen; give "
            "`estimator_compat.loss_summaries` the losses of all examples, before they are chosen, "
            "with weights of 0 for those that do not count, or leave the flag out."
        )


_ONE_NUMBER = (
    "`losses` is one number, not one for each example; expected shape [batch, ...]; pass "
    "`estimator_compat.loss_summaries` the losses as they are before their reduction."
)
_PROBLEMS = {
    Source.NONE: "some of them depend on no example",
    Source.SEVERAL: "some of them depend on several examples, because of {reason}",
    Source.UNKNOWN: "the rows of the input could not be followed through {reason}",
}


class ByExample(NamedTuple):
    """The losses of some examples, one for each.

    Attributes:
      indices: The examples, in ascending order.
      losses: The loss of each example.
      weights: The weight of each example.
    """

    indices: np.ndarray
    losses: np.ndarray
    weights: np.ndarray


def _fetches(entry: LossPerExample, rows: Rows) -> Sequence[tf.Tensor]:
    """Returns the losses and weights, and their rows, unless these are the first axis."""
    if rows.source is Source.AXIS and rows.axis == 0:
        return (entry.losses, entry.weights)
    ids = rows.in_shape(tf.shape(entry.losses), entry.losses.shape.rank)
    return (entry.losses, entry.weights, ids)


def _first_axis(losses: np.ndarray) -> np.ndarray:
    return np.arange(len(losses)).reshape([-1] + [1] * (np.ndim(losses) - 1))


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
        raise ValueError(_ONE_NUMBER)
    reduced = by_row(losses, weights, _first_axis(losses))
    return reduced.losses, reduced.weights


def by_row(losses: np.ndarray, weights: np.ndarray, rows: np.ndarray) -> ByExample:
    """Reduces losses and weights to one number for each example.

    Args:
      losses: Losses of any shape.
      weights: Weights in the shape of `losses`.
      rows: The example of each loss, in a shape that broadcasts to the shape of `losses`;
        `rows.NO_ROW` for losses that belong to no example, which are left out.

    Returns:
      The examples that have losses; each one's weighted mean loss, 0 if its weights sum to 0; and
      the sum of its weights. If all examples have one loss, it and its weight are unchanged.
    """
    rows = np.broadcast_to(rows, np.shape(losses))
    has_row = rows.reshape(-1) != NO_ROW
    losses, weights = (np.reshape(array, -1)[has_row] for array in (losses, weights))
    indices, places, counts = np.unique(
        rows.reshape(-1)[has_row], return_inverse=True, return_counts=True
    )
    if np.all(counts == 1):
        order = np.argsort(places)
        return ByExample(indices, losses[order], weights[order])
    total, weighted = np.zeros((2, len(indices)))
    np.add.at(total, places, weights.astype(np.float64))
    np.add.at(weighted, places, (losses * weights).astype(np.float64))
    means = np.divide(weighted, total, out=np.zeros_like(total), where=total != 0)
    return ByExample(indices, means, total)


def write(path: str, rows: Iterable[Sequence[Any]]) -> None:
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
