"""The recurrent model of `RNNClassifier` and `RNNEstimator`."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1
import tf_keras

from estimator_compat.canned import dnn_model
from estimator_compat.type_aliases import Features, Tensor

_LAYERS = {
    "simple_rnn": tf_keras.layers.SimpleRNN,
    "lstm": tf_keras.layers.LSTM,
    "gru": tf_keras.layers.GRU,
}
_CELLS = {
    "simple_rnn": tf_keras.layers.SimpleRNNCell,
    "lstm": tf_keras.layers.LSTMCell,
    "gru": tf_keras.layers.GRUCell,
}


def make_layer(
    rnn_cell_fn: Callable[[], Any] | None, units: Any, cell_type: Any, *, return_sequences: bool
) -> Any:
    """Returns the recurrent layer of Keras 2.

    Args:
      rnn_cell_fn: A function that returns a cell or a list of cells, or None.
      units: The number of units of each layer; an integer for the layer of Keras 2 that has the
        name `cell_type`.
      cell_type: A class of cells, "simple_rnn", "lstm" or "gru"; None for "simple_rnn".
      return_sequences: Whether the layer returns the output of each step.

    Raises:
      ValueError: `cell_type` is something else.
    """
    if isinstance(cell_type, str) and cell_type in _LAYERS and isinstance(units, int):
        return _LAYERS[cell_type](units=units, return_sequences=return_sequences)
    if rnn_cell_fn:
        cell = rnn_cell_fn()
    else:
        cells = [_make_cell(count, cell_type or "simple_rnn") for count in units]
        cell = cells[0] if len(cells) == 1 else cells
    return tf_keras.layers.RNN(cell=cell, return_sequences=return_sequences)


def _make_cell(units: int, cell_type: Any) -> Any:
    kind = _CELLS.get(cell_type, cell_type) if isinstance(cell_type, str) else cell_type
    if not callable(kind):
        raise ValueError(
            "`cell_type` should be a class producing a RNN cell, or a string specifying the cell "
            f"type. Supported strings are: {list(_CELLS)}. It was {cell_type!r}; pass 'lstm', for "
            "example."
        )
    cell = kind(units=units)
    if not hasattr(cell, "call") or not hasattr(cell, "state_size"):
        raise ValueError(
            "RNN cell should have a `call` and `state_size` method. `cell_type` made "
            f"{cell!r}; pass a class of cells of Keras 2."
        )
    return cell


class RNNModel(tf_keras.Model):
    """A recurrent layer on the columns of a sequence, and logits.

    Args:
      rnn_layer: The recurrent layer.
      units: The number of logits.
      sequence_columns: The feature columns of the sequence.
      context_columns: The dense feature columns that each step gets, or None.
    """

    def __init__(
        self,
        rnn_layer: Any,
        units: int,
        sequence_columns: Sequence[Any],
        context_columns: Sequence[Any] | None,
    ) -> None:
        # The variables' names in checkpoints start with it.
        super().__init__(name="rnn_model")
        dnn_model.check_units(units)
        self._sequence_features = tf_keras.experimental.SequenceFeatures(sequence_columns)
        self._context_features = None
        if context_columns:
            self._context_features = tf1.keras.layers.DenseFeatures(context_columns)
        self._rnn_layer = rnn_layer
        self._logits_layer = tf_keras.layers.Dense(units=units, name="logits")

    def call(self, inputs: Features, training: bool | None = None) -> tuple[Tensor, Tensor]:
        """Builds the model.

        Args:
          inputs: The features by name.
          training: Whether cells drop values.

        Returns:
          The logits, `[batch, units]` or `[batch, steps, units]`, and the mask of the steps that
          the sequences have, `[batch, steps]`.
        """
        if not isinstance(inputs, dict):
            raise ValueError(
                f"inputs should be a dictionary of `Tensor`s. Given type: {type(inputs)}; expected "
                "a feature for each column; let the input_fn return a dict by feature name."
            )
        with tf1.name_scope("sequence_input_layer"):
            sequence, lengths = self._sequence_features(inputs, training=training)
            tf1.summary.histogram("sequence_length", lengths)
            if self._context_features is not None:
                context = self._context_features(inputs, training=training)
                steps = tf.shape(sequence)[1]
                repeated = tf.tile(tf.expand_dims(context, 1), tf.stack([1, steps, 1]))
                sequence = tf.concat([sequence, repeated], 2)
        mask = tf.sequence_mask(lengths)
        outputs = self._rnn_layer(sequence, mask=mask, training=training)
        return self._logits_layer(outputs), mask
