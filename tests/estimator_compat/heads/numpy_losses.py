"""The unreduced losses of heads from their logits, in NumPy and in float64."""

from typing import Any

import numpy as np


def sigmoid(logits: Any, labels: Any) -> Any:
    """The cross entropy of the label with the sigmoid of the logit: log(1 + e**z) - y * z."""
    return np.logaddexp(0, logits) - labels * logits


def softmax(logits: Any, classes: Any) -> Any:
    """-log(p) of the class's p = exp(z) / sum(exp(z)), `[batch, 1]`."""
    chosen = logits[np.arange(len(logits)), np.ravel(classes)]
    return (np.log(np.exp(logits).sum(axis=1)) - chosen)[:, None]


def squares(logits: Any, labels: Any) -> Any:
    return (np.reshape(labels, logits.shape) - logits) ** 2


def poisson(logits: Any, counts: Any) -> Any:
    """exp(z) - y * z, and Stirling's approximation of log(y!) for counts of 2 and more."""
    y = np.reshape(counts, logits.shape).astype(np.float64)
    more = y > 1
    big = np.where(more, y, 1.0)
    log_factorial = big * np.log(big) - big + 0.5 * np.log(2 * np.pi * big)
    return np.exp(logits) - y * logits + np.where(more, log_factorial, 0.0)


def of_head(name: str, logits: Any, labels: Any, x: Any) -> Any:
    """Returns the unreduced losses of a head of `head_runs`.

    Args:
      name: The name of the head there.
      logits: `[batch, logits_dimension]`.
      labels: The labels of `head_runs`.
      x: The feature of that name.
    """
    if "words" in name:
        labels = np.searchsorted(np.unique(labels), labels)  # both vocabularies are in order
    if name == "regression_loss_fn":
        return np.abs(np.reshape(labels, logits.shape) - logits) * (2.0 + x[:, :1])
    if "multi_class" in name:
        return softmax(logits, labels)
    if "multi_label" in name:
        return sigmoid(logits, labels).mean(axis=1, keepdims=True)
    if "binary" in name or name == "logistic":
        return sigmoid(logits, labels[:, None])
    return poisson(logits, labels) if name == "poisson" else squares(logits, labels)
