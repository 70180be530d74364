"""`Helper`, the interface of helpers, and the helpers that are made of functions."""

import abc
from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Nest, Tensor


class Helper(abc.ABC):
    """What chooses samples and next inputs for a `BasicDecoder`; to subclass."""

    @property
    @abc.abstractmethod
    def batch_size(self) -> Any:
        """The number of sequences, a scalar int32 tensor."""

    @property
    @abc.abstractmethod
    def sample_ids_shape(self) -> tf.TensorShape:
        """The shape of a sequence's sample at one time step."""

    @property
    @abc.abstractmethod
    def sample_ids_dtype(self) -> Any:
        """The dtype of samples."""

    @abc.abstractmethod
    def initialize(self, name: str | None = None) -> tuple[Tensor, Nest]:
        """Returns which sequences are finished, `[batch]`, and the first inputs.

        Args:
          name: The name scope of the operations.
        """

    @abc.abstractmethod
    def sample(self, time: Tensor, outputs: Nest, state: Nest, name: str | None = None) -> Tensor:
        """Returns the samples of a time step.

        Args:
          time: The number of the time step, from 0 on.
          outputs: The decoder's outputs.
          state: The cell's state.
          name: The name scope of the operations.
        """

    @abc.abstractmethod
    def next_inputs(
        self,
        time: Tensor,
        outputs: Nest,
        state: Nest,
        sample_ids: Tensor,
        name: str | None = None,
    ) -> tuple[Tensor, Nest, Nest]:
        """Returns which sequences are finished, the next inputs, and the next state.

        Args:
          time: The number of the time step, from 0 on.
          outputs: The decoder's outputs.
          state: The cell's state.
          sample_ids: What `sample` returned.
          name: The name scope of the operations.
        """


class CustomHelper(Helper):
    """A helper that is made of three functions.

    Args:
      initialize_fn: Returns which sequences are finished, and the first inputs.
      sample_fn: Returns the samples. It is called with `time`, `outputs` and `state`.
      next_inputs_fn: Returns which sequences are finished, the next inputs and the next state. It
        is called with `time`, `outputs`, `state` and `sample_ids`.
      sample_ids_shape: The shape of a sequence's sample at one time step; None for a scalar.
      sample_ids_dtype: The dtype of the samples; None for int32.
    """

    def __init__(
        self,
        initialize_fn: Callable[[], tuple[Tensor, Nest]],
        sample_fn: Callable[..., Tensor],
        next_inputs_fn: Callable[..., tuple[Tensor, Nest, Nest]],
        sample_ids_shape: Any = None,
        sample_ids_dtype: Any = None,
    ) -> None:
        self._initialize_fn = initialize_fn
        self._sample_fn = sample_fn
        self._next_inputs_fn = next_inputs_fn
        self._batch_size: Any = None
        self._sample_ids_shape = tf.TensorShape(sample_ids_shape or [])
        self._sample_ids_dtype = sample_ids_dtype or tf1.int32

    @property
    def batch_size(self) -> Any:
        """The number of sequences; see `Helper`. It is known after `initialize`."""
        if self._batch_size is None:
            raise ValueError(
                "batch_size accessed before initialize was called; it is counted from what "
                "`initialize_fn` returns; call `initialize` first."
            )
        return self._batch_size

    @property
    def sample_ids_shape(self) -> tf.TensorShape:
        """The shape of a sequence's sample at one time step."""
        return self._sample_ids_shape

    @property
    def sample_ids_dtype(self) -> Any:
        """The dtype of samples."""
        return self._sample_ids_dtype

    def initialize(self, name: str | None = None) -> tuple[Tensor, Nest]:
        """Calls `initialize_fn`; see `Helper`."""
        with tf1.name_scope(name, f"{type(self).__name__}Initialize"):
            finished, inputs = self._initialize_fn()
            if self._batch_size is None:
                self._batch_size = tf1.size(finished)
        return finished, inputs

    def sample(self, time: Tensor, outputs: Nest, state: Nest, name: str | None = None) -> Tensor:
        """Calls `sample_fn`; see `Helper`."""
        with tf1.name_scope(name, f"{type(self).__name__}Sample"):
            return self._sample_fn(time=time, outputs=outputs, state=state)

    def next_inputs(
        self,
        time: Tensor,
        outputs: Nest,
        state: Nest,
        sample_ids: Tensor,
        name: str | None = None,
    ) -> tuple[Tensor, Nest, Nest]:
        """Calls `next_inputs_fn`; see `Helper`."""
        with tf1.name_scope(name, f"{type(self).__name__}NextInputs"):
            return self._next_inputs_fn(
                time=time, outputs=outputs, state=state, sample_ids=sample_ids
            )


class InferenceHelper(Helper):
    """A helper for inference whose sampling is a function of the outputs.

    Args:
      sample_fn: Returns the samples of outputs.
      sample_shape: The shape of a sequence's sample at one time step.
      sample_dtype: The dtype of the samples.
      start_inputs: The first inputs, `[batch, ...]`.
      end_fn: Returns which of the samples end their sequence.
      next_inputs_fn: Returns the next inputs of samples; None for the samples themselves.
    """

    def __init__(
        self,
        sample_fn: Callable[[Tensor], Tensor],
        sample_shape: Any,
        sample_dtype: Any,
        start_inputs: Tensor,
        end_fn: Callable[[Tensor], Tensor],
        next_inputs_fn: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self._sample_fn = sample_fn
        self._end_fn = end_fn
        self._sample_shape = tf.TensorShape(sample_shape)
        self._sample_dtype = sample_dtype
        self._next_inputs_fn = next_inputs_fn
        self._start_inputs = tf1.convert_to_tensor(start_inputs, name="start_inputs")
        self._batch_size = tf1.shape(self._start_inputs)[0]

    @property
    def batch_size(self) -> Any:
        """The number of sequences, a scalar int32 tensor."""
        return self._batch_size

    @property
    def sample_ids_shape(self) -> tf.TensorShape:
        """The shape of a sequence's sample at one time step."""
        return self._sample_shape

    @property
    def sample_ids_dtype(self) -> Any:
        """The dtype of samples."""
        return self._sample_dtype

    def initialize(self, name: str | None = None) -> tuple[Tensor, Nest]:
        """Returns that no sequence is finished, and `start_inputs`; see `Helper`."""
        return tf1.tile([False], [self._batch_size]), self._start_inputs

    def sample(self, time: Tensor, outputs: Nest, state: Nest, name: str | None = None) -> Tensor:
        """Calls `sample_fn`; see `Helper`."""
        return self._sample_fn(outputs)

    def next_inputs(
        self,
        time: Tensor,
        outputs: Nest,
        state: Nest,
        sample_ids: Tensor,
        name: str | None = None,
    ) -> tuple[Tensor, Nest, Nest]:
        """Calls `next_inputs_fn` and `end_fn`; see `Helper`."""
        inputs = sample_ids if self._next_inputs_fn is None else self._next_inputs_fn(sample_ids)
        return self._end_fn(sample_ids), inputs, state
