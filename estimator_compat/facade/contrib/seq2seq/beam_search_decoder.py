"""`BeamSearchDecoder`."""

from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.facade.contrib.seq2seq import arguments, beam_scores
from estimator_compat.facade.contrib.seq2seq.beam_search_step import (
    BeamSearchDecoderOutput,
    BeamSearchDecoderState,
    FinalBeamSearchDecoderOutput,
    beam_search_step,
)
from estimator_compat.facade.contrib.seq2seq.beams import Beams
from estimator_compat.facade.contrib.seq2seq.decoder import Decoder
from estimator_compat.facade.contrib.seq2seq.gather_tree import gather_tree
from estimator_compat.type_aliases import Nest, Tensor


class BeamSearchDecoder(Decoder):
    """A decoder that keeps the best sequences of each example.

    Args:
      cell: The RNNCell. The state of an `AttentionWrapper`, and its memory, need `tile_batch`.
      embedding: A function from ids to inputs, or what `tf.nn.embedding_lookup` takes as `params`.
      start_tokens: The ids of the first inputs, int32 `[batch]`.
      end_token: The id that ends a sequence, an int32 scalar.
      initial_state: The cell's first state, `[batch * beam_width, ...]`.
      beam_width: The number of sequences of each example.
      output_layer: A layer that the cell's outputs go through; None for none.
      length_penalty_weight: The exponent of the length by which scores are divided.
      coverage_penalty_weight: The weight of the penalty for entries of the memory that were not
        attended to.
      reorder_tensor_arrays: Whether arrays in the cell's state, such as the `alignment_history`,
        are sorted by final beam and returned as tensors. As in TensorFlow 1.15, an array whose
        elements have an entirely known shape is returned as it is.

    Raises:
      TypeError: `cell` or `output_layer` has another type.
      ValueError: The shape of `start_tokens`, `end_token` or `initial_state` is wrong.
    """

    def __init__(
        self,
        cell: Any,
        embedding: Any,
        start_tokens: Any,
        end_token: Any,
        initial_state: Nest,
        beam_width: int,
        output_layer: Any = None,
        length_penalty_weight: Any = 0.0,
        coverage_penalty_weight: Any = 0.0,
        reorder_tensor_arrays: bool = True,
    ) -> None:
        arguments.check_cell(cell)
        arguments.check_layer(output_layer)
        self._cell = cell
        self._output_layer = output_layer
        self._reorder_tensor_arrays = reorder_tensor_arrays
        self._embedding_fn = arguments.embedding_function(embedding)
        start, self._end_token = arguments.start_and_end(start_tokens, end_token)
        self._start_tokens = tf1.tile(start[:, None], [1, beam_width])
        self._start_inputs = self._embedding_fn(self._start_tokens)
        self._batch_size = tf1.size(start)
        self._beam_width = beam_width
        self._beams = Beams(self._batch_size, beam_width)
        self._initial_cell_state = self._beams.split_state(initial_state, cell.state_size)
        self._length_penalty_weight = length_penalty_weight
        self._coverage_penalty_weight = coverage_penalty_weight

    @property
    def batch_size(self) -> Any:
        """The number of examples, a scalar int32 tensor."""
        return self._batch_size

    @property
    def output_size(self) -> BeamSearchDecoderOutput:
        """The sizes of the outputs: a number for each beam."""
        return BeamSearchDecoderOutput(*[tf.TensorShape([self._beam_width])] * 3)

    @property
    def output_dtype(self) -> BeamSearchDecoderOutput:
        """The dtypes of the outputs; scores have that of the state's first tensor."""
        return BeamSearchDecoderOutput(self._dtype(), tf1.int32, tf1.int32)

    @property
    def tracks_own_finished(self) -> bool:
        """True: the beams change places."""
        return True

    def initialize(self, name: str | None = None) -> tuple[Tensor, Nest, BeamSearchDecoderState]:
        """Prepares the first time step; see `Decoder`.

        All beams of an example are the same then. The first one has all probability.
        """
        dtype = self._dtype()
        first = tf1.one_hot(
            tf1.zeros([self._batch_size], tf1.int32), self._beam_width, True, False, dtype=tf1.bool
        )
        zeros = tf1.zeros(tf1.shape(first), dtype)
        attended: Any = ()
        if isinstance(self._coverage_penalty_weight, tf1.Tensor) or self._coverage_penalty_weight:
            attended = beam_scores.alignments(self._initial_cell_state)
        finished = tf1.logical_not(first)
        state = BeamSearchDecoderState(
            cell_state=self._initial_cell_state,
            log_probs=tf1.where(first, zeros, zeros - np.inf),
            finished=finished,
            lengths=tf1.zeros([self._batch_size, self._beam_width], tf1.int64),
            accumulated_attention_probs=attended,
        )
        return finished, self._start_inputs, state

    def step(
        self, time: Tensor, inputs: Nest, state: BeamSearchDecoderState, name: str | None = None
    ) -> tuple[BeamSearchDecoderOutput, BeamSearchDecoderState, Nest, Tensor]:
        """Decodes one time step; see `Decoder`."""
        with tf1.name_scope(name, "BeamSearchDecoderStep"):
            outputs, cell_state = self._cell(
                tf1.nest.map_structure(lambda one: self._beams.merge(one, one.shape[2:]), inputs),
                self._beams.merge_state(state.cell_state, self._cell.state_size),
            )
            outputs = tf1.nest.map_structure(
                lambda one: self._beams.split(one, one.shape[1:]), outputs
            )
            if self._output_layer is not None:
                outputs = self._output_layer(outputs)
            output, next_state = beam_search_step(
                outputs,
                self._beams.split_state(cell_state, self._cell.state_size),
                state,
                width=self._beam_width,
                end_token=self._end_token,
                length_penalty_weight=self._length_penalty_weight,
                coverage_penalty_weight=self._coverage_penalty_weight,
            )
            next_inputs = tf1.cond(
                tf1.reduce_all(next_state.finished),
                lambda: self._start_inputs,
                lambda: self._embedding_fn(output.predicted_ids),
            )
        return output, next_state, next_inputs, next_state.finished

    def finalize(
        self,
        outputs: BeamSearchDecoderOutput,
        final_state: BeamSearchDecoderState,
        sequence_lengths: Tensor,
    ) -> tuple[FinalBeamSearchDecoderOutput, BeamSearchDecoderState]:
        """Follows the beams back, from the last time step to the first; see `Decoder`.

        Args:
          outputs: The outputs, `[time, batch, beams]`.
          final_state: The state after the last time step, which knows the lengths.
          sequence_lengths: They are not used.
        """
        longest = tf1.cast(tf1.reduce_max(final_state.lengths, axis=1), tf1.int32)
        ids = gather_tree(outputs.predicted_ids, outputs.parent_ids, longest, self._end_token)
        if self._reorder_tensor_arrays:
            cell_state = self._beams.sort_arrays(
                final_state.cell_state, outputs.parent_ids, final_state.lengths
            )
            final_state = final_state._replace(cell_state=cell_state)
        return FinalBeamSearchDecoderOutput(ids, outputs), final_state

    def _dtype(self) -> Any:
        """Returns the dtype of scores: that of the state's first tensor."""
        return tf1.nest.flatten(self._initial_cell_state)[0].dtype
