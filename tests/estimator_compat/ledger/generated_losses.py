"""Generated losses, each with the unreduced losses and weights that its parts have by the rule.

Factors inside of a reduction belong to the losses. A number outside of it is split: its sign goes
into the losses, and its size is a multiplier. The size of what a sum adds up is a multiplier, too.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from hypothesis import strategies as st

from tests.estimator_compat.ledger.spelled_losses import (
    Truth,
    count,
    log_likelihoods,
    squares,
    task_losses,
    word_losses,
)

LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "squares": squares,
    "likelihoods": log_likelihoods,
    "words": word_losses,
    "tasks": task_losses,
}
MATRICES = ("words", "tasks")
# How a number is applied to a tensor, and the number's sign: 1 or -1.
NUMBERS: dict[str, tuple[Callable[[Any], Any], int]] = {
    "0.5 * x": (lambda x: 0.5 * x, 1),
    "x * 3": (lambda x: x * 3.0, 1),
    "x / 4": (lambda x: x / 4.0, 1),
    "-x": (lambda x: -x, -1),
    "0 - x": (lambda x: 0.0 - x, -1),
    "-0.5 * x": (lambda x: -0.5 * x, -1),
    "x / -2": (lambda x: x / -2.0, -1),
    "x * -1": (lambda x: tf.multiply(x, -1.0), -1),
    "identity(x)": (tf.identity, 1),
}
REDUCTIONS: dict[str, Callable[[Any], Any]] = {
    "mean": tf.reduce_mean,
    "sum": tf.reduce_sum,
    "sum by count": lambda x: tf.reduce_sum(x) / count(x),
    "sum by minus count": lambda x: tf.reduce_sum(x) / -count(x),
    "sum times minus inverse": lambda x: tf.reduce_sum(x) * (-1.0 / count(x)),
    "sum by size": lambda x: tf.reduce_sum(x) / tf.cast(tf.size(x), tf.float32),
    "means over the batch first": lambda x: tf.reduce_sum(tf.reduce_mean(x, axis=0)),
    "sums over the batch first": lambda x: tf.reduce_mean(tf.reduce_sum(x, axis=0)),
}
NEGATIVE = ("sum by minus count", "sum times minus inverse")
# How weights, a number and losses are multiplied. The number is a part of the losses.
PRODUCTS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "(w * c) * l": lambda w, c, x: w * c * x,
    "c * (w * l)": lambda w, c, x: c * (w * x),
    "w * (c * l)": lambda w, c, x: w * (c * x),
    "(l / c) * w": lambda w, c, x: x / (1.0 / c) * w,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    """One generated term of a loss; the fields are keys of the tables above."""

    losses: str
    inner: str  # what reduces the axes after the first one: "", "sum" or "mean"
    product: str
    number: float
    weights: str  # "", "w" or "sum of w", by which the sum is then divided
    reduction: str
    outside: tuple[str, ...]

    def build(self, features: Any, labels: Any) -> tuple[Any, Truth]:
        """Returns the number that the term adds to the loss, and its losses and weights."""
        losses = LOSSES[self.losses](features, labels)
        if self.inner and self.losses in MATRICES:
            reduce = tf.reduce_sum if self.inner == "sum" else tf.reduce_mean
            losses = reduce(losses, axis=1)
        # Rectified, they are weights even where no divisor declares them.
        weights = tf.nn.relu(features["w"])
        if losses.shape.rank > 1:
            weights = weights[:, tf.newaxis]
        truth = losses * self.number
        if not self.weights:
            term, weights = REDUCTIONS[self.reduction](self.number * losses), None
        else:
            product = PRODUCTS[self.product](weights, self.number, losses)
            if self.weights == "w":
                term = REDUCTIONS[self.reduction](product)
            else:
                term = tf.reduce_sum(product) / tf.reduce_sum(weights)
        sign = -1 if self.weights != "sum of w" and self.reduction in NEGATIVE else 1
        for name in self.outside:
            apply, own_sign = NUMBERS[name]
            term, sign = apply(term), sign * own_sign
        return term, Truth(sign * truth, weights)


def parts() -> st.SearchStrategy[list[Part]]:
    """Returns one to three terms of a loss."""
    part = st.builds(
        Part,
        losses=st.sampled_from(sorted(LOSSES)),
        inner=st.sampled_from(["", "sum", "mean"]),
        product=st.sampled_from(sorted(PRODUCTS)),
        number=st.sampled_from([0.5, 2.0, 0.25]),
        weights=st.sampled_from(["", "w", "sum of w"]),
        reduction=st.sampled_from(sorted(REDUCTIONS)),
        outside=st.lists(st.sampled_from(sorted(NUMBERS)), max_size=3).map(tuple),
    )
    return st.lists(part, min_size=1, max_size=3)
