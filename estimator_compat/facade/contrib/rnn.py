"""Cells and functions of `tf.contrib.rnn`, made with `tf.nn`."""

from collections.abc import Sequence
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.facade.contrib import layers
from estimator_compat.facade.contrib.block_cells import LayerCell
from estimator_compat.type_aliases import Tensor


def transpose_batch_time(x: Tensor) -> Tensor:
    """Swaps the first two axes of a tensor, and returns a tensor of lower rank as it is."""
    rank = x.shape.ndims
    return x if rank is None or rank < 2 else tf1.transpose(x, [1, 0, *range(2, rank)])


def stack_bidirectional_dynamic_rnn(
    cells_fw: Sequence[Any],
    cells_bw: Sequence[Any],
    inputs: Tensor,
    initial_states_fw: Sequence[Any] | None = None,
    initial_states_bw: Sequence[Any] | None = None,
    dtype: Any = None,
    sequence_length: Any = None,
    parallel_iterations: int | None = None,
    time_major: bool = False,
    scope: Any = None,
    swap_memory: bool = False,
) -> tuple[Tensor, tuple[Any, ...], tuple[Any, ...]]:
    """Builds a stack of bidirectional RNN layers.

    The input of a layer is the output of the layer below, both directions concatenated.

    Args:
      cells_fw: The forward cell of each layer.
      cells_bw: The backward cell of each layer.
      inputs: `[batch, time, depth]`.
      initial_states_fw: The initial state of each forward cell; None for zeros.
      initial_states_bw: The initial state of each backward cell; None for zeros.
      dtype: The dtype of initial states that are zeros.
      sequence_length: The lengths of the sequences, `[batch]`; None for the whole time axis.
      parallel_iterations: As in `tf.nn.dynamic_rnn`.
      time_major: Whether the shape of inputs and outputs begins with `[time, batch]`.
      scope: The variable scope; None for `stack_bidirectional_rnn`.
      swap_memory: As in `tf.nn.dynamic_rnn`.

    Returns:
      The outputs of the top layer, both directions concatenated along the last axis; the final
      states of the forward cells; the final states of the backward cells.

    Raises:
      ValueError: There are no cells, or the numbers of forward and backward cells differ.
    """
    if not cells_fw or len(cells_fw) != len(cells_bw):
        raise ValueError(
            f"Forward and Backward cells must have the same depth ({len(cells_fw)} and "
            f"{len(cells_bw)}); expected at least one cell of each; make the lists equally long."
        )
    depth = len(cells_fw)
    states_fw = initial_states_fw or [None] * depth
    states_bw = initial_states_bw or [None] * depth
    states = []
    with tf1.variable_scope(scope or "stack_bidirectional_rnn"):
        for layer in range(depth):
            with tf1.variable_scope(f"cell_{layer}"):
                outputs, state = tf1.nn.bidirectional_dynamic_rnn(
                    cells_fw[layer],
                    cells_bw[layer],
                    inputs,
                    initial_state_fw=states_fw[layer],
                    initial_state_bw=states_bw[layer],
                    sequence_length=sequence_length,
                    parallel_iterations=parallel_iterations,
                    dtype=dtype,
                    swap_memory=swap_memory,
                    time_major=time_major,
                )
                inputs = tf1.concat(outputs, 2)
                states.append(state)
    forward, backward = zip(*states, strict=True)
    return inputs, forward, backward


