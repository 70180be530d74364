"""`tf.contrib.rnn` cells and functions on `tf.nn`'s."""

from collections.abc import Sequence
from typing import Any

import tensorflow.compat.v1 as tf

from estimator_compat import private_tensorflow
from estimator_compat.facade.contrib import layers


def transpose_batch_time(x: Any) -> Any:
    """Swaps the first two axes; a tensor of fewer stays as it is."""
    rank = x.shape.ndims
    return x if rank is None or rank < 2 else tf.transpose(x, [1, 0, *range(2, rank)])


def stack_bidirectional_dynamic_rnn(
    cells_fw: Sequence[Any],
    cells_bw: Sequence[Any],
    inputs: Any,
    initial_states_fw: Sequence[Any] | None = None,
    initial_states_bw: Sequence[Any] | None = None,
    dtype: Any = None,
    sequence_length: Any = None,
    parallel_iterations: int | None = None,
    time_major: bool = False,
    scope: Any = None,
    swap_memory: bool = False,
) -> tuple[Any, tuple[Any, ...], tuple[Any, ...]]:
    """Stacks bidirectional RNNs; each reads both directions of the one below.

    Returns:
      The top's outputs, forward and backward joined in the last axis, and the final states of each
      layer, forward and backward.

    Raises:
      ValueError: There are no cells, or not as many backward as forward.
    """
    if not cells_fw or len(cells_fw) != len(cells_bw):
        raise ValueError(
            f"Forward and Backward cells must have the same depth ({len(cells_fw)} and "
            f"{len(cells_bw)}); expected at least one of each; make the lists equally long."
        )
    layers = len(cells_fw)
    starts_fw = initial_states_fw or [None] * layers
    starts_bw = initial_states_bw or [None] * layers
    states = []
    with tf.variable_scope(scope or "stack_bidirectional_rnn"):
        for number in range(layers):
            with tf.variable_scope(f"cell_{number}"):
                outputs, state = tf.nn.bidirectional_dynamic_rnn(
                    cells_fw[number],
                    cells_bw[number],
                    inputs,
                    initial_state_fw=starts_fw[number],
                    initial_state_bw=starts_bw[number],
                    sequence_length=sequence_length,
                    parallel_iterations=parallel_iterations,
                    dtype=dtype,
                    swap_memory=swap_memory,
                    time_major=time_major,
                )
                inputs = tf.concat(outputs, 2)
                states.append(state)
    forward, backward = zip(*states, strict=True)
    return inputs, forward, backward


class LayerNormBasicLSTMCell(tf.nn.rnn_cell.RNNCell):
    """An LSTM cell whose gates and state are normalized, with dropout of its candidate values.

    Args:
      num_units: The size of the state.
      forget_bias: Added to the forget gate.
      input_size: Not used.
      activation: Of the candidate and of the state.
      layer_norm: Whether to normalize; a bias takes its place otherwise.
      norm_gain: The initial `gamma` of the normalizations.
      norm_shift: Their initial `beta`.
      dropout_keep_prob: The share of the candidate that is kept, a number or a tensor.
      dropout_prob_seed: The op seed of the dropout.
      reuse: As in `tf.variable_scope`.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        input_size: Any = None,
        activation: Any = tf.tanh,
        layer_norm: bool = True,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
        dropout_keep_prob: Any = 1.0,
        dropout_prob_seed: int | None = None,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(**private_tensorflow.reuse_argument(reuse))
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._activation = activation
        self._layer_norm = layer_norm
        self._norm_gain = norm_gain
        self._norm_shift = norm_shift
        self._keep_prob = dropout_keep_prob
        self._seed = dropout_prob_seed

    @property
    def state_size(self) -> Any:
        return tf.nn.rnn_cell.LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> int:
        return self._num_units

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        """One step: from inputs `[batch, depth]` and (c, h) to the output and the new (c, h)."""
        c, h = state
        gates = self._linear(tf.concat([inputs, h], 1))
        named = zip(("input", "transform", "forget", "output"), tf.split(gates, 4, 1), strict=True)
        i, j, f, o = (self._norm(name, gate) for name, gate in named)
        candidate = self._activation(j)
        if tf.is_tensor(self._keep_prob) or self._keep_prob < 1:
            candidate = tf.nn.dropout(candidate, self._keep_prob, seed=self._seed)
        kept = c * tf.sigmoid(f + self._forget_bias)
        new_c = self._norm("state", kept + tf.sigmoid(i) * candidate)
        new_h = self._activation(new_c) * tf.sigmoid(o)
        return new_h, tf.nn.rnn_cell.LSTMStateTuple(new_c, new_h)

    def _linear(self, inputs: Any) -> Any:
        depth, width = inputs.shape.as_list()[-1], 4 * self._num_units
        outputs = tf.matmul(inputs, tf.get_variable("kernel", [depth, width], dtype=inputs.dtype))
        if self._layer_norm:
            return outputs
        return tf.nn.bias_add(outputs, tf.get_variable("bias", [width], dtype=inputs.dtype))

    def _norm(self, name: str, values: Any) -> Any:
        if not self._layer_norm:
            return values
        shape = values.shape[-1:]
        for variable, start in (("gamma", self._norm_gain), ("beta", self._norm_shift)):
            with tf.variable_scope(name):
                tf.get_variable(
                    variable, shape, values.dtype, initializer=tf.constant_initializer(start)
                )
        return layers.layer_norm(values, reuse=True, scope=name)
