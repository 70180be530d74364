"""`Decoder`, and `dynamic_decode`, which calls a decoder's `step` until all sequences are finished.

TensorFlow 1.15 also read a variable outside the loop if its scope had no caching device, and
refused XLA without `maximum_iterations`; neither is done here.
"""

import abc
import contextlib
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.facade.contrib.rnn import transpose_batch_time
from estimator_compat.facade.contrib.seq2seq import sizes
from estimator_compat.type_aliases import Nest, Tensor


class Decoder(abc.ABC):
    """The interface of decoders, to subclass."""

    @property
    def batch_size(self) -> Any:
        """The number of sequences, an integer or a scalar tensor."""
        raise NotImplementedError

    @property
    def output_size(self) -> Any:
        """The sizes of the outputs of a time step, a nest of integers or `TensorShape`s."""
        raise NotImplementedError

    @property
    def output_dtype(self) -> Any:
        """The dtypes of the outputs of a time step, nested as `output_size`."""
        raise NotImplementedError

    @abc.abstractmethod
    def initialize(self, name: str | None = None) -> tuple[Tensor, Nest, Nest]:
        """Prepares the first time step.

        Args:
          name: The name scope of the operations.

        Returns:
          Which sequences are finished, the first inputs, and the first state.
        """

    @abc.abstractmethod
    def step(
        self, time: Tensor, inputs: Nest, state: Nest, name: str | None = None
    ) -> tuple[Nest, Nest, Nest, Tensor]:
        """Decodes one time step.

        Args:
          time: The number of the time step, from 0 on.
          inputs: The inputs of this time step.
          state: The state after the time step before.
          name: The name scope of the operations.

        Returns:
          The outputs, the next state, the next inputs, and which sequences are finished.
        """

    def finalize(
        self, outputs: Nest, final_state: Nest, sequence_lengths: Tensor
    ) -> tuple[Nest, Nest]:
        """Changes what was decoded, after the last time step.

        Args:
          outputs: The outputs, `[time, batch, ...]`.
          final_state: The state after the last time step.
          sequence_lengths: The lengths, as `dynamic_decode` counted them.

        Returns:
          The outputs, and the final state.

        Raises:
          NotImplementedError: The decoder changes nothing.
        """
        raise NotImplementedError

    @property
    def tracks_own_finished(self) -> bool:
        """Whether the `finished` of `step` is right as it is, because the sequences change places.

        Otherwise a sequence stays finished from the first time step on that says so.
        """
        return False


def dynamic_decode(
    decoder: Decoder,
    output_time_major: bool = False,
    impute_finished: bool = False,
    maximum_iterations: Any = None,
    parallel_iterations: int = 32,
    swap_memory: bool = False,
    scope: Any = None,
) -> tuple[Nest, Nest, Tensor]:
    """Decodes until all sequences are finished.

    Args:
      decoder: The decoder.
      output_time_major: Whether the outputs are `[time, batch, ...]`.
      impute_finished: Whether a finished sequence keeps its state, and has zeros as outputs.
      maximum_iterations: The number of time steps after which decoding stops, a scalar; None for
        no limit.
      parallel_iterations: As in `tf.while_loop`.
      swap_memory: As in `tf.while_loop`.
      scope: The variable scope; None for `decoder`.

    Returns:
      The outputs, the final state, and the lengths of the sequences, int32 `[batch]`.

    Raises:
      TypeError: `decoder` is not a `Decoder`.
      ValueError: `maximum_iterations` is not a scalar.
    """
    if not isinstance(decoder, Decoder):
        raise TypeError(
            f"Expected decoder to be type Decoder, but saw: {type(decoder)}; pass an instance of a "
            "subclass of `tf.contrib.seq2seq.Decoder`."
        )
    with tf1.variable_scope(scope, "decoder"):
        limit = _limit(maximum_iterations)
        finished, inputs, state = decoder.initialize()
        if limit is not None:
            finished = tf1.logical_or(finished, limit <= 0)
        loop = _Loop(decoder, impute_finished)
        _, arrays, state, _, _, lengths = tf1.while_loop(
            lambda *variables: tf1.logical_not(tf1.reduce_all(variables[4])),
            loop.body,
            (
                tf1.constant(0, tf1.int32),
                loop.output_arrays(),
                state,
                inputs,
                finished,
                tf1.zeros_like(finished, dtype=tf1.int32),
            ),
            parallel_iterations=parallel_iterations,
            maximum_iterations=limit,
            swap_memory=swap_memory,
        )
        outputs = loop.stack(arrays)
        with contextlib.suppress(NotImplementedError):
            outputs, state = decoder.finalize(outputs, state, lengths)
        if not output_time_major:
            outputs = tf1.nest.map_structure(transpose_batch_time, outputs)
    return outputs, state, lengths


