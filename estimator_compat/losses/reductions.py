"""The table of loss reductions: names, formula, computation and equal Keras reductions of each.

A row computes with an `Arithmetic`, hence the table imports no array library. `weighted_losses` has
the `Arithmetic` of TensorFlow; other libraries of arrays can have their own. The formulas are the
same as in `tf.compat.v1.losses.compute_weighted_loss`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol


class Arithmetic(Protocol):
    """The functions of an array library that a reduction uses, besides `*` on its arrays.

    `losses` has any shape. `weights` is a scalar, or it has the rank of `losses`, and each of its
    dimensions is 1 or equal to the dimension of `losses`. `ones_like` returns an array, the other
    methods return scalars.
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
    """A reduction of losses `l` under weights `w`, which are broadcast to `l`.

    Attributes:
      name: The member of `tf.compat.v1.losses.Reduction`.
      aliases: All other spellings that `find` accepts.
      formula: The computation as text.
      compute: A function of an `Arithmetic`, `l` and `w` that returns the reduced loss.
      keras2: The equal value of `tf_keras.losses.Reduction`; None if no value is equal.
      keras3: The equal `reduction=` of a Keras 3 loss; None if no value is equal. Keras 3 also
        spells "none" as None, and "sum_over_batch_size" as "mean".
    """

    name: str
    aliases: tuple[str, ...]
    formula: str
    compute: Compute
    keras2: str | None
    keras3: str | None


def _none(arithmetic: Arithmetic, losses: Any, weights: Any) -> Any:
    del arithmetic
    return losses * weights


def _mean(arithmetic: Arithmetic, losses: Any, weights: Any) -> Any:
    total = arithmetic.sum(losses * weights)
    return arithmetic.divide(total, arithmetic.sum(arithmetic.ones_like(losses) * weights))


def _sum_over_batch_size(arithmetic: Arithmetic, losses: Any, weights: Any) -> Any:
    return arithmetic.divide(arithmetic.sum(losses * weights), arithmetic.size(losses))


def _sum_by_nonzero_weights(arithmetic: Arithmetic, losses: Any, weights: Any) -> Any:
    total = arithmetic.sum(losses * weights)
    return arithmetic.divide(total, arithmetic.count_nonzero(weights, losses))


TABLE = (
    Reduction(
        name="NONE",
        aliases=("none",),
        formula="w*l",
        compute=_none,
        keras2="none",
        keras3="none",
    ),
    Reduction(
        name="SUM",
        aliases=("weighted_sum", "sum"),
        formula="sum(w*l)",
        compute=lambda arithmetic, losses, weights: arithmetic.sum(losses * weights),
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
    """Returns the row whose name or alias is `name`.

    An upper-case name is a member of `tf.compat.v1.losses.Reduction`: "MEAN" is
    `sum(w*l) / sum(w)`.
    The lower-case "mean" is refused, because Keras 3 means SUM_OVER_BATCH_SIZE by it, which a
    reader of a TF1 program would not expect. Keras's "auto" is not in the table, because its
    meaning depends on where it is used.

    Raises:
      ValueError: No row has the name or alias `name`.
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
