"""Monotonic attention: what comes before an attended entry of the memory is not attended to again.

Colin Raffel and others, "Online and Linear-Time Attention by Enforcing Monotonic Alignments",
2017.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf1

from estimator_compat.facade.contrib.seq2seq import attention_scores
from estimator_compat.facade.contrib.seq2seq.attention import dense
from estimator_compat.facade.contrib.seq2seq.attention_mechanism import BaseAttentionMechanism
from estimator_compat.type_aliases import Nest, Tensor

_MODES = ("recursive", "parallel", "hard")


def safe_cumprod(x: Any, *axes: Any, **options: Any) -> Tensor:
    """Returns the cumulative product, as the exponential of a sum of logarithms.

    Args:
      x: Numbers from 0 to 1; those that are too small for a logarithm are enlarged.
      *axes: The arguments of `tf.cumsum` after the tensor.
      **options: Those that have names.
    """
    with tf1.name_scope(None, "SafeCumprod"):
        numbers = tf1.convert_to_tensor(x, name="x")
        smallest = np.finfo(numbers.dtype.as_numpy_dtype).tiny
        logarithms = tf1.log(tf1.clip_by_value(numbers, smallest, 1))
        return tf1.exp(tf1.cumsum(logarithms, *axes, **options))


def monotonic_attention(p_choose_i: Any, previous_attention: Any, mode: str) -> Tensor:
    """Returns the probabilities with which each entry of the memory is attended to.

    An entry is attended to if none between the one before and it was chosen.

    Args:
      p_choose_i: The probability of choosing each entry, `[batch, time]`.
      previous_attention: The result for the time step before; at first `[1, 0, 0, ...]`.
      mode: `recursive` goes through the entries one by one, `parallel` uses cumulative sums, and
        `hard` is for probabilities that are 0 or 1.

    Raises:
      ValueError: There is no such mode.
    """
    if mode not in _MODES:
        raise ValueError(
            f"mode must be 'recursive', 'parallel', or 'hard', not {mode!r}; choose one of them."
        )
    choose = tf1.convert_to_tensor(p_choose_i, name="p_choose_i")
    before = tf1.convert_to_tensor(previous_attention, name="previous_attention")
    if mode == "hard":
        choose = choose * tf1.cumsum(before, axis=1)
        return choose * tf1.cumprod(1 - choose, axis=1, exclusive=True)
    if mode == "parallel":
        passed = safe_cumprod(1 - choose, axis=1, exclusive=True)
        reached = tf1.cumsum(before / tf1.clip_by_value(passed, 1e-10, 1.0), axis=1)
        return choose * passed * reached
    return choose * _reached_one_by_one(choose, before)


def _reached_one_by_one(choose: Tensor, before: Tensor) -> Tensor:
    """Returns the probability of reaching each entry: `reached[i] = before[i] + passed[i - 1]`.

    `passed[i]` is the probability of reaching entry i without choosing it.
    """
    not_chosen = tf1.concat([tf1.ones_like(choose[:, :1]), 1 - choose[:, :-1]], 1)

    def follow(reached: Tensor, entry: Any) -> Tensor:
        return entry[0] * reached + entry[1]

    first = tf1.zeros_like(before[:, 0])
    by_entry = (tf1.transpose(not_chosen), tf1.transpose(before))
    return tf1.transpose(tf1.scan(follow, by_entry, initializer=first))


def _probabilities(noise: float, mode: str, seed: int | None) -> Callable[[Tensor, Tensor], Tensor]:
    """Returns a function that makes probabilities of scores and of the alignments before."""

    def probabilities(score: Tensor, previous: Tensor) -> Tensor:
        if noise > 0:
            drawn = tf1.random_normal(tf1.shape(score), dtype=score.dtype, seed=seed)
            score = score + noise * drawn
        is_hard = mode == "hard"
        choose = tf1.cast(score > 0, score.dtype) if is_hard else tf1.sigmoid(score)
        return monotonic_attention(choose, previous, mode)

    return probabilities


class _MonotonicAttention(BaseAttentionMechanism):
    """An attention mechanism whose attention begins at the first entry of the memory."""

    def initial_alignments(self, batch_size: Any, dtype: Any) -> Tensor:
        """Returns 1 for the first entry of the memory, 0 for the others: `[batch, time]`.

        Args:
          batch_size: The number of examples.
          dtype: The dtype.
        """
        first = tf1.zeros([batch_size], dtype=tf1.int32)
        return tf1.one_hot(first, self._alignments_size, dtype=dtype)


def _score_bias(value: float, dtype: Any) -> Tensor:
    """Returns the variable that is added to all scores."""
    return tf1.get_variable("attention_score_bias", dtype=dtype, initializer=value)


class BahdanauMonotonicAttention(_MonotonicAttention):
    """Monotonic attention with the scores of `BahdanauAttention`, and a bias.

    Args:
      num_units: The size of queries and keys.
      memory: What is attended to, `[batch, time, ...]`.
      memory_sequence_length: As in `BahdanauAttention`.
      normalize: As in `BahdanauAttention`.
      score_mask_value: As in `BahdanauAttention`.
      sigmoid_noise: The standard deviation of the noise that is added to the scores.
      sigmoid_noise_seed: The seed of the noise.
      score_bias_init: The bias before training.
      mode: As in `monotonic_attention`.
      dtype: As in `BahdanauAttention`.
      name: The name scope of the operations.
    """

    def __init__(
        self,
        num_units: int,
        memory: Nest,
        memory_sequence_length: Any = None,
        normalize: bool = False,
        score_mask_value: Any = None,
        sigmoid_noise: float = 0.0,
        sigmoid_noise_seed: int | None = None,
        score_bias_init: float = 0.0,
        mode: str = "parallel",
        dtype: Any = None,
        name: str = "BahdanauMonotonicAttention",
    ) -> None:
        super().__init__(
            query_layer=dense(num_units, "query_layer", dtype),
            memory_layer=dense(num_units, "memory_layer", dtype),
            memory=memory,
            probability_fn=_probabilities(sigmoid_noise, mode, sigmoid_noise_seed),
            memory_sequence_length=memory_sequence_length,
            score_mask_value=score_mask_value,
            name=name,
        )
        self._num_units = num_units
        self._normalize = normalize
        self._score_bias_init = score_bias_init
        self._name = name

    def __call__(self, query: Tensor, state: Nest) -> tuple[Tensor, Nest]:
        """Returns the alignments of a query, `[batch, time]`, and the next state.

        Args:
          query: `[batch, depth]`.
          state: The alignments of the time step before.
        """
        with tf1.variable_scope(None, "bahdanau_monotonic_attention"):
            processed = self.process_query(query)
            score = attention_scores.bahdanau(
                processed,
                self._keys,
                self._num_units,
                normalize=self._normalize,
                dtype=query.dtype,
            )
            score = score + _score_bias(self._score_bias_init, processed.dtype)
        alignments = self._probability_fn(score, state)
        return alignments, alignments


class LuongMonotonicAttention(_MonotonicAttention):
    """Monotonic attention with the scores of `LuongAttention`, and a bias.

    Args:
      num_units: The size of the keys, which must be the size of the cell's output.
      memory: What is attended to, `[batch, time, ...]`.
      memory_sequence_length: As in `LuongAttention`.
      scale: As in `LuongAttention`.
      score_mask_value: As in `LuongAttention`.
      sigmoid_noise: The standard deviation of the noise that is added to the scores.
      sigmoid_noise_seed: The seed of the noise.
      score_bias_init: The bias before training.
      mode: As in `monotonic_attention`.
      dtype: As in `LuongAttention`.
      name: The name scope of the operations.
    """

    def __init__(
        self,
        num_units: int,
        memory: Nest,
        memory_sequence_length: Any = None,
        scale: bool = False,
        score_mask_value: Any = None,
        sigmoid_noise: float = 0.0,
        sigmoid_noise_seed: int | None = None,
        score_bias_init: float = 0.0,
        mode: str = "parallel",
        dtype: Any = None,
        name: str = "LuongMonotonicAttention",
    ) -> None:
        super().__init__(
            query_layer=None,
            memory_layer=dense(num_units, "memory_layer", dtype),
            memory=memory,
            probability_fn=_probabilities(sigmoid_noise, mode, sigmoid_noise_seed),
            memory_sequence_length=memory_sequence_length,
            score_mask_value=score_mask_value,
            name=name,
        )
        self._num_units = num_units
        self._scale = scale
        self._score_bias_init = score_bias_init
        self._name = name

    def __call__(self, query: Tensor, state: Nest) -> tuple[Tensor, Nest]:
        """Returns the alignments of a query, `[batch, time]`, and the next state.

        Args:
          query: `[batch, num_units]`.
          state: The alignments of the time step before.
        """
        with tf1.variable_scope(None, "luong_monotonic_attention"):
            score = attention_scores.luong(query, self._keys, scale=self._scale)
            score = score + _score_bias(self._score_bias_init, query.dtype)
        alignments = self._probability_fn(score, state)
        return alignments, alignments
