"""The reductions of losses as TF2 source, with the words and the legacy name of each."""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReductionRow:
    """A reduction of `losses` by `weights`.

    Attributes:
      weighted: The source with weights.
      words: What that is.
      plain: The source without weights.
      plain_words: What that is.
      body: A statement before `weighted`; "" if there is none.
      counts: Whether the weights are counted or added up for each loss, so that they must have the
        shape of the losses.
    """

    weighted: str
    words: str
    plain: str
    plain_words: str
    body: str = ""
    counts: bool = False


_SUM = "tf.reduce_sum(losses * weights)"
_MEAN = "tf.reduce_mean(losses)"
ROWS: Mapping[str, ReductionRow] = {
    "NONE": ReductionRow(
        weighted="losses * weights",
        words="The weighted losses",
        plain="losses",
        plain_words="The losses",
    ),
    "SUM": ReductionRow(
        weighted=_SUM,
        words="The weighted sum",
        plain="tf.reduce_sum(losses)",
        plain_words="The sum",
    ),
    "SUM_OVER_BATCH_SIZE": ReductionRow(
        weighted="tf.reduce_mean(losses * weights)",
        words="The weighted sum by the number of losses",
        plain=_MEAN,
        plain_words="The mean; a short last batch counts its own size",
    ),
    "SUM_BY_NONZERO_WEIGHTS": ReductionRow(
        weighted=f"tf.math.divide_no_nan({_SUM}, count)",
        words="The weighted sum by the number of weights that are not 0",
        plain=_MEAN,
        plain_words="The mean, as all weights are 1",
        body="count = tf.math.count_nonzero(weights, dtype=losses.dtype)",
        counts=True,
    ),
    "MEAN": ReductionRow(
        weighted=f"tf.math.divide_no_nan({_SUM}, tf.reduce_sum(weights))",
        words="The weighted sum by the sum of the weights",
        plain=_MEAN,
        plain_words="The mean, as all weights are 1",
        counts=True,
    ),
}
# The values of `tf.losses.Reduction`.
NAMES: Mapping[str, str] = {
    "none": "NONE",
    "weighted_sum": "SUM",
    "weighted_mean": "MEAN",
    "weighted_sum_by_nonzero_weights": "SUM_BY_NONZERO_WEIGHTS",
    "weighted_sum_over_batch_size": "SUM_OVER_BATCH_SIZE",
}
DEFAULT = "weighted_sum_by_nonzero_weights"
