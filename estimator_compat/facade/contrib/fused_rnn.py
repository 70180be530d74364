"""RNNs of `tf.contrib.rnn` that take a whole sequence at once, `[time, batch, depth]`."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.facade.contrib import block_cells
from estimator_compat.type_aliases import Tensor

# `[time, batch, depth]`, or a list of `[batch, depth]` for each time.
Inputs = Tensor | Sequence[Tensor]


class LSTMBlockFusedCell(tf1.layers.Layer):
    """An LSTM that is one op for the whole sequence. Its variables are those of an `LSTMCell`.

    Args:
      num_units: The size of the state.
      forget_bias: A number that is added to the forget gate.
      cell_clip: The size at which the cell state is clipped; None does not clip.
      use_peephole: Whether the cell state is seen by the gates.
      reuse: As in `tf.variable_scope`.
      dtype: The dtype of the variables; None for that of the inputs.
      name: The layer's name.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        cell_clip: float | None = None,
        use_peephole: bool = False,
        reuse: bool | None = None,
        dtype: Any = None,
        name: str = "lstm_fused_cell",
    ) -> None:
        super().__init__(name=name, dtype=dtype, **private_tensorflow.reuse_argument(reuse))
        self._num_units, self._use_peephole = num_units, use_peephole
        self.input_spec = tf1.layers.InputSpec(ndim=3)
        self._attributes = {
            "forget_bias": forget_bias,
            "cell_clip": -1 if cell_clip is None else cell_clip,
            "use_peephole": use_peephole,
        }

    @property
    def num_units(self) -> int:
        """The size of the state."""
        return self._num_units

    def build(self, input_shape: Any) -> None:
        """Creates the variables."""
        shape = tf.TensorShape(input_shape)
        depth = shape.as_list()[-1]
        if depth is None:
            raise ValueError(
                f"Expecting inputs_shape[2] to be set: {shape}; expected a known depth; set the "
                "shape of the inputs first."
            )
        rows = depth + self._num_units
        block_cells.add_lstm_weights(self, rows, self._num_units, use_peephole=self._use_peephole)
        self.built = True

    def call(
        self,
        inputs: Tensor,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
    ) -> tuple[Tensor, Any]:
        """Computes all time steps.

        Args:
          inputs: `[time, batch, depth]`. As in TensorFlow 1.15, a list is refused.
          initial_state: The state (c, h), `[batch, num_units]` each; None for zeros.
          dtype: The dtype of zeros; not needed with an `initial_state`.
          sequence_length: The lengths of the sequences, `[batch]`; None for the whole time axis.
            Outputs after the end are 0.

        Returns:
          The outputs, `[time, batch, num_units]`, and the state at the end of each sequence, an
          LSTMStateTuple.

        Raises:
          ValueError: Neither `initial_state` nor `dtype` is given, or the state is not (c, h).
        """
        first_c, first_h = self._initial_state(inputs, initial_state, dtype)
        lengths = None if sequence_length is None else tf1.convert_to_tensor(sequence_length)
        cells, outputs = self._run(inputs, first_c, first_h, lengths)
        last_c, last_h = cells[-1], outputs[-1]
        if lengths is not None:
            mask = tf1.sequence_mask(lengths, tf1.shape(inputs)[0], dtype=outputs.dtype)
            outputs *= tf1.transpose(mask)[:, :, None]
            last_c, last_h = _at(lengths, first_c, cells), _at(lengths, first_h, outputs)
        return outputs, tf1.nn.rnn_cell.LSTMStateTuple(last_c, last_h)

    def _initial_state(self, inputs: Tensor, given: Any, dtype: Any) -> tuple[Tensor, Tensor]:
        if given is None and dtype is None:
            raise ValueError(
                "Either initial_state or dtype needs to be specified; expected the dtype of the "
                "zeros that the state begins with; pass dtype=tf.float32."
            )
        if given is None:
            zeros = tf1.zeros(tf1.stack([tf1.shape(inputs)[1], self._num_units]), dtype)
            return zeros, zeros
        if len(given) != 2:
            raise ValueError(
                f"Expecting initial_state to be a tuple with length 2 or None, got {len(given)}; "
                "expected (c, h); pass an LSTMStateTuple."
            )
        return given[0], given[1]

    def _run(
        self, inputs: Tensor, c: Tensor, h: Tensor, lengths: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Returns cell states and outputs of all time steps."""
        steps = tf1.shape(inputs)[0] if lengths is None else tf1.reduce_max(lengths)
        op = tf.raw_ops.BlockLSTM(
            seq_len_max=tf1.cast(steps, tf.int64),
            x=inputs,
            cs_prev=c,
            h_prev=h,
            w=self.kernel,
            b=self.bias,
            **block_cells.peephole_weights(
                self, self._num_units, inputs.dtype, used=self._use_peephole
            ),
            **self._attributes,
        )
        return op.cs, op.h


def _at(lengths: Tensor, first: Tensor, values: Tensor) -> Tensor:
    """Returns the values `[time, batch, size]` at the end of each sequence, `[batch, size]`.

    The end of a sequence of length 0 is the first value, before the first time step.
    """
    from_the_start = tf1.concat([first[None], values], 0)
    batch = tf1.range(tf1.shape(lengths, out_type=lengths.dtype)[0], dtype=lengths.dtype)
    return tf1.gather_nd(from_the_start, tf1.stack([lengths, batch], 1))


class FusedRNNCell:
    """The base class of what takes a whole sequence at once."""

    def __call__(
        self,
        inputs: Inputs,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        scope: Any = None,
    ) -> tuple[Inputs, Any]:
        """Computes all time steps; see `FusedRNNCellAdaptor`."""
        raise NotImplementedError


class FusedRNNCellAdaptor(FusedRNNCell):
    """Runs a cell over a whole sequence.

    Args:
      cell: An RNNCell.
      use_dynamic_rnn: Whether `tf.nn.dynamic_rnn` runs it; otherwise `tf.nn.static_rnn` does.
    """

    def __init__(self, cell: Any, use_dynamic_rnn: bool = False) -> None:
        self._cell, self._use_dynamic_rnn = cell, use_dynamic_rnn

    def __call__(
        self,
        inputs: Inputs,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        scope: Any = None,
    ) -> tuple[Inputs, Any]:
        """Computes all time steps; returns the outputs, in the form of the inputs, and the state.

        Args:
          inputs: See `Inputs`.
          initial_state: The state; None for zeros.
          dtype: The dtype of zeros.
          sequence_length: The lengths of the sequences, `[batch]`; None for the whole time axis.
          scope: The variable scope.
        """
        is_list = isinstance(inputs, list)
        settings = {
            "initial_state": initial_state,
            "dtype": dtype,
            "sequence_length": sequence_length,
            "scope": scope,
        }
        if self._use_dynamic_rnn:
            joined = tf1.stack(inputs) if is_list else inputs
            outputs, state = tf1.nn.dynamic_rnn(self._cell, joined, time_major=True, **settings)
            return (tf1.unstack(outputs) if is_list else outputs), state
        single = inputs if is_list else tf1.unstack(inputs)
        outputs, state = tf1.nn.static_rnn(self._cell, single, **settings)
        return (outputs if is_list else tf1.stack(outputs)), state


class TimeReversedFusedRNN(FusedRNNCell):
    """Runs a fused RNN from the end of each sequence to its start.

    Args:
      cell: What takes a whole sequence at once, such as an `LSTMBlockFusedCell`.
    """

    def __init__(self, cell: Any) -> None:
        self._cell = cell

    def __call__(
        self,
        inputs: Inputs,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        scope: Any = None,
    ) -> tuple[Inputs, Any]:
        """Computes all time steps; see `FusedRNNCellAdaptor`. Outputs are in the inputs' order."""
        outputs, state = self._cell(
            _reversed(inputs, sequence_length),
            initial_state=initial_state,
            dtype=dtype,
            sequence_length=sequence_length,
            scope=scope,
        )
        return _reversed(outputs, sequence_length), state


def _reversed(values: Inputs, lengths: Any) -> Inputs:
    """Reverses the time axis, within the lengths of the sequences if they are given.

    As in TensorFlow 1.15, a list is reversed as a whole.
    """
    if isinstance(values, list):
        return values[::-1]
    if lengths is None:
        return tf1.reverse(values, [0])
    return tf1.reverse_sequence(values, lengths, seq_axis=0, batch_axis=1)
