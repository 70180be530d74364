"""Cells of `tf.contrib.rnn` that are one op a time step, with that op's gradient.

TensorFlow still has the ops `LSTMBlockCell` and `GRUBlockCell` and the ops of their gradients. What
is gone is the Python code around them: the cells, and the functions that put the gradients
together. The names and shapes of the variables are TensorFlow 1.15's.
"""

import contextlib
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.type_aliases import Tensor, Variable

_ZEROS, _ONES = tf1.zeros_initializer(), tf1.ones_initializer()


class LayerCell(tf1.nn.rnn_cell.RNNCell):
    """A cell whose variables are in the scope of its own name, as those of a layer.

    Args:
      name: The cell's name, which its variables' names begin with.
      size: The size of the output.
      reuse: As in `tf.variable_scope`.
      dtype: The dtype of the variables; None for that of the inputs.
    """

    def __init__(self, name: str | None, size: int, reuse: bool | None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype, **private_tensorflow.reuse_argument(reuse))
        self._size = size
        self.input_spec = tf1.layers.InputSpec(ndim=2)

    def __call__(self, inputs: Tensor, state: Any, scope: Any = None, **kwargs: Any) -> Any:
        """Computes one time step, in the layer's own variable scope."""
        return tf1.layers.Layer.__call__(self, inputs, state, scope=scope, **kwargs)

    @property
    def output_size(self) -> int:
        """The size of the output."""
        return self._size

    def _rows(self, inputs_shape: tf.TensorShape) -> int:
        """Returns the number of rows of a kernel: the sizes of inputs and state."""
        depth = tf.TensorShape(inputs_shape).as_list()[-1]
        if depth is None:
            raise ValueError(
                f"Expecting inputs_shape[1] to be set: {inputs_shape}; expected a known depth; set "
                "the shape of the inputs first."
            )
        return int(depth) + self._size


def peephole_weights(layer: Any, size: int, dtype: Any, *, used: bool) -> dict[str, Any]:
    """Returns the peephole weights of an LSTM op, by argument: variables of a layer, or zeros.

    Args:
      layer: The layer that has the variables.
      size: The size of the state.
      dtype: The dtype of the zeros.
      used: Whether the layer has such weights.
    """
    if not used:
        return dict.fromkeys(("wci", "wcf", "wco"), tf1.zeros([size], dtype))
    return {f"wc{gate}": layer.peepholes[gate] for gate in "ifo"}


def add_lstm_weights(layer: Any, rows: int, size: int, *, use_peephole: bool) -> None:
    """Adds the variables of an LSTM op to a layer: `kernel`, `bias` and `peepholes` by gate.

    Args:
      layer: The layer.
      rows: The rows of the kernel: the sizes of inputs and state.
      size: The size of the state.
      use_peephole: Whether the cell state is seen by the gates.
    """
    layer.kernel = layer.add_weight("kernel", [rows, 4 * size])
    layer.bias = layer.add_weight("bias", [4 * size], initializer=_ZEROS)
    layer.peepholes = {}
    for gate in "ifo" if use_peephole else "":
        layer.peepholes[gate] = layer.add_weight(f"w_{gate}_diag", [size])


class LSTMBlockCell(LayerCell):
    """An LSTM cell that is one op a time step. Its variables are those of an `LSTMCell`.

    Args:
      num_units: The size of the state.
      forget_bias: A number that is added to the forget gate.
      cell_clip: The size at which the cell state is clipped; None does not clip.
      use_peephole: Whether the cell state is seen by the gates.
      dtype: The dtype of the variables; None for that of the inputs.
      reuse: As in `tf.variable_scope`.
      name: The cell's name.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        cell_clip: float | None = None,
        use_peephole: bool = False,
        dtype: Any = None,
        reuse: bool | None = None,
        name: str = "lstm_cell",
    ) -> None:
        super().__init__(name, num_units, reuse, dtype)
        self._use_peephole = use_peephole
        self._attributes = {
            "forget_bias": forget_bias,
            "cell_clip": -1 if cell_clip is None else cell_clip,
            "use_peephole": use_peephole,
        }

    @property
    def state_size(self) -> Any:
        """The sizes of the state (c, h), an LSTMStateTuple."""
        return tf1.nn.rnn_cell.LSTMStateTuple(self._size, self._size)

    def build(self, inputs_shape: tf.TensorShape) -> None:
        """Creates the variables."""
        add_lstm_weights(
            self, self._rows(inputs_shape), self._size, use_peephole=self._use_peephole
        )
        self.built = True

    def call(self, inputs: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Computes one time step.

        Args:
          inputs: `[batch, depth]`.
          state: The state (c, h), `[batch, num_units]` each.

        Returns:
          The output, `[batch, num_units]`, and the new state, an LSTMStateTuple.
        """
        if len(state) != 2:
            raise ValueError(
                f"Expecting state to be a tuple with length 2, got {len(state)}; expected (c, h); "
                "pass an LSTMStateTuple."
            )
        op = tf.raw_ops.LSTMBlockCell(
            x=inputs,
            cs_prev=state[0],
            h_prev=state[1],
            w=self.kernel,
            b=self.bias,
            **peephole_weights(self, self._size, inputs.dtype, used=self._use_peephole),
            **self._attributes,
        )
        return op.h, tf1.nn.rnn_cell.LSTMStateTuple(op.cs, op.h)