class LayerNormBasicLSTMCell(tf1.nn.rnn_cell.RNNCell):
    """An LSTM cell with layer normalization of gates and state, and dropout of candidate values.

    Args:
      num_units: The size of the state.
      forget_bias: A number that is added to the forget gate.
      input_size: Not used.
      activation: The activation of the candidate values and of the state.
      layer_norm: Whether gates and state are normalized. Otherwise the gates have a bias.
      norm_gain: The initial `gamma` of the normalizations.
      norm_shift: The initial `beta` of the normalizations.
      dropout_keep_prob: The share of the candidate values that is kept: a number or a scalar
        tensor.
      dropout_prob_seed: The op seed of the dropout.
      reuse: As in `tf.variable_scope`.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        input_size: Any = None,
        activation: Any = tf1.tanh,
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
        del input_size  # As in TensorFlow 1.15, it has no effect.

    @property
    def state_size(self) -> Any:
        """The sizes of the state (c, h), an LSTMStateTuple."""
        return tf1.nn.rnn_cell.LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> int:
        """The size of the output."""
        return self._num_units

    def call(self, inputs: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Computes one time step.

        Args:
          inputs: `[batch, depth]`.
          state: The state (c, h), `[batch, num_units]` each.

        Returns:
          The output, `[batch, num_units]`, and the new state, an LSTMStateTuple.
        """
        c, h = state
        gates = self._linear(tf1.concat([inputs, h], 1))
        names = ("input", "transform", "forget", "output")
        parts = zip(names, tf1.split(gates, 4, 1), strict=True)
        i, j, f, o = (self._norm(name, gate) for name, gate in parts)
        candidate = self._activation(j)
        if tf1.is_tensor(self._keep_prob) or self._keep_prob < 1:
            candidate = tf1.nn.dropout(candidate, self._keep_prob, seed=self._seed)
        kept = c * tf1.sigmoid(f + self._forget_bias)
        new_c = self._norm("state", kept + tf1.sigmoid(i) * candidate)
        new_h = self._activation(new_c) * tf1.sigmoid(o)
        return new_h, tf1.nn.rnn_cell.LSTMStateTuple(new_c, new_h)

    def _linear(self, inputs: Tensor) -> Tensor:
        """Returns the values of the four gates, `[batch, 4 * num_units]`."""
        depth, width = inputs.shape.as_list()[-1], 4 * self._num_units
        outputs = tf1.matmul(inputs, tf1.get_variable("kernel", [depth, width], dtype=inputs.dtype))
        if self._layer_norm:
            return outputs
        return tf1.nn.bias_add(outputs, tf1.get_variable("bias", [width], dtype=inputs.dtype))

    def _norm(self, name: str, values: Tensor) -> Tensor:
        """Normalizes a gate or the state, unless the cell has no layer normalization."""
        if not self._layer_norm:
            return values
        shape = values.shape[-1:]
        for variable, value in (("gamma", self._norm_gain), ("beta", self._norm_shift)):
            with tf1.variable_scope(name):
                tf1.get_variable(
                    variable, shape, values.dtype, initializer=tf1.constant_initializer(value)
                )
        return layers.layer_norm(values, reuse=True, scope=name)


class NASCell(LayerCell):
    """The recurrent cell that neural architecture search found.

    It is described in https://arxiv.org/abs/1611.01578.

    Args:
      num_units: The size of the cell state.
      num_proj: The size of the output, if it is projected; None for `num_units`.
      use_bias: Whether what the output adds to the gates has a bias.
      reuse: As in `tf.variable_scope`.
      **kwargs: `name` and `dtype`, as for a layer.
    """

    def __init__(
        self,
        num_units: int,
        num_proj: int | None = None,
        use_bias: bool = False,
        reuse: bool | None = None,
        **kwargs: Any,
    ) -> None:
        name = kwargs.pop("name", None)
        size = num_units if num_proj is None else num_proj
        super().__init__(name, size, reuse, **kwargs)
        self._num_units = num_units
        self._projects = num_proj is not None
        self._use_bias = use_bias

    @property
    def state_size(self) -> Any:
        """The sizes of the state (c, h), an LSTMStateTuple."""
        return tf1.nn.rnn_cell.LSTMStateTuple(self._num_units, self._size)

    def build(self, inputs_shape: Any) -> None:
        """Creates the variables."""
        depth = self._rows(inputs_shape) - self._size
        width = 8 * self._num_units
        self.recurrent_kernel = self.add_weight("recurrent_kernel", [self._size, width])
        self.kernel = self.add_weight("kernel", [depth, width])
        if self._use_bias:
            zeros = tf1.zeros_initializer()
            self.bias = self.add_weight("bias", [width], initializer=zeros)
        if self._projects:
            shape = [self._num_units, self._size]
            self.projection_weights = self.add_weight("projection_weights", shape)
        self.built = True

    def call(self, inputs: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Computes one time step.

        Args:
          inputs: `[batch, depth]`.
          state: The state (c, h): `[batch, num_units]`, and the last output.

        Returns:
          The output, `[batch, num_units]` or `[batch, num_proj]`, and the new state, an
          LSTMStateTuple.
        """
        sigmoid, tanh, relu = tf1.sigmoid, tf1.tanh, tf1.nn.relu
        c, h = state
        recurrent = tf1.matmul(h, self.recurrent_kernel)
        if self._use_bias:
            recurrent = tf1.nn.bias_add(recurrent, self.bias)
        m = tf1.split(recurrent, 8, 1)
        x = tf1.split(tf1.matmul(inputs, self.kernel), 8, 1)
        # The paper's tree has eight leaves, of which each pair is joined.
        first = tanh(sigmoid(x[0] + m[0]) * relu(x[1] + m[1]))
        second = tanh(sigmoid(x[2] + m[2]) + relu(x[3] * m[3]))
        third = tanh(tanh(x[4] + m[4]) * sigmoid(x[5] + m[5]))
        fourth = sigmoid(tanh(x[6] + m[6]) + sigmoid(x[7] + m[7]))
        new_c = tanh(first + c) * second
        new_h = tanh(new_c * tanh(third + fourth))
        if self._projects:
            new_h = tf1.matmul(new_h, self.projection_weights)
        return new_h, tf1.nn.rnn_cell.LSTMStateTuple(new_c, new_h)
