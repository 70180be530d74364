"""RNN cells of TensorFlow 1 as small Keras cells that keep the kernels of a legacy checkpoint.

`keras.layers.RNN` around such a cell has the bits of `tf.nn.dynamic_rnn`. Keras's own cells have
two kernels, gates in another order, and the forget bias of an LSTM in the variable.
"""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CellRow:
    """A cell.

    Attributes:
      name: The class that is written.
      parameters: The legacy parameters in order.
      taken: The parameters that the written class has, and what it calls them.
      ignored: Parameters that change nothing that is computed.
      variables: The attributes of the written cell by the last parts of the variables' names.
      states: The parts of a state, in order; () if the state is one tensor.
      source: The class.
    """

    name: str
    parameters: tuple[str, ...]
    taken: Mapping[str, str]
    variables: Mapping[str, str]
    source: str
    ignored: tuple[str, ...] = ("reuse", "name", "dtype", "state_is_tuple")
    states: tuple[str, ...] = ()


_GRU = '''\
class GRUCell(keras.layers.Layer):
    """`tf.nn.rnn_cell.GRUCell`: one kernel for both gates, over the input and the state.

    `keras.layers.GRUCell` has a kernel for the input and one for the state, each with the update
    gate first.
    """

    def __init__(self, units: int, activation: Any = tf.tanh) -> None:
        super().__init__()
        self.state_size = units
        self.gates = keras.layers.Dense(2 * units, activation=tf.sigmoid, bias_initializer="ones")
        self.candidate = keras.layers.Dense(units, activation=activation)

    def build(self, input_shape: tuple[int, ...]) -> None:
        for dense in (self.gates, self.candidate):
            dense.build((None, input_shape[-1] + self.state_size))

    def call(self, x: tf.Tensor, states: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        [state] = states
        reset, update = tf.split(self.gates(tf.concat([x, state], axis=1)), 2, axis=1)
        candidate = self.candidate(tf.concat([x, reset * state], axis=1))
        state = update * state + (1.0 - update) * candidate
        return state, [state]
'''

_LSTM = '''\
class LSTMCell(keras.layers.Layer):
    """`tf.nn.rnn_cell.LSTMCell`: one kernel for all gates, over the input and the output.

    Its forget bias is added in each call. `keras.layers.LSTMCell` has it in the variable, and the
    gates in another order.
    """

    def __init__(
        self, units: int, forget_bias: float = 1.0, initializer: Any = "glorot_uniform"
    ) -> None:
        super().__init__()
        self.output_size, self.forget_bias = units, forget_bias
        self.state_size = [units, units]
        self.gates = keras.layers.Dense(4 * units, kernel_initializer=initializer)

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.gates.build((None, input_shape[-1] + self.output_size))

    def call(self, x: tf.Tensor, states: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        c, h = states
        i, j, f, o = tf.split(self.gates(tf.concat([x, h], axis=1)), 4, axis=1)
        c = tf.sigmoid(f + self.forget_bias) * c + tf.sigmoid(i) * tf.tanh(j)
        h = tf.sigmoid(o) * tf.tanh(c)
        return h, [c, h]
'''

_BASIC = '''\
class RNNCell(keras.layers.Layer):
    """`tf.nn.rnn_cell.BasicRNNCell`: one kernel over the input and the state."""

    def __init__(self, units: int, activation: Any = tf.tanh) -> None:
        super().__init__()
        self.state_size = units
        self.dense = keras.layers.Dense(units, activation=activation)

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.dense.build((None, input_shape[-1] + self.state_size))

    def call(self, x: tf.Tensor, states: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        state = self.dense(tf.concat([x, states[0]], axis=1))
        return state, [state]
'''

_ONE_KERNEL = {"kernel": "gates.kernel", "bias": "gates.bias"}
ROWS = {
    "tf.nn.rnn_cell.GRUCell": CellRow(
        name="GRUCell",
        parameters=(
            "num_units", "activation", "reuse", "kernel_initializer", "bias_initializer", "name",
            "dtype",
        ),
        taken={"num_units": "units", "activation": "activation"},
        variables={
            "gates/kernel": "gates.kernel",
            "gates/bias": "gates.bias",
            "candidate/kernel": "candidate.kernel",
            "candidate/bias": "candidate.bias",
        },
        source=_GRU,
    ),
    "tf.nn.rnn_cell.BasicLSTMCell": CellRow(
        name="LSTMCell",
        parameters=(
            "num_units", "forget_bias", "state_is_tuple", "activation", "reuse", "name", "dtype",
        ),
        taken={"num_units": "units", "forget_bias": "forget_bias"},
        variables=_ONE_KERNEL,
        states=("c", "h"),
        source=_LSTM,
    ),
    "tf.nn.rnn_cell.LSTMCell": CellRow(
        name="LSTMCell",
        parameters=(
            "num_units", "use_peepholes", "cell_clip", "initializer", "num_proj", "proj_clip",
            "num_unit_shards", "num_proj_shards", "forget_bias", "state_is_tuple", "activation",
            "reuse", "name", "dtype",
        ),
        taken={
            "num_units": "units", "forget_bias": "forget_bias", "initializer": "initializer",
        },
        variables=_ONE_KERNEL,
        states=("c", "h"),
        source=_LSTM,
    ),
    "tf.nn.rnn_cell.BasicRNNCell": CellRow(
        name="RNNCell",
        parameters=("num_units", "activation", "reuse", "name", "dtype"),
        taken={"num_units": "units", "activation": "activation"},
        variables={"kernel": "dense.kernel", "bias": "dense.bias"},
        source=_BASIC,
    ),
}  # fmt: skip
