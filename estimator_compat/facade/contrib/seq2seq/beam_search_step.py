"""One time step of a beam search, and what a `BeamSearchDecoder` returns."""

from typing import Any, NamedTuple

import tensorflow.compat.v1 as tf1

from estimator_compat.facade.contrib.seq2seq import beam_scores, beams, sizes
from estimator_compat.type_aliases import Nest, Tensor


class BeamSearchDecoderState(NamedTuple):
    """The state of a beam search after a time step.

    Attributes:
      cell_state: The cell's state, `[batch, beams, ...]`.
      log_probs: The log probability of each beam, `[batch, beams]`.
      finished: Which beams are finished, `[batch, beams]`.
      lengths: The length of each beam, int64 `[batch, beams]`.
      accumulated_attention_probs: The summed alignments of each beam, `[batch, beams,
        memory_time]`; () without a coverage penalty.
    """

    cell_state: Any
    log_probs: Any
    finished: Any
    lengths: Any
    accumulated_attention_probs: Any


class BeamSearchDecoderOutput(NamedTuple):
    """What a time step of a beam search returns, or the sizes or dtypes of it.

    Attributes:
      scores: The scores of the beams, best first: `[batch, beams]`.
      predicted_ids: The id that each beam ends with, int32 `[batch, beams]`.
      parent_ids: The index of each beam's parent at the time step before, int32 `[batch, beams]`.
    """

    scores: Any
    predicted_ids: Any
    parent_ids: Any


class FinalBeamSearchDecoderOutput(NamedTuple):
    """What a beam search returns.

    Attributes:
      predicted_ids: The ids of the beams, best first: int32 `[batch, time, beams]`.
      beam_search_decoder_output: What the time steps returned.
    """

    predicted_ids: Any
    beam_search_decoder_output: Any


def beam_search_step(
    logits: Tensor,
    next_cell_state: Nest,
    state: BeamSearchDecoderState,
    *,
    width: int,
    end_token: Tensor,
    length_penalty_weight: Any,
    coverage_penalty_weight: Any,
) -> tuple[BeamSearchDecoderOutput, BeamSearchDecoderState]:
    """Chooses the best continuations of the beams.

    Args:
      logits: `[batch, beams, classes]`.
      next_cell_state: The cell's next state.
      state: The state after the time step before.
      width: The number of beams.
      end_token: The id that ends a beam.
      length_penalty_weight: As in `BeamSearchDecoder`.
      coverage_penalty_weight: As in `BeamSearchDecoder`.
    """
    classes = sizes.known_dimension(logits, -1)
    going_on = tf1.cast(tf1.logical_not(state.finished), tf1.int64)
    log_probs = _only_end(tf1.nn.log_softmax(logits), end_token, state.finished)
    log_probs = state.log_probs[:, :, None] + log_probs
    # A beam that ends now does not get longer in its score, although it does in `lengths`.
    is_word = tf1.cast(tf1.not_equal(tf1.range(classes), end_token), tf1.int64)
    lengths = state.lengths[:, :, None] + is_word * going_on[:, :, None]
    attended, coverage = _attention(next_cell_state, state, coverage_penalty_weight)
    scores = beam_scores.scores(
        log_probs, lengths, length_penalty_weight=length_penalty_weight, coverage=coverage
    )
    flat = [tf1.shape(logits)[0], -1]
    best, indices = tf1.nn.top_k(tf1.reshape(scores, flat), k=width)
    best.set_shape([logits.shape[0], width])
    indices.set_shape([logits.shape[0], width])
    ids = tf1.cast(indices % classes, tf1.int32, name="next_beam_word_ids")
    parents = tf1.cast(indices // classes, tf1.int32, name="next_beam_parent_ids")
    was_finished = beams.gathered(state.finished, parents)
    next_state = BeamSearchDecoderState(
        cell_state=beams.gathered(next_cell_state, parents),
        log_probs=beams.gathered(tf1.reshape(log_probs, flat), indices),
        finished=tf1.logical_or(was_finished, tf1.equal(ids, end_token)),
        lengths=beams.gathered(state.lengths + going_on, parents),
        accumulated_attention_probs=beams.gathered(attended, parents),
    )
    return BeamSearchDecoderOutput(best, ids, parents), next_state


def _attention(
    next_cell_state: Nest, state: BeamSearchDecoderState, weight: Any
) -> tuple[Any, Tensor | None]:
    """Returns the summed alignments, and the coverage penalty: () and None without a penalty."""
    if not isinstance(weight, tf1.Tensor) and weight == 0.0:
        return (), None
    going_on = tf1.cast(tf1.logical_not(state.finished), tf1.float32)
    new = beam_scores.alignments(next_cell_state) * going_on[:, :, None]
    attended = state.accumulated_attention_probs + new
    return attended, beam_scores.coverage_penalty(attended, state.finished, weight)


def _only_end(log_probs: Tensor, end_token: Tensor, finished: Tensor) -> Tensor:
    """Returns log probabilities in which a finished beam can only go on with the end token."""
    classes = tf1.shape(log_probs)[2]
    row = tf1.one_hot(
        end_token,
        classes,
        dtype=log_probs.dtype,
        on_value=tf1.constant(0.0, log_probs.dtype),
        off_value=tf1.constant(log_probs.dtype.min, log_probs.dtype),
    )
    shape = tf1.shape(log_probs)
    mask = tf1.broadcast_to(finished[:, :, None], shape)
    return tf1.where(mask, tf1.broadcast_to(row, shape), log_probs)
