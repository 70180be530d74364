"""Helpers for scheduled sampling: some of the inputs in training are what the decoder said before.

Samuel Bengio and others, "Scheduled Sampling for Sequence Prediction with Recurrent Neural
Networks", 2015.
"""

from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.facade.contrib.rnn import transpose_batch_time
from estimator_compat.facade.contrib.seq2seq import arguments, sampling
from estimator_compat.facade.contrib.seq2seq.training_helper import TrainingHelper, time_steps
from estimator_compat.type_aliases import Nest, Tensor


def _probability(sampling_probability: Any) -> Tensor:
    """Converts a sampling probability to a tensor, and checks its rank."""
    probability = tf1.convert_to_tensor(sampling_probability, name="sampling_probability")
    if probability.shape.ndims not in (0, 1):
        raise ValueError(
            "sampling_probability must be either a scalar or a vector. saw shape: "
            f"{probability.shape}; pass a single number from 0 to 1."
        )
    return probability


def _mixed(sampled: Tensor, base: Tensor, make: Callable[[Tensor], Tensor]) -> Tensor:
    """Returns the inputs of the data, with others for the sequences that are sampled.

    Args:
      sampled: Which sequences are sampled, bool `[batch]`.
      base: The inputs of the data, `[batch, ...]`.
      make: Returns the inputs of the sequences with the given indices, int32 `[count, 1]`.
    """
    chosen = tf1.cast(tf1.where(sampled), tf1.int32)
    others = tf1.cast(tf1.where(tf1.logical_not(sampled)), tf1.int32)
    shape = tf1.shape(base)
    made = tf1.scatter_nd(chosen, make(chosen), shape)
    return made + tf1.scatter_nd(others, tf1.gather_nd(base, others), shape)


class ScheduledEmbeddingTrainingHelper(TrainingHelper):
    """A `TrainingHelper` that embeds drawn ids instead of some of the inputs.

    The samples are -1 where the next input is read from the data.

    Args:
      inputs: As in `TrainingHelper`.
      sequence_length: As in `TrainingHelper`.
      embedding: As in `GreedyEmbeddingHelper`.
      sampling_probability: The probability that an input is a drawn id, a scalar.
      time_major: As in `TrainingHelper`.
      seed: The seed of the ids.
      scheduling_seed: The seed of the choice between ids and data.
      name: The name scope of the operations.

    Raises:
      ValueError: `sampling_probability` is neither a scalar nor a vector.
    """

    def __init__(
        self,
        inputs: Tensor,
        sequence_length: Any,
        embedding: Any,
        sampling_probability: Any,
        time_major: bool = False,
        seed: int | None = None,
        scheduling_seed: int | None = None,
        name: str | None = None,
    ) -> None:
        with tf1.name_scope(name, "ScheduledEmbeddingSamplingWrapper"):
            self._embedding_fn = arguments.embedding_function(embedding)
            self._sampling_probability = _probability(sampling_probability)
            self._seed, self._scheduling_seed = seed, scheduling_seed
            super().__init__(inputs, sequence_length, time_major, name)

    def sample(  # type: ignore[override]
        self, time: Tensor, outputs: Nest, state: Nest, name: str | None = None
    ) -> Tensor:
        """Returns drawn ids, or -1; see `Helper`."""
        with tf1.name_scope(name, "ScheduledEmbeddingTrainingHelperSample"):
            is_sampled = sampling.bernoulli(
                self._sampling_probability, self.batch_size, self._scheduling_seed
            )
            ids = sampling.categorical(outputs, self._seed)
            return tf1.where(is_sampled, ids, tf1.fill([self.batch_size], -1))

    def next_inputs(  # type: ignore[override]
        self,
        time: Tensor,
        outputs: Nest,
        state: Nest,
        sample_ids: Tensor,
        name: str | None = None,
    ) -> tuple[Tensor, Nest, Nest]:
        """Returns the inputs of the next time step, or embedded ids; see `Helper`."""
        with tf1.name_scope(name, "ScheduledEmbeddingTrainingHelperNextInputs"):
            finished, base, state = super().next_inputs(time, outputs, state)

            def embedded(chosen: Tensor) -> Tensor:
                return self._embedding_fn(tf1.gather_nd(sample_ids, chosen))

            inputs = tf1.cond(
                tf1.reduce_all(finished),
                lambda: base,
                lambda: _mixed(sample_ids > -1, base, embedded),
            )
            return finished, inputs, state