class GRUBlockCell(LayerCell):
    """A GRU cell that is one op a time step.

    Args:
      num_units: The size of the state.
      cell_size: The former name of `num_units`.
      reuse: As in `tf.variable_scope`.
      name: The cell's name.

    Raises:
      ValueError: Neither or both of `num_units` and `cell_size` are given.
    """

    _names = ("w_ru", "b_ru", "w_c", "b_c")

    def __init__(
        self,
        num_units: int | None = None,
        cell_size: int | None = None,
        reuse: bool | None = None,
        name: str = "gru_cell",
    ) -> None:
        size = cell_size if num_units is None else num_units
        if size is None or None not in (num_units, cell_size):
            raise ValueError(
                "Exactly one of num_units or cell_size must be provided, got "
                f"({num_units}, {cell_size}); expected the size of the state; pass num_units."
            )
        super().__init__(name, size, reuse)

    @property
    def state_size(self) -> int:
        """The size of the state."""
        return self._size

    def build(self, inputs_shape: tf.TensorShape) -> None:
        """Creates the variables."""
        rows, size = self._rows(inputs_shape), self._size
        gates_kernel, gates_bias, kernel, bias = self._names
        self._weights: dict[str, Variable] = {
            "w_ru": self.add_weight(gates_kernel, [rows, 2 * size]),
            "b_ru": self.add_weight(gates_bias, [2 * size], initializer=_ONES),
            "w_c": self.add_weight(kernel, [rows, size]),
            "b_c": self.add_weight(bias, [size], initializer=_ZEROS),
        }
        self.built = True

    def call(self, inputs: Tensor, h_prev: Tensor) -> tuple[Tensor, Tensor]:
        """Computes one time step.

        Args:
          inputs: `[batch, depth]`.
          h_prev: The state, `[batch, num_units]`.

        Returns:
          The output, `[batch, num_units]`, and the new state, which is the same tensor.
        """
        if h_prev.shape.as_list()[-1] != self._size:
            raise ValueError(
                f"Shape of h_prev[1] incorrect: cell_size {self._size} vs {h_prev.shape}; expected "
                "a state of the cell's size; pass zeros of that size at first."
            )
        new = tf.raw_ops.GRUBlockCell(x=inputs, h_prev=h_prev, **self._weights).h
        return new, new


class GRUBlockCellV2(GRUBlockCell):
    """A GRUBlockCell whose variables are those of a `GRUCell`."""

    _names = ("gates/kernel", "gates/bias", "candidate/kernel", "candidate/bias")


def _lstm_gradient(op: tf.Operation, *gradients: Tensor) -> tuple[Tensor, ...]:
    """Returns the gradients of the inputs of an op LSTMBlockCell."""
    x, cs_prev, h_prev, w, wci, wcf, wco, b = op.inputs
    i, cs, f, o, ci, co, _ = op.outputs
    found = tf.raw_ops.LSTMBlockCellGrad(
        x=x,
        cs_prev=cs_prev,
        h_prev=h_prev,
        w=w,
        wci=wci,
        wcf=wcf,
        wco=wco,
        b=b,
        i=i,
        cs=cs,
        f=f,
        o=o,
        ci=ci,
        co=co,
        cs_grad=gradients[1],
        h_grad=gradients[6],
        use_peephole=op.get_attr("use_peephole"),
    )
    gates = found.dicfo
    to_x, to_h = _of_parts(tf1.matmul(gates, w, transpose_b=True), x, h_prev)
    to_w = tf1.matmul(tf1.concat([x, h_prev], 1), gates, transpose_a=True)
    to_b = tf.raw_ops.BiasAddGrad(out_backprop=gates)
    peepholes = (found.wci_grad, found.wcf_grad, found.wco_grad)
    return (to_x, found.cs_prev_grad, to_h, to_w, *peepholes, to_b)


def _gru_gradient(op: tf.Operation, *gradients: Tensor) -> tuple[Tensor, ...]:
    """Returns the gradients of the inputs of an op GRUBlockCell."""
    x, h_prev, w_ru, w_c, b_ru, b_c = op.inputs
    r, u, c, _ = op.outputs
    found = tf.raw_ops.GRUBlockCellGrad(
        x=x,
        h_prev=h_prev,
        w_ru=w_ru,
        w_c=w_c,
        b_ru=b_ru,
        b_c=b_c,
        r=r,
        u=u,
        c=c,
        d_h=gradients[3],
    )
    gates, candidate = found.d_r_bar_u_bar, found.d_c_bar
    to_gates = tf1.matmul(tf1.concat([x, h_prev], 1), gates, transpose_a=True)
    to_candidate = tf1.matmul(tf1.concat([x, h_prev * r], 1), candidate, transpose_a=True)
    to_biases = [tf.raw_ops.BiasAddGrad(out_backprop=one) for one in (gates, candidate)]
    return (found.d_x, found.d_h_prev, to_gates, to_candidate, *to_biases)


def _of_parts(joined: Tensor, *parts: Tensor) -> list[Tensor]:
    """Splits `[batch, width]` into the widths of parts that were joined, `[batch, part]` each."""
    return list(tf1.split(joined, [part.shape.as_list()[-1] for part in parts], 1))


for _type, _gradient in (("LSTMBlockCell", _lstm_gradient), ("GRUBlockCell", _gru_gradient)):
    # Another package may have registered the gradient: it is the same.
    with contextlib.suppress(KeyError):
        tf.RegisterGradient(_type)(_gradient)
