"""`tf.contrib.crf`: linear-chain conditional random fields.

Potentials are `[batch, length, tags]`, tag indices `[batch, length]`, sequence lengths `[batch]`,
transitions `[tags, tags]` (from, to).
"""

from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf


def _mask(lengths: Any, inputs: Any) -> Any:
    return tf.sequence_mask(lengths, maxlen=tf.shape(inputs)[1], dtype=tf.float32)


def _by_time(tensor: Any) -> Any:
    rank = tensor.shape.ndims
    return tf.transpose(tensor, [1, 0, *range(2, rank)])


def crf_unary_score(tag_indices: Any, sequence_lengths: Any, inputs: Any) -> Any:
    """Sums the potentials of the given tags: `[batch]`."""
    chosen = tf.one_hot(tag_indices, tf.shape(inputs)[2], dtype=inputs.dtype)
    return tf.reduce_sum(tf.reduce_sum(inputs * chosen, 2) * _mask(sequence_lengths, inputs), 1)


def crf_binary_score(tag_indices: Any, sequence_lengths: Any, transition_params: Any) -> Any:
    """Sums the transitions between the given tags: `[batch]`."""
    pairs = tf.stack([tag_indices[:, :-1], tag_indices[:, 1:]], axis=2)
    scores = tf.gather_nd(transition_params, pairs)
    return tf.reduce_sum(scores * _mask(sequence_lengths, tag_indices)[:, 1:], 1)


def crf_sequence_score(
    inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any
) -> Any:
    """The unnormalized score of the given tags: `[batch]`."""
    unary = crf_unary_score(tag_indices, sequence_lengths, inputs)
    return unary + crf_binary_score(tag_indices, sequence_lengths, transition_params)


def crf_log_norm(inputs: Any, sequence_lengths: Any, transition_params: Any) -> Any:
    """The logarithm of the sum over all tag sequences: `[batch]`; 0 where the length is 0."""
    inside = tf.sequence_mask(sequence_lengths, maxlen=tf.shape(inputs)[1])

    def step(alphas: Any, element: Any) -> Any:
        potentials, running = element
        moved = tf.reduce_logsumexp(alphas[:, :, None] + transition_params[None], 1)
        return tf.where(running, potentials + moved, alphas)

    rest = (_by_time(inputs)[1:], _by_time(inside)[1:])
    alphas = tf.foldl(step, rest, initializer=inputs[:, 0])
    norm = tf.reduce_logsumexp(alphas, [1])
    return tf.where(sequence_lengths <= 0, tf.zeros_like(norm), norm)


def crf_log_likelihood(
    inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any = None
) -> tuple[Any, Any]:
    """The log-likelihood of the given tags.

    Args:
      inputs: The potentials.
      tag_indices: The tags.
      sequence_lengths: The lengths.
      transition_params: The transitions; None: a new variable `transitions`.

    Returns:
      The log-likelihoods `[batch]`, and the transitions.
    """
    if transition_params is None:
        tags = inputs.shape.as_list()[2]
        transition_params = tf.get_variable("transitions", [tags, tags])
    score = crf_sequence_score(inputs, tag_indices, sequence_lengths, transition_params)
    return score - crf_log_norm(inputs, sequence_lengths, transition_params), transition_params


def crf_decode(potentials: Any, transition_params: Any, sequence_length: Any) -> tuple[Any, Any]:
    """Finds the best tags by Viterbi's algorithm.

    Returns:
      The tags, int32 `[batch, length]`, 0 after a sequence's end, and their scores `[batch]`.
    """
    inside = tf.sequence_mask(sequence_length, maxlen=tf.shape(potentials)[1])
    tags = tf.shape(potentials)[2]

    def forward(state: Any, element: Any) -> Any:
        scores, _ = state
        emitted, running = element
        moved = scores[:, :, None] + transition_params[None]
        came_from = tf.argmax(moved, 1, output_type=tf.int32)
        # After the end each tag comes from itself.
        stay = tf.zeros_like(came_from) + tf.range(tags)[None]
        return (
            tf.where(running, emitted + tf.reduce_max(moved, 1), scores),
            tf.where(tf.tile(running[:, None], [1, tags]), came_from, stay),
        )

    first = potentials[:, 0]
    start = (first, tf.zeros(tf.shape(first), tf.int32))
    rest = (_by_time(potentials)[1:], _by_time(inside)[1:])
    scores, pointers = tf.scan(forward, rest, initializer=start)
    final = tf.concat([first[None], scores], 0)[-1]
    last = tf.argmax(final, 1, output_type=tf.int32)

    def backward(tag: Any, came_from: Any) -> Any:
        return tf.gather(came_from, tag, batch_dims=1)

    earlier = tf.scan(backward, pointers, initializer=last, reverse=True)
    path = tf.transpose(tf.concat([earlier, last[None]], 0))
    shown = tf.concat([tf.ones_like(inside[:, :1]), inside[:, 1:]], 1)
    return tf.where(shown, path, tf.zeros_like(path)), tf.reduce_max(final, 1)


def viterbi_decode(score: Any, transition_params: Any) -> tuple[list[int], Any]:
    """Finds the best tags of one sequence of NumPy potentials, `[length, tags]`, and its score."""
    total = np.asarray(score[0])
    pointers = []
    for emitted in score[1:]:
        moved = total[:, None] + transition_params
        pointers.append(np.argmax(moved, 0))
        total = emitted + np.max(moved, 0)
    path = [int(np.argmax(total))]
    for came_from in reversed(pointers):
        path.append(int(came_from[path[-1]]))
    return path[::-1], np.max(total)
