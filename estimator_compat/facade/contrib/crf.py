"""`tf.contrib.crf`: linear-chain conditional random fields.

Shapes: potentials `[batch, length, tags]`; tag indices `[batch, length]`; sequence lengths
`[batch]`; transition parameters `[tags, tags]`, from the first tag to the second.
"""

from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Tensor


def _mask(lengths: Tensor, inputs: Tensor) -> Tensor:
    """Returns 1.0 at the positions within each sequence, 0.0 after its end: `[batch, length]`."""
    return tf1.sequence_mask(lengths, maxlen=tf1.shape(inputs)[1], dtype=tf1.float32)


def _time_major(tensor: Tensor) -> Tensor:
    """Swaps the first two axes: `[batch, length, ...]` to `[length, batch, ...]`."""
    rank = tensor.shape.ndims
    return tf1.transpose(tensor, [1, 0, *range(2, rank)])


def crf_unary_score(tag_indices: Tensor, sequence_lengths: Tensor, inputs: Tensor) -> Tensor:
    """Returns the sum of the potentials of the given tags, `[batch]`.

    Args:
      tag_indices: The tags.
      sequence_lengths: The lengths.
      inputs: The potentials.
    """
    chosen = tf1.one_hot(tag_indices, tf1.shape(inputs)[2], dtype=inputs.dtype)
    return tf1.reduce_sum(tf1.reduce_sum(inputs * chosen, 2) * _mask(sequence_lengths, inputs), 1)


def crf_binary_score(
    tag_indices: Tensor, sequence_lengths: Tensor, transition_params: Tensor
) -> Tensor:
    """Returns the sum of the transition parameters between successive tags, `[batch]`.

    Args:
      tag_indices: The tags.
      sequence_lengths: The lengths.
      transition_params: The transition parameters.
    """
    pairs = tf1.stack([tag_indices[:, :-1], tag_indices[:, 1:]], axis=2)
    scores = tf1.gather_nd(transition_params, pairs)
    return tf1.reduce_sum(scores * _mask(sequence_lengths, tag_indices)[:, 1:], 1)


def crf_sequence_score(
    inputs: Tensor, tag_indices: Tensor, sequence_lengths: Tensor, transition_params: Tensor
) -> Tensor:
    """Returns the unnormalized score of the given tags, `[batch]`.

    Args:
      inputs: The potentials.
      tag_indices: The tags.
      sequence_lengths: The lengths.
      transition_params: The transition parameters.
    """
    unary = crf_unary_score(tag_indices, sequence_lengths, inputs)
    return unary + crf_binary_score(tag_indices, sequence_lengths, transition_params)


def crf_log_norm(inputs: Tensor, sequence_lengths: Tensor, transition_params: Tensor) -> Tensor:
    """Returns the log of the summed exponentials of all tag sequences' scores, `[batch]`.

    It is 0 for a sequence of length 0.

    Args:
      inputs: The potentials.
      sequence_lengths: The lengths.
      transition_params: The transition parameters.
    """
    inside = tf1.sequence_mask(sequence_lengths, maxlen=tf1.shape(inputs)[1])

    def forward(alphas: Tensor, element: Any) -> Tensor:
        potentials, is_inside = element
        moved = tf1.reduce_logsumexp(alphas[:, :, None] + transition_params[None], 1)
        return tf1.where(is_inside, potentials + moved, alphas)

    later = (_time_major(inputs)[1:], _time_major(inside)[1:])
    alphas = tf1.foldl(forward, later, initializer=inputs[:, 0])
    norm = tf1.reduce_logsumexp(alphas, [1])
    return tf1.where(sequence_lengths <= 0, tf1.zeros_like(norm), norm)


def crf_log_likelihood(
    inputs: Tensor,
    tag_indices: Tensor,
    sequence_lengths: Tensor,
    transition_params: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Returns the log-likelihood of the given tags.

    Args:
      inputs: The potentials.
      tag_indices: The tags.
      sequence_lengths: The lengths.
      transition_params: The transition parameters; None for a new variable `transitions`.

    Returns:
      The log-likelihoods, `[batch]`, and the transition parameters.
    """
    if transition_params is None:
        tags = inputs.shape.as_list()[2]
        transition_params = tf1.get_variable("transitions", [tags, tags])
    score = crf_sequence_score(inputs, tag_indices, sequence_lengths, transition_params)
    return score - crf_log_norm(inputs, sequence_lengths, transition_params), transition_params


def crf_decode(
    potentials: Tensor, transition_params: Tensor, sequence_length: Tensor
) -> tuple[Tensor, Tensor]:
    """Finds the tags with the highest score by Viterbi's algorithm.

    Args:
      potentials: The potentials.
      transition_params: The transition parameters.
      sequence_length: The lengths.

    Returns:
      The tags, int32 `[batch, length]`, which are 0 after a sequence's end, and their scores,
      `[batch]`.
    """
    inside = tf1.sequence_mask(sequence_length, maxlen=tf1.shape(potentials)[1])
    tags = tf1.shape(potentials)[2]

    def forward(state: Any, element: Any) -> Any:
        scores, _ = state
        emitted, is_inside = element
        moved = scores[:, :, None] + transition_params[None]
        came_from = tf1.argmax(moved, 1, output_type=tf1.int32)
        # After a sequence's end, the predecessor of each tag is the tag itself.
        stay = tf1.zeros_like(came_from) + tf1.range(tags)[None]
        return (
            tf1.where(is_inside, emitted + tf1.reduce_max(moved, 1), scores),
            tf1.where(tf1.tile(is_inside[:, None], [1, tags]), came_from, stay),
        )

    first = potentials[:, 0]
    start = (first, tf1.zeros(tf1.shape(first), tf1.int32))
    later = (_time_major(potentials)[1:], _time_major(inside)[1:])
    scores, pointers = tf1.scan(forward, later, initializer=start)
    final = tf1.concat([first[None], scores], 0)[-1]
    last = tf1.argmax(final, 1, output_type=tf1.int32)

    def backward(tag: Tensor, came_from: Tensor) -> Tensor:
        return tf1.gather(came_from, tag, batch_dims=1)

    earlier = tf1.scan(backward, pointers, initializer=last, reverse=True)
    path = tf1.transpose(tf1.concat([earlier, last[None]], 0))
    shown = tf1.concat([tf1.ones_like(inside[:, :1]), inside[:, 1:]], 1)
    return tf1.where(shown, path, tf1.zeros_like(path)), tf1.reduce_max(final, 1)


def viterbi_decode(score: Any, transition_params: Any) -> tuple[list[int], Any]:
    """Finds the tags with the highest score of a single sequence, with NumPy.

    Args:
      score: The potentials, `[length, tags]`.
      transition_params: The transition parameters, `[tags, tags]`.

    Returns:
      The tags, and their score.
    """
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
