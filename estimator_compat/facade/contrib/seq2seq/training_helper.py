"""`TrainingHelper`: each time step reads its input from the data."""

from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.facade.contrib.rnn import transpose_batch_time
from estimator_compat.facade.contrib.seq2seq.helper import Helper
from estimator_compat.type_aliases import Nest, Tensor


def time_steps(inputs: Tensor) -> Any:
    """Returns a TensorArray with an element for each time step of inputs, `[time, ...]`."""
    array = tf1.TensorArray(inputs.dtype, size=tf1.shape(inputs)[0], element_shape=inputs.shape[1:])
    return array.unstack(inputs)


class TrainingHelper(Helper):
    """A helper that reads the inputs from the data; samples are the ids with the largest outputs.

    Args:
      inputs: `[batch, time, ...]`.
      sequence_length: The lengths, int32 `[batch]`.
      time_major: Whether the inputs are `[time, batch, ...]`.
      name: The name scope of the operations.

    Raises:
      ValueError: `sequence_length` is not a vector.
    """

    def __init__(
        self,
        inputs: Tensor,
        sequence_length: Any,
        time_major: bool = False,
        name: str | None = None,
    ) -> None:
        with tf1.name_scope(name, "TrainingHelper"):
            self._inputs = tf1.convert_to_tensor(inputs, name="inputs")
            lengths = tf1.convert_to_tensor(sequence_length, name="sequence_length")
            if lengths.shape.ndims != 1:
                raise ValueError(
                    "Expected sequence_length to be a vector, but received shape: "
                    f"{lengths.shape}; pass one length for each example."
                )
            self._sequence_length = lengths
            by_time = self._inputs if time_major else transpose_batch_time(self._inputs)
            self._input_tas = time_steps(by_time)
            self._zero_inputs = tf1.zeros_like(by_time[0])
            self._batch_size = tf1.size(lengths)

    @property
    def inputs(self) -> Tensor:
        """The inputs that were given."""
        return self._inputs

    @property
    def sequence_length(self) -> Tensor:
        """The lengths, `[batch]`."""
        return self._sequence_length

    @property
    def batch_size(self) -> Any:
        """The number of sequences, a scalar int32 tensor."""
        return self._batch_size

    @property
    def sample_ids_shape(self) -> tf.TensorShape:
        """The shape of a sequence's sample at one time step: a scalar."""
        return tf.TensorShape([])

    @property
    def sample_ids_dtype(self) -> Any:
        """The dtype of samples, int32."""
        return tf1.int32

    def initialize(self, name: str | None = None) -> tuple[Tensor, Nest]:
        """Returns which sequences are empty, and the inputs of the first time step."""
        with tf1.name_scope(name, "TrainingHelperInitialize"):
            return self._read(0)

    def sample(  # type: ignore[override]
        self, time: Tensor, outputs: Nest, name: str | None = None, **unused: Any
    ) -> Tensor:
        """Returns the ids with the largest outputs; see `Helper`."""
        with tf1.name_scope(name, "TrainingHelperSample"):
            return tf1.cast(tf1.argmax(outputs, axis=-1), tf1.int32)

    def next_inputs(  # type: ignore[override]
        self, time: Tensor, outputs: Nest, state: Nest, name: str | None = None, **unused: Any
    ) -> tuple[Tensor, Nest, Nest]:
        """Returns the inputs of the next time step; see `Helper`."""
        with tf1.name_scope(name, "TrainingHelperNextInputs"):
            finished, inputs = self._read(time + 1)
            return finished, inputs, state

    def _read(self, time: Any) -> tuple[Tensor, Tensor]:
        """Returns which sequences end before a time step, and the inputs of that step.

        The inputs are zeros if all sequences have ended, because there may be no such time step.
        """
        finished = tf1.less_equal(self._sequence_length, time)
        inputs = tf1.cond(
            tf1.reduce_all(finished),
            lambda: self._zero_inputs,
            lambda: self._input_tas.read(time),
        )
        return finished, inputs
