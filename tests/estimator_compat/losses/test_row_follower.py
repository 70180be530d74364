"""The rows of losses: which example of the input each loss belongs to.

Each case computes losses from `x` and `y` of 5 examples. The expected rows follow from the data,
and the comments show how.
"""

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat.losses.row_follower import RowFollower
from estimator_compat.losses.rows import NO_ROW, SEVERAL_ROWS, Source

tf1 = tf.compat.v1

# |y - x| = 1, 5, 0, 3, 2.
X = np.array([1, 2, 3, 4, 5], np.float32)
Y = np.array([2, 7, 3, 1, 3], np.float32)
LABELED = np.array([False, True, True, False, True])
# Three words for each example.
WORDS = np.arange(15, dtype=np.float32).reshape(5, 3)
LENGTHS = np.array([1, 3, 0, 2, 3], np.int32)


def _loss(f):
    return tf.abs(f["y"] - f["x"])


def _flat_mask(f):
    mask = tf.sequence_mask(f["lengths"], 3)
    return tf.boolean_mask(tf.square(f["words"]), mask)


def _is_word(f):
    return tf.reshape(tf.sequence_mask(f["lengths"], 3), [-1])


def _top(f):
    return tf.nn.top_k(_loss(f), 3).values


def _computed_top(f):
    count = tf.cast(0.6 * tf.cast(tf.shape(f["x"])[0], tf.float32), tf.int32)
    return tf.nn.top_k(_loss(f), count).values


def _hard_examples(f):
    indices = tf.nn.top_k(_loss(f), 2).indices
    return tf.gather(tf.square(f["y"] - f["x"]), indices)


def _parts(f, part):
    return tf.dynamic_partition(_loss(f), tf.cast(f["labeled"], tf.int32), 2)[part]


def _stitched(f):
    parts = tf.cast(f["labeled"], tf.int32)
    losses = tf.dynamic_partition(_loss(f), parts, 2)
    places = tf.dynamic_partition(tf.range(tf.shape(parts)[0]), parts, 2)
    return tf.dynamic_stitch(places, [2 * losses[0], losses[1]])


def _through_a_model(f):
    hidden = tf.nn.relu(f["words"] @ tf.ones([3, 4]))
    logits = tf.boolean_mask(hidden @ tf.ones([4, 2]), f["labeled"])
    labels = tf.cast(tf.boolean_mask(f["y"], f["labeled"]) > 2, tf.int32)
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)


