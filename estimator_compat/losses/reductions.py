"""The loss reductions: one row each, with its names, formula, computation and Keras equals.

A row's computation is written over the small `Arithmetic` protocol, so that this table imports
nothing: `losses` brings TensorFlow's arithmetic, and anything that multiplies arrays can bring
its own. The formulas are those of `tf.compat.v1.losses.compute_weighted_loss`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol


class Arithmetic(Protocol):
    """What a reduction needs beside `*` on arrays of losses and of weights.

    `losses` has any shape; `weights` is a scalar, or has the rank of `losses` with each dimension
    1 or equal to that of `losses`. All results but that of `ones_like` are scalars.
    """

    def sum(self, values: Any) -> Any:
        """Adds up all elements of `values`."""

    def ones_like(self, losses: Any) -> Any:
        """Returns ones in the shape of `losses`."""

    def size(self, losses: Any) -> Any:
        """Counts the elements of `losses`."""

    def count_nonzero(self, weights: Any, losses: Any) -> Any:
        """Counts the elements of `losses` whose weight is not zero."""

    def divide(self, numerator: Any, denominator: Any) -> Any:
        """Divides two scalars; the result is 0 where `denominator` is 0."""


Compute = Callable[[Arithmetic, Any, Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """States one reduction of losses `l` under weights `w`, `w` being broadcast to `l`.

    Attributes:
        name: the member of `tf.compat.v1.losses.Reduction`.
        aliases: every other spelling that `find` accepts.
        formula: the computation as text.
        compute: takes an `Arithmetic`, `l` and `w`, and returns the reduced loss.
        keras2: the equal value of `tf_keras.losses.Reduction`, or None where there is no equal.
        keras3: the equal `reduction=` of a Keras 3 loss, or None where there is no equal. (Keras 3
            also spells "none" as None, and "sum_over_batch_size" as "mean".)
    """

    name: str
    aliases: tuple[str, ...]
    formula: str
    compute: Compute
    keras2: str | None
    keras3: str | None


def _mean(on: Arithmetic, losses: Any, weights: Any) -> Any:
    return on.divide(on.sum(losses * weights), on.sum(on.ones_like(losses) * weights))


def _sum_over_batch_size(on: Arithmetic, losses: Any, weights: Any) -> Any:
    return on.divide(on.sum(losses * weights), on.size(losses))


def _sum_by_nonzero_weights(on: Arithmetic, losses: Any, weights: Any) -> Any:
    return on.divide(on.sum(losses * weights), on.count_nonzero(weights, losses))


TABLE = (
    Reduction(
        name="NONE",
        aliases=("none",),
        formula="w*l",
        compute=lambda on, losses, weights: losses * weights,
        keras2="none",
        keras3="none",
    ),
    Reduction(
        name="SUM",
        aliases=("weighted_sum", "sum"),
        formula="sum(w*l)",
        compute=lambda on, losses, weights: on.sum(losses * weights),
        keras2="sum",
        keras3="sum",
    ),
    Reduction(
        name="SUM_OVER_BATCH_SIZE",
        aliases=("weighted_sum_over_batch_size", "sum_over_batch_size"),
        formula="sum(w*l) / size(l)",
        compute=_sum_over_batch_size,
        keras2="sum_over_batch_size",
        keras3="sum_over_batch_size",
    ),
    Reduction(
        name="MEAN",
        aliases=("weighted_mean", "mean_with_sample_weight"),
        formula="sum(w*l) / sum(w), 0 when sum(w) is 0",
        compute=_mean,
        keras2=None,
        keras3="mean_with_sample_weight",
    ),
    Reduction(
        name="SUM_BY_NONZERO_WEIGHTS",
        aliases=("SUM_OVER_NONZERO_WEIGHTS", "weighted_sum_by_nonzero_weights"),
        formula="sum(w*l) / count(w != 0)",
        compute=_sum_by_nonzero_weights,
        keras2=None,
        keras3=None,
    ),
)

_BY_NAME = {name: row for row in TABLE for name in (row.name, *row.aliases)}


def find(name: str) -> Reduction:
    """Returns the row that `name` spells, in the letters of one of the row's names.

    Upper-case names are those of `tf.compat.v1.losses.Reduction`, so "MEAN" is `sum(w*l)/sum(w)`.
    The lower-case "mean" is nobody's alias: Keras 3 means SUM_OVER_BATCH_SIZE by it, which a reader
    of a TF1 program would not expect. Keras's "auto" depends on where it is used, and is not here.

    Raises:
        ValueError: `name` is none of these names.
    """
    if isinstance(name, str) and name in _BY_NAME:
        return _BY_NAME[name]
    known = ", ".join(_BY_NAME)
    if name == "mean":
        raise ValueError(
            f"`reduction` ('mean') is ambiguous, and must be one of {known}; pass 'MEAN' for "
            "sum(w*l) / sum(w), or 'SUM_OVER_BATCH_SIZE' for what Keras 3 calls 'mean'."
        )
    raise ValueError(f"`reduction` ({name!r}) must be one of {known}; pass one of these names.")
