"""Scores of the beams: log probabilities, with penalties for length and coverage.

Yonghui Wu and others, "Google's Neural Machine Translation System", 2016, section 7.
"""

from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.facade.contrib.seq2seq.attention_wrapper_state import AttentionWrapperState
from estimator_compat.type_aliases import Nest, Tensor


def scores(
    log_probs: Tensor,
    lengths: Tensor,
    *,
    length_penalty_weight: Any,
    coverage: Tensor | None,
) -> Tensor:
    """Returns the score of each continuation of each beam, `[batch, beams, classes]`.

    Args:
      log_probs: The log probability of each continuation, `[batch, beams, classes]`.
      lengths: The length of each continuation, `[batch, beams, classes]`.
      length_penalty_weight: The exponent of the length; 0 for no penalty.
      coverage: The weighted penalty of each beam, `[batch, beams]`; None for no penalty.
    """
    weight = tf1.convert_to_tensor(length_penalty_weight, name="penalty_factor")
    weight.set_shape(())
    if tf1.get_static_value(weight) != 0:
        penalty = (5.0 + tf1.cast(lengths, tf1.float32)) ** weight / 6.0**weight
        log_probs = log_probs / tf1.cast(penalty, log_probs.dtype)
    return log_probs if coverage is None else log_probs + coverage[:, :, None]


def coverage_penalty(attended: Tensor, finished: Tensor, weight: Any) -> Tensor:
    """Returns the weighted coverage penalty of the finished beams, `[batch, beams]`.

    Args:
      attended: The summed alignments, `[batch, beams, memory_time]`. An entry with a sum of 0 is
        taken for padding.
      finished: Which beams are finished, `[batch, beams]`.
      weight: What the penalty is multiplied by, a scalar.

    Raises:
      ValueError: `weight` is not a scalar.
    """
    weight = tf1.convert_to_tensor(weight, name="coverage_penalty_weight")
    if weight.shape.ndims != 0:
        raise ValueError(
            f"coverage_penalty_weight should be a scalar, but saw shape: {weight.shape}; pass a "
            "single number."
        )
    attended = tf1.where(tf1.equal(attended, 0.0), tf1.ones_like(attended), attended)
    penalty = tf1.reduce_sum(tf1.log(tf1.minimum(attended, 1.0)), 2)
    return penalty * tf1.cast(finished, tf1.float32) * weight


def alignments(cell_state: Nest) -> Tensor:
    """Returns the alignments of a cell's state, the mean over all mechanisms and cells.

    Args:
      cell_state: The state of an `AttentionWrapper`, or a tuple in which there are such states.

    Raises:
      ValueError: There is no such state.
    """
    if isinstance(cell_state, AttentionWrapperState):
        return _mean(cell_state.alignments)
    states = cell_state if isinstance(cell_state, tuple) else ()
    found = [_mean(one.alignments) for one in states if isinstance(one, AttentionWrapperState)]
    if not found:
        raise ValueError(
            "coverage_penalty_weight must be 0.0 if no cell is attentional; wrap the cell in an "
            "`AttentionWrapper`, or leave `coverage_penalty_weight` out."
        )
    return _mean(tuple(found))


def _mean(values: Any) -> Tensor:
    """Returns the mean of a tuple of tensors, and a single tensor as it is."""
    if not isinstance(values, tuple):
        return values
    return values[0] if len(values) == 1 else tf1.reduce_mean(tf1.stack(values, -1), -1)