CASES = {
    "all": (_loss, [0, 1, 2, 3, 4]),
    "boolean_mask": (lambda f: tf.boolean_mask(_loss(f), f["labeled"]), [1, 2, 4]),
    "boolean_mask of a column": (
        lambda f: tf.boolean_mask(_loss(f)[:, tf.newaxis], f["labeled"]),
        [[1], [2], [4]],
    ),
    "both masked": (
        lambda f: tf.abs(
            tf.boolean_mask(f["y"], f["labeled"]) - tf.boolean_mask(f["x"], f["labeled"])
        ),
        [1, 2, 4],
    ),
    "masked before a model": (_through_a_model, [1, 2, 4]),
    "gather of where": (
        lambda f: tf.gather(_loss(f), tf.where(f["labeled"])[:, 0]),
        [1, 2, 4],
    ),
    "gather_nd of where": (lambda f: tf.gather_nd(_loss(f), tf.where(f["labeled"])), [1, 2, 4]),
    # Indices that the input has: the examples' places, from the last one.
    "gather by indices": (
        lambda f: tf.gather(_loss(f), tf.shape(f["x"])[0] - 1 - tf.range(3)),
        [4, 3, 2],
    ),
    "dynamic_partition, false": (lambda f: _parts(f, 0), [0, 3]),
    "dynamic_partition, true": (lambda f: _parts(f, 1), [1, 2, 4]),
    "dynamic_stitch": (_stitched, [0, 1, 2, 3, 4]),
    # The losses 5, 3, 2.
    "top_k": (_top, [1, 3, 4]),
    "top_k, computed k": (_computed_top, [1, 3, 4]),
    "hard examples": (_hard_examples, [1, 3]),
    "sort": (lambda f: tf.sort(_loss(f)), [2, 0, 4, 3, 1]),
    "sort, descending": (lambda f: tf.sort(_loss(f), direction="DESCENDING"), [1, 3, 4, 0, 2]),
    "argsort": (lambda f: tf.gather(_loss(f), tf.argsort(f["y"])), [3, 0, 2, 4, 1]),
    "reverse": (lambda f: tf.reverse(_loss(f), [0]), [4, 3, 2, 1, 0]),
    "slice": (lambda f: _loss(f)[1:4], [1, 2, 3]),
    "slice, backwards": (lambda f: _loss(f)[::-2], [4, 2, 0]),
    "strided rows, whole words": (
        lambda f: tf.square(f["words"])[1::2],
        [[1, 1, 1], [3, 3, 3]],
    ),
    "flattened": (
        lambda f: tf.reshape(tf.square(f["words"]), [-1]),
        np.repeat(range(5), 3),
    ),
    "flattened before": (
        lambda f: tf.square(tf.reshape(f["words"], [-1]) - tf.repeat(f["x"], 3)),
        np.repeat(range(5), 3),
    ),
    "flattened and back": (
        lambda f: tf.reshape(tf.reshape(f["words"], [-1, 1]) @ tf.ones([1, 2]), [-1, 6]),
        np.repeat(range(5), 6).reshape(5, 6),
    ),
    # Word 0 of example 0; all of 1; none of 2; two of 3; all of 4.
    "words in sequences": (_flat_mask, [0, 1, 1, 1, 3, 3, 4, 4, 4]),
    "transposed and flattened": (
        lambda f: tf.reshape(tf.transpose(f["words"]), [-1]),
        np.tile(range(5), 3),
    ),
    "words first": (lambda f: tf.transpose(tf.square(f["words"])), np.tile(range(5), (3, 1))),
    "means of words": (lambda f: tf.reduce_mean(tf.square(f["words"]), axis=1), range(5)),
    "a class of each": (
        lambda f: tf.gather(f["words"], f["lengths"] % 3, batch_dims=1),
        range(5),
    ),
    "a class of each, gather_nd": (
        lambda f: tf.gather_nd(
            f["words"], tf.stack([tf.range(tf.shape(f["x"])[0]), f["lengths"] % 3], 1)
        ),
        range(5),
    ),
    "embedded": (
        lambda f: tf.reduce_sum(tf.gather(tf.ones([4, 2]), f["lengths"]), -1),
        range(5),
    ),
    "einsum": (lambda f: tf.einsum("bt,bt->b", f["words"], f["words"]), range(5)),
    "split in two": (
        lambda f: tf.concat(tf.split(tf.square(f["words"]), [1, 2], 1), 1),
        [[row] * 3 for row in range(5)],
    ),
    "unstacked": (lambda f: tf.unstack(f["words"], 3, axis=1)[1], range(5)),
    "stacked tasks": (
        lambda f: tf.stack([_loss(f), 2 * _loss(f)], 1),
        [[row] * 2 for row in range(5)],
    ),
    "where zeros": (
        lambda f: tf.where(f["labeled"], _loss(f), tf.zeros_like(f["x"])),
        range(5),
    ),
    # The words of examples 0, 1, 3 and 4; example 2 has none.
    "segments": (
        lambda f: tf.math.unsorted_segment_sum(
            _flat_mask(f), tf.boolean_mask(tf.repeat(tf.range(5), 3), _is_word(f)), 5
        ),
        [0, 1, NO_ROW, 3, 4],
    ),
    "means of segments": (
        lambda f: tf.math.segment_mean(
            tf.reshape(tf.square(f["words"]), [-1]), tf.repeat(tf.range(5), 3)
        ),
        range(5),
    ),
    "groups of examples": (
        lambda f: tf.math.segment_sum(_loss(f), [0, 0, 1, 2, 2]),
        [SEVERAL_ROWS, 2, SEVERAL_ROWS],
    ),
    # Squeezing all axes, and flattening to a computed shape, give tensors of unknown rank.
    "squeezed": (lambda f: tf.squeeze(_loss(f)[:, tf.newaxis]), range(5)),
    "squeezed, with labels": (
        lambda f: tf.square(tf.squeeze(f["x"][:, tf.newaxis]) - f["y"]),
        range(5),
    ),
    "squeezed and masked": (
        lambda f: tf.boolean_mask(
            tf.ensure_shape(tf.squeeze(_loss(f)[:, tf.newaxis]), [None]), f["labeled"]
        ),
        [1, 2, 4],
    ),
    "squeezed and flattened": (
        lambda f: tf.reshape(tf.squeeze(f["words"][:, :, tf.newaxis]), [-1]),
        np.repeat(range(5), 3),
    ),
    "padded": (lambda f: tf.pad(_loss(f), [[0, 1]]), [0, 1, 2, 3, 4, NO_ROW]),
    # Example i with the one before it.
    "neighbors": (lambda f: _loss(f) - tf.roll(_loss(f), 1, 0), [SEVERAL_ROWS] * 5),
    "the same example": (lambda f: _loss(f) - tf.roll(tf.roll(f["x"], 1, 0), -1, 0), range(5)),
    "selected differently": (
        lambda f: tf.boolean_mask(f["x"], f["labeled"]) - f["y"][:3],
        [SEVERAL_ROWS, SEVERAL_ROWS, SEVERAL_ROWS],
    ),
    "a tail after padding": (
        lambda f: tf.reduce_max(tf.pad(_loss(f), [[0, 1]])[4:], axis=0, keepdims=True),
        [4],
    ),
}