class ScheduledOutputTrainingHelper(TrainingHelper):
    """A `TrainingHelper` that gives outputs back instead of some of the inputs.

    The samples are 1 where the next input is an output, otherwise 0.

    Args:
      inputs: As in `TrainingHelper`.
      sequence_length: As in `TrainingHelper`.
      sampling_probability: The probability that an input is an output, a scalar.
      time_major: As in `TrainingHelper`.
      seed: The seed of the choice between outputs and data.
      next_inputs_fn: Makes inputs of outputs; None for the outputs themselves.
      auxiliary_inputs: Inputs of the data that every input ends with, `[batch, time, depth]`.
      name: The name scope of the operations.

    Raises:
      ValueError: `sampling_probability` is neither a scalar nor a vector.
    """

    def __init__(
        self,
        inputs: Tensor,
        sequence_length: Any,
        sampling_probability: Any,
        time_major: bool = False,
        seed: int | None = None,
        next_inputs_fn: Callable[[Tensor], Tensor] | None = None,
        auxiliary_inputs: Tensor | None = None,
        name: str | None = None,
    ) -> None:
        with tf1.name_scope(name, "ScheduledOutputTrainingHelper"):
            self._sampling_probability = _probability(sampling_probability)
            self._auxiliary_input_tas = None
            if auxiliary_inputs is not None:
                inputs = tf1.convert_to_tensor(inputs, name="inputs")
                auxiliary = tf1.convert_to_tensor(auxiliary_inputs, name="auxiliary_inputs")
                inputs = tf1.concat([inputs, auxiliary], -1)
                self._auxiliary_input_tas = time_steps(
                    auxiliary if time_major else transpose_batch_time(auxiliary)
                )
            self._seed = seed
            self._next_inputs_fn = next_inputs_fn
            super().__init__(inputs, sequence_length, time_major, name)

    def sample(  # type: ignore[override]
        self, time: Tensor, outputs: Nest, state: Nest, name: str | None = None
    ) -> Tensor:
        """Returns 1 where the next input is an output, otherwise 0; see `Helper`."""
        with tf1.name_scope(name, "ScheduledOutputTrainingHelperSample"):
            is_sampled = sampling.bernoulli(self._sampling_probability, self.batch_size, self._seed)
            return tf1.cast(is_sampled, tf1.int32)

    def next_inputs(  # type: ignore[override]
        self,
        time: Tensor,
        outputs: Nest,
        state: Nest,
        sample_ids: Tensor,
        name: str | None = None,
    ) -> tuple[Tensor, Nest, Nest]:
        """Returns the inputs of the next time step, or outputs; see `Helper`."""
        with tf1.name_scope(name, "ScheduledOutputTrainingHelperNextInputs"):
            finished, base, state = super().next_inputs(time, outputs, state)
            sampled = tf1.cast(sample_ids, tf1.bool)

            def from_outputs() -> Tensor:
                if self._next_inputs_fn is None:
                    return tf1.where(sampled, self._with_auxiliary(outputs, time), base)
                make = self._next_inputs_fn
                return _mixed(
                    sampled,
                    base,
                    lambda chosen: self._with_auxiliary(
                        make(tf1.gather_nd(outputs, chosen)), time, chosen
                    ),
                )

            no_sample = tf1.logical_not(tf1.reduce_any(sampled))
            inputs = tf1.cond(
                tf1.logical_or(tf1.reduce_all(finished), no_sample), lambda: base, from_outputs
            )
            return finished, inputs, state

    def _with_auxiliary(self, inputs: Tensor, time: Tensor, chosen: Any = None) -> Tensor:
        """Appends the auxiliary inputs of the next time step, if there are any."""
        if self._auxiliary_input_tas is None:
            return inputs
        auxiliary = self._auxiliary_input_tas.read(time + 1)
        if chosen is not None:
            auxiliary = tf1.gather_nd(auxiliary, chosen)
        return tf1.concat([inputs, auxiliary], -1)
