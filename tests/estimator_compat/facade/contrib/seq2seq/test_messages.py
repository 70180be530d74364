"""What the errors of `tf.contrib.seq2seq` tell the user to do.

That their first words are those of TensorFlow 1.15.5 is tested in `test_contrib.py`, program
`mistakes`, and so are the errors of those classes that need layers.
"""

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow.compat.v1 as tf

from estimator_compat.facade.contrib.seq2seq import (
    arguments,
    attention_scores,
    beam_scores,
    decoder,
    helper,
    loss,
    monotonic_attention,
    tile_batch,
    training_helper,
)
from estimator_compat.facade.contrib.seq2seq.attention_wrapper_state import AttentionWrapperState
from estimator_compat.facade.contrib.seq2seq.beams import Beams


def _state(shape: list[int]) -> AttentionWrapperState:
    return AttentionWrapperState(tf.zeros(shape), (), (), (), (), ())


MISTAKES: dict[str, tuple[Callable[[], Any], str]] = {
    "tokens": (
        lambda: arguments.start_and_end(1, 2),
        "pass one token for each example: `tf.fill([batch_size], start_token)`",
    ),
    "end": (lambda: arguments.start_and_end([1], [2]), "pass a single integer"),
    "cell": (lambda: arguments.check_cell(3), "pass an instance of a cell class"),
    "layer": (lambda: arguments.check_layer(3), "`tf.layers.Dense(vocabulary_size)`"),
    "units": (
        lambda: attention_scores.luong(tf.zeros([2, 3]), tf.zeros([2, 5, 4]), scale=False),
        "set `num_units` (4) to the size of the cell's output (3)",
    ),
    "coverage": (
        lambda: beam_scores.alignments(tf.zeros([2])),
        "wrap the cell in an `AttentionWrapper`, or leave `coverage_penalty_weight` out",
    ),
    "coverage_shape": (
        lambda: beam_scores.coverage_penalty(tf.zeros([1, 1, 1]), tf.zeros([1, 1]), [0.5]),
        "pass a single number",
    ),
    "untiled": (
        lambda: Beams(tf.constant(4), 2).split(tf.zeros([4, 3]), 3),
        "expected 8 rows; repeat the encoder's outputs, lengths and state with "
        "`tf.contrib.seq2seq.tile_batch(..., multiplier=beam_width)`",
    ),
    "size": (
        lambda: Beams(tf.constant(4), 2).split(tf.zeros([8, 3]), 5),
        "batch_size=encoder_batch_size * beam_width",
    ),
    "rank": (
        lambda: Beams(tf.constant(4), 2).split_state(tf.placeholder(tf.float32), 5),
        "call `set_shape` first",
    ),
    "clone": (
        lambda: _state([4, 3]).clone(cell_state=tf.zeros([2, 3])),
        "pass a state of the wrapped cell to `clone(cell_state=...)`",
    ),
    "decoder": (lambda: decoder.dynamic_decode(3), "pass an instance of a subclass of"),  # type: ignore[arg-type]
    "custom": (
        lambda: helper.CustomHelper(len, len, len).batch_size,  # type: ignore[arg-type]
        "call `initialize` first",
    ),
    "length": (
        lambda: training_helper.TrainingHelper(tf.zeros([2, 3, 4]), 3),
        "pass one length for each example",
    ),
    "mode": (
        lambda: monotonic_attention.monotonic_attention([[1.0]], [[1.0]], "soft"),
        "not 'soft'; choose one of them",
    ),
    "scalar": (
        lambda: tile_batch.tile_batch(tf.constant(3), 2),
        "call `set_shape` first, or leave scalars out",
    ),
    "logits": (
        lambda: loss.sequence_loss(*[tf.zeros([2, 3])] * 3),
        "but the shape is (2, 3); reshape it",
    ),
    "axes": (
        lambda: loss.sequence_loss(
            tf.zeros([2, 3, 4]), tf.zeros([2, 3]), tf.zeros([2, 3]), sum_over_batch=True
        ),
        "set one of them to False",
    ),
}


@pytest.mark.parametrize(("call", "says"), MISTAKES.values(), ids=MISTAKES)
def test_says_what_to_do(call: Callable[[], Any], says: str) -> None:
    with tf.Graph().as_default(), pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert says in str(caught.value)