def _features():
    dataset = tf.data.Dataset.from_tensors(
        {"x": X, "y": Y, "labeled": LABELED, "words": WORDS, "lengths": LENGTHS}
    )
    # The size of the batch is not static, as in most programs.
    dataset = dataset.unbatch().batch(5)
    return tf1.data.make_one_shot_iterator(dataset).get_next()


@pytest.mark.usefixtures("shapes_of_tensorflow")
@pytest.mark.parametrize(("losses", "expected"), CASES.values(), ids=CASES)
def test_rows(losses, expected):
    with tf.Graph().as_default(), tf1.Session() as session:
        features = _features()
        tensor = losses(features)
        follower = RowFollower(features, None)
        rows = follower.of(tensor)
        assert rows.are_known, rows.reason
        ids = rows.in_shape(tf.shape(tensor), tensor.shape.rank)
        actual, sizes = session.run([ids, follower.sizes(rows)])
        np.testing.assert_array_equal(actual, expected)
        assert set(sizes.values()) == {5}


@pytest.mark.parametrize(
    "losses",
    [
        lambda f: f["x"][:, tf.newaxis] - f["y"],
        lambda f: _loss(f) - tf.reduce_mean(f["x"]),
        lambda f: tf.nn.softmax(_loss(f)),
        lambda f: tf.nn.softmax_cross_entropy_with_logits(
            labels=tf.eye(tf.shape(f["x"])[0]), logits=f["words"] @ tf.transpose(f["words"])
        ),
        lambda f: tf.cumsum(_loss(f)),
        lambda f: tf.einsum("bt,ct->bc", f["words"], f["words"]),
        lambda f: _loss(f) / tf.reduce_sum(f["x"]),
        lambda f: tf1.nn.fused_batch_norm(
            f["words"][:, :, tf.newaxis, tf.newaxis], [1.0], [0.0], is_training=True
        )[0],
    ],
    ids=["pairs", "centered", "softmax", "in-batch", "cumsum", "einsum", "share", "batch-norm"],
)
@pytest.mark.usefixtures("shapes_of_tensorflow")
def test_losses_of_several_examples_are_told_before_they_run(losses):
    with tf.Graph().as_default():
        features = _features()
        assert RowFollower(features, None).of(losses(features)).source is Source.SEVERAL


def _python(f):
    losses = tf1.py_func(lambda x: np.sort(x)[::-1].copy(), [_loss(f)], tf.float32)
    return tf.ensure_shape(losses, [None])


@pytest.mark.parametrize(
    "losses",
    [_python, lambda f: tf.unique(_loss(f)).y, lambda f: tf.random.shuffle(_loss(f))],
    ids=["py_func", "unique", "shuffle"],
)
def test_losses_that_cannot_be_followed(losses):
    with tf.Graph().as_default():
        features = _features()
        rows = RowFollower(features, None).of(losses(features))
        assert rows.source is Source.UNKNOWN
        assert rows.reason


def test_a_model_that_cannot_be_followed_belongs_to_its_labels():
    with tf.Graph().as_default(), tf1.Session() as session:
        features = _features()
        column = tf1.py_func(lambda x: x, [features["x"]], tf.float32)
        predictions = tf.ensure_shape(column, [None])
        chosen = tf.boolean_mask(tf.abs(features["y"] - predictions), features["labeled"])
        rows = RowFollower(features, None).of(chosen)
        ids = rows.in_shape(tf.shape(chosen), 1)
        np.testing.assert_array_equal(session.run(ids), [1, 2, 4])


def test_a_column_that_cannot_be_followed_may_meet_all_labels():
    with tf.Graph().as_default():
        features = _features()
        column = tf1.py_func(lambda x: x[:, None], [features["x"]], tf.float32)
        pairs = tf.ensure_shape(column, [None, 1]) - features["y"]
        assert RowFollower(features, None).of(pairs).source is Source.UNKNOWN


def test_an_input_of_unknown_rank_has_examples_along_its_first_axis():
    with tf.Graph().as_default(), tf1.Session() as session:
        words = tf1.placeholder_with_default(WORDS, None)
        follower = RowFollower(words, None)
        rows = follower.of(tf.square(words))
        ids = session.run(rows.in_shape([5, 3], None))
        np.testing.assert_array_equal(ids, [[row] * 3 for row in range(5)])
        assert list(session.run(follower.sizes(rows)).values()) == [5]


def test_sparse_labels_have_the_rows_of_their_values():
    with tf.Graph().as_default(), tf1.Session() as session:
        labels = tf.sparse.from_dense([[0, 3, 4], [0, 0, 0], [5, 0, 0]])
        follower = RowFollower(None, labels)
        rows = follower.of(2 * labels.values)
        np.testing.assert_array_equal(session.run(rows.ids), [0, 0, 2])
        assert list(session.run(follower.sizes(rows)).values()) == [3]