def _limit(maximum_iterations: Any) -> Tensor | None:
    """Converts `maximum_iterations` to a tensor."""
    if maximum_iterations is None:
        return None
    limit = tf1.convert_to_tensor(maximum_iterations, tf1.int32, name="maximum_iterations")
    if limit.shape.ndims != 0:
        raise ValueError(
            f"maximum_iterations must be a scalar, but its shape is {limit.shape}; pass a single "
            "integer, such as the largest of the lengths."
        )
    return limit


class _Loop:
    """The body of the loop over the time steps, and the arrays that it writes the outputs to.

    Args:
      decoder: The decoder.
      impute_finished: As in `dynamic_decode`.
    """

    def __init__(self, decoder: Decoder, impute_finished: bool) -> None:
        self._decoder, self._impute = decoder, impute_finished
        self._zeros = tf1.nest.map_structure(
            lambda size, dtype: sizes.zeros(size, decoder.batch_size, dtype),
            decoder.output_size,
            decoder.output_dtype,
        )
        # What `step` returned: in a `tf.function`, a TensorArray does not keep it.
        self._shapes: list[tf.TensorShape] = []

    def output_arrays(self) -> Nest:
        """Returns an empty TensorArray for each output."""
        batch_size = tf1.convert_to_tensor(self._decoder.batch_size)
        batch = tf.TensorShape([tf1.get_static_value(batch_size)])

        def array(size: Any, dtype: Any) -> Any:
            # A decoder may say that it has a number for each sequence, and return vectors.
            known = isinstance(size, tf.TensorShape) and size.ndims != 0
            shape = batch.concatenate(size) if known else None
            return tf1.TensorArray(dtype, size=0, dynamic_size=True, element_shape=shape)

        return tf1.nest.map_structure(array, self._decoder.output_size, self._decoder.output_dtype)

    def body(
        self,
        time: Tensor,
        arrays: Nest,
        state: Nest,
        inputs: Nest,
        finished: Tensor,
        lengths: Tensor,
    ) -> tuple[Any, ...]:
        """Decodes one time step; takes and returns the variables of the loop."""
        outputs, next_state, next_inputs, next_finished = self._decoder.step(time, inputs, state)
        if not self._decoder.tracks_own_finished:
            next_finished = tf1.logical_or(next_finished, finished)
        lengths = tf1.where(finished, lengths, tf1.fill(tf1.shape(lengths), time + 1))
        for before, after in ((state, next_state), (arrays, outputs), (inputs, next_inputs)):
            tf1.nest.assert_same_structure(before, after)
        if self._impute:
            outputs = tf1.nest.map_structure(
                lambda zero, output: tf1.where(finished, zero, output), self._zeros, outputs
            )
            next_state = tf1.nest.map_structure(
                lambda old, new: _kept(finished, old, new), state, next_state
            )
        self._shapes = [output.shape for output in tf1.nest.flatten(outputs)]
        arrays = tf1.nest.map_structure(
            lambda array, output: array.write(time, output), arrays, outputs
        )
        return time + 1, arrays, next_state, next_inputs, next_finished, lengths

    def stack(self, arrays: Nest) -> Nest:
        """Returns the outputs of all time steps, `[time, batch, ...]`."""
        outputs = [array.stack() for array in tf1.nest.flatten(arrays)]
        for output, shape in zip(outputs, self._shapes, strict=True):
            output.set_shape(tf.TensorShape([None]).concatenate(shape))
        return tf1.nest.pack_sequence_as(arrays, outputs)


def _kept(finished: Tensor, old: Any, new: Any) -> Any:
    """Returns the old state where a sequence is finished; arrays and scalars are always new."""
    if isinstance(old, tf1.TensorArray):
        return new
    new.set_shape(old.shape)
    return new if new.shape.ndims == 0 else tf1.where(finished, old, new)
