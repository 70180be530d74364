"""`BahdanauAttention`, `LuongAttention` and `hardmax`."""

from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.facade.contrib.seq2seq import attention_scores, sizes
from estimator_compat.facade.contrib.seq2seq.attention_mechanism import BaseAttentionMechanism
from estimator_compat.type_aliases import Nest, Tensor


def dense(num_units: int, name: str, dtype: Any) -> Any:
    """Returns the layer of a mechanism that makes queries or keys.

    Args:
      num_units: The size of its outputs.
      name: The layer's name.
      dtype: The dtype of its kernel; None for float32.
    """
    return tf1.layers.Dense(num_units, name=name, use_bias=False, dtype=dtype or tf1.float32)


class BahdanauAttention(BaseAttentionMechanism):
    """Additive attention.

    Args:
      num_units: The size of queries and keys.
      memory: What is attended to, `[batch, time, ...]`.
      memory_sequence_length: The lengths of the memory, `[batch]`; None for the whole time axis.
      normalize: Whether the length of the scoring vector is a variable of its own, and a bias is
        added.
      probability_fn: Makes probabilities of scores; None for the softmax.
      score_mask_value: The score after a length; None for minus infinity.
      dtype: The dtype of the layers; None for float32.
      custom_key_value_fn: Makes other keys and values of the keys and values; None for none.
      name: The name scope of the operations.
    """

    def __init__(
        self,
        num_units: int,
        memory: Nest,
        memory_sequence_length: Any = None,
        normalize: bool = False,
        probability_fn: Callable[[Tensor], Tensor] | None = None,
        score_mask_value: Any = None,
        dtype: Any = None,
        custom_key_value_fn: Callable[[Tensor, Nest], tuple[Tensor, Nest]] | None = None,
        name: str = "BahdanauAttention",
    ) -> None:
        make_probabilities = probability_fn or tf1.nn.softmax
        super().__init__(
            query_layer=dense(num_units, "query_layer", dtype),
            memory_layer=dense(num_units, "memory_layer", dtype),
            memory=memory,
            probability_fn=lambda score, _: make_probabilities(score),
            memory_sequence_length=memory_sequence_length,
            score_mask_value=score_mask_value,
            custom_key_value_fn=custom_key_value_fn,
            name=name,
        )
        self._num_units = num_units
        self._normalize = normalize
        self._name = name

    def __call__(self, query: Tensor, state: Nest) -> tuple[Tensor, Nest]:
        """Returns the alignments of a query, `[batch, time]`, and the next state.

        Args:
          query: `[batch, depth]`.
          state: The alignments of the time step before.
        """
        with tf1.variable_scope(None, "bahdanau_attention"):
            processed = self.process_query(query)
            score = attention_scores.bahdanau(
                processed,
                self._keys,
                self._num_units,
                normalize=self._normalize,
                dtype=query.dtype,
            )
        alignments = self._probability_fn(score, state)
        return alignments, alignments


class LuongAttention(BaseAttentionMechanism):
    """Multiplicative attention.

    Args:
      num_units: The size of the keys, which must be the size of the cell's output.
      memory: What is attended to, `[batch, time, ...]`.
      memory_sequence_length: The lengths of the memory, `[batch]`; None for the whole time axis.
      scale: Whether the scores are multiplied by a variable.
      probability_fn: Makes probabilities of scores; None for the softmax.
      score_mask_value: The score after a length; None for minus infinity.
      dtype: The dtype of the layer; None for float32.
      custom_key_value_fn: Makes other keys and values of the keys and values; None for none.
      name: The name scope of the operations.
    """

    def __init__(
        self,
        num_units: int,
        memory: Nest,
        memory_sequence_length: Any = None,
        scale: bool = False,
        probability_fn: Callable[[Tensor], Tensor] | None = None,
        score_mask_value: Any = None,
        dtype: Any = None,
        custom_key_value_fn: Callable[[Tensor, Nest], tuple[Tensor, Nest]] | None = None,
        name: str = "LuongAttention",
    ) -> None:
        make_probabilities = probability_fn or tf1.nn.softmax
        super().__init__(
            query_layer=None,
            memory_layer=dense(num_units, "memory_layer", dtype),
            memory=memory,
            probability_fn=lambda score, _: make_probabilities(score),
            memory_sequence_length=memory_sequence_length,
            score_mask_value=score_mask_value,
            custom_key_value_fn=custom_key_value_fn,
            name=name,
        )
        self._num_units = num_units
        self._scale = scale
        self._name = name

    def __call__(self, query: Tensor, state: Nest) -> tuple[Tensor, Nest]:
        """Returns the alignments of a query, `[batch, time]`, and the next state.

        Args:
          query: `[batch, num_units]`.
          state: The alignments of the time step before.
        """
        with tf1.variable_scope(None, "luong_attention"):
            score = attention_scores.luong(query, self._keys, scale=self._scale)
        alignments = self._probability_fn(score, state)
        return alignments, alignments


def hardmax(logits: Any, name: str | None = None) -> Tensor:
    """Returns 1 at the largest logit and 0 elsewhere, along the last axis.

    Args:
      logits: `[..., classes]`.
      name: The name scope of the operations.
    """
    with tf1.name_scope(name, "Hardmax"):
        logits = tf1.convert_to_tensor(logits, name="logits")
        depth = sizes.known_dimension(logits, -1)
        return tf1.one_hot(tf1.argmax(logits, -1), depth, dtype=logits.dtype)
