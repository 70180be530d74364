"""`AttentionMechanism`, and what all attention mechanisms do with their memory."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf1

from estimator_compat.facade.contrib.seq2seq import sizes
from estimator_compat.type_aliases import Nest, Tensor


class AttentionMechanism:
    """The interface of attention mechanisms, to subclass."""

    @property
    def alignments_size(self) -> Any:
        """The number of entries of the memory."""
        raise NotImplementedError

    @property
    def state_size(self) -> Any:
        """The size of what the mechanism keeps from one time step to the next."""
        raise NotImplementedError


class BaseAttentionMechanism(AttentionMechanism):
    """An attention mechanism with a memory, whose keys a layer makes.

    Args:
      query_layer: The layer that queries go through; None for none.
      memory: What is attended to, such as the outputs of an encoder: `[batch, time, ...]`.
      probability_fn: Makes probabilities of scores and of the state before.
      memory_sequence_length: The lengths of the memory, `[batch]`; None for the whole time axis.
        What comes after them is 0 in the memory, and has no probability.
      memory_layer: The layer that makes the keys.
      check_inner_dims_defined: Whether to require that all sizes of the memory are known, except
        `batch` and `time`.
      score_mask_value: The score after a length; None for minus infinity.
      custom_key_value_fn: Makes other keys and values of the keys and values; None for none.
      name: The name scope of the operations.

    Raises:
      TypeError: A layer is not a layer, or `probability_fn` cannot be called.
      ValueError: A size of the memory is unknown.
    """

    def __init__(
        self,
        query_layer: Any,
        memory: Nest,
        probability_fn: Callable[[Tensor, Nest], Tensor],
        memory_sequence_length: Any = None,
        memory_layer: Any = None,
        check_inner_dims_defined: bool = True,
        score_mask_value: Any = None,
        custom_key_value_fn: Callable[[Tensor, Nest], tuple[Tensor, Nest]] | None = None,
        name: str | None = None,
    ) -> None:
        for argument, layer in (("query_layer", query_layer), ("memory_layer", memory_layer)):
            if layer is not None and not isinstance(layer, tf1.keras.layers.Layer):
                raise TypeError(
                    f"{argument} is not a Layer: {type(layer).__name__}; pass an instance, such as "
                    "`tf.layers.Dense(num_units, use_bias=False)`."
                )
        if not callable(probability_fn):
            raise TypeError(
                f"probability_fn must be callable, saw type: {type(probability_fn).__name__}; "
                "pass a function, such as `tf.nn.softmax`."
            )
        self._query_layer: Any = query_layer
        self._memory_layer: Any = memory_layer
        self.dtype = memory_layer.dtype
        mask_value = -np.inf if score_mask_value is None else score_mask_value
        self._probability_fn: Any = lambda score, previous: probability_fn(
            _masked_score(score, memory_sequence_length, mask_value), previous
        )
        with tf1.name_scope(name, "BaseAttentionMechanismInit"):
            self._values = _prepared(memory, memory_sequence_length, check_inner_dims_defined)
            self._keys = memory_layer(self._values)
            if custom_key_value_fn is not None:
                self._keys, self._values = custom_key_value_fn(self._keys, self._values)
            self._batch_size = sizes.known_dimension(self._keys, 0)
            self._alignments_size = sizes.known_dimension(self._keys, 1)

    @property
    def memory_layer(self) -> Any:
        """The layer that made the keys."""
        return self._memory_layer

    @property
    def query_layer(self) -> Any:
        """The layer that queries go through, or None."""
        return self._query_layer

    @property
    def values(self) -> Nest:
        """The memory, with zeros after its lengths: `[batch, time, ...]`."""
        return self._values

    @property
    def keys(self) -> Tensor:
        """What queries are compared with, `[batch, time, num_units]`."""
        return self._keys

    @property
    def batch_size(self) -> Any:
        """The number of examples in the memory, an integer or a scalar tensor."""
        return self._batch_size

    @property
    def alignments_size(self) -> Any:
        """The number of time steps of the memory, an integer or a scalar tensor."""
        return self._alignments_size

    @property
    def state_size(self) -> Any:
        """The size of the state, which is the alignments of the time step before."""
        return self._alignments_size

    def process_query(self, query: Tensor) -> Tensor:
        """Returns a query as the keys are compared with it: after the query layer, if any.

        Args:
          query: `[batch, depth]`.
        """
        layer: Any = self.query_layer
        return query if layer is None else layer(query)

    def initial_alignments(self, batch_size: Any, dtype: Any) -> Tensor:
        """Returns the alignments before the first time step: zeros, `[batch, time]`.

        Args:
          batch_size: The number of examples.
          dtype: The dtype.
        """
        return sizes.zeros(self._alignments_size, batch_size, dtype)

    def initial_state(self, batch_size: Any, dtype: Any) -> Nest:
        """Returns the state before the first time step, which is `initial_alignments`.

        Args:
          batch_size: The number of examples.
          dtype: The dtype.
        """
        return self.initial_alignments(batch_size, dtype)


def _prepared(memory: Nest, lengths: Any, check_inner_dims_defined: bool) -> Nest:
    """Converts the memory to tensors, with zeros after the lengths."""
    memory = tf1.nest.map_structure(lambda one: tf1.convert_to_tensor(one, name="memory"), memory)
    for tensor in tf1.nest.flatten(memory) if check_inner_dims_defined else ():
        if not tensor.shape[2:].is_fully_defined():
            raise ValueError(
                f"Expected memory {tensor.name} to have fully defined inner dims, but saw shape: "
                f"{tensor.shape}; expected [batch, time, depth] with a known depth; call "
                "`set_shape` first."
            )
    if lengths is None:
        return memory
    first = tf1.nest.flatten(memory)[0]
    mask = tf1.sequence_mask(lengths, maxlen=tf1.shape(first)[1], dtype=first.dtype)

    def masked(tensor: Tensor) -> Tensor:
        ones = tf1.ones([tf1.rank(tensor) - 2], tf1.int32)
        return tensor * tf1.reshape(mask, tf1.concat([tf1.shape(mask), ones], 0))

    return tf1.nest.map_structure(masked, memory)


def _masked_score(score: Tensor, lengths: Any, mask_value: Any) -> Tensor:
    """Returns the scores, `[batch, time]`, with `mask_value` after the lengths."""
    if lengths is None:
        return score
    message = (
        "All values in memory_sequence_length must be greater than zero; leave empty examples out, "
        "or pad them to a length of 1."
    )
    with tf1.control_dependencies([tf1.debugging.assert_positive(lengths, message=message)]):
        mask = tf1.sequence_mask(lengths, maxlen=tf1.shape(score)[1])
    return tf1.where(mask, score, mask_value * tf1.ones_like(score))
