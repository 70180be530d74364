"""Tags every word of a sentence with an RNN; the loss is `sum(mask * l) / sum(mask)`."""

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

STEPS = (4, 7)
PARAMS = dict(vocabulary=12, embedding=5, units=6, tags=3, clip=5.0)

_random = np.random.RandomState(6)
_LENGTHS = _random.randint(1, 6, size=24).astype(np.int32)
_WORDS = _random.randint(1, 12, size=(24, 5)).astype(np.int64)
_WORDS[np.arange(5) >= _LENGTHS[:, None]] = 0
_TAGS = (_WORDS % 3).astype(np.int64)


def _sentences(first, last):
    for words, tags, length in zip(_WORDS[first:last], _TAGS[first:last], _LENGTHS[first:last]):
        yield (words[:length], length), tags[:length]


def _dataset(first, last):
    dataset = tf.data.Dataset.from_generator(
        lambda: _sentences(first, last),
        output_types=((tf.int64, tf.int32), tf.int64),
        output_shapes=(([None], []), [None]),
    )
    return dataset.padded_batch(6, padded_shapes=(([5], []), [5]))


def train_input_fn(params):
    assert params["tags"] == 3
    return _dataset(0, 16).repeat()


def eval_input_fn(params):
    return _dataset(16, 24)


def predict_input_fn(params):
    return _dataset(16, 24)


def model_fn(features, labels, mode, params):
    words, lengths = features
    table = tf.get_variable("embeddings", [params["vocabulary"], params["embedding"]])
    embedded = tf.nn.embedding_lookup(table, words)
    with tf.variable_scope("encoder"):
        cell = tf.nn.rnn_cell.GRUCell(params["units"])
        if mode == tf.estimator.ModeKeys.TRAIN:
            cell = tf.nn.rnn_cell.DropoutWrapper(cell, output_keep_prob=0.9)
        outputs, _ = tf.nn.dynamic_rnn(
            cell,
            embedded,
            sequence_length=lengths,
            dtype=tf.float32,
            # Else its iterations race for the next random numbers.
            parallel_iterations=1,
        )
    logits = tf.layers.dense(outputs, params["tags"], name="tags")
    predicted = tf.argmax(logits, axis=-1)

    if mode == tf.estimator.ModeKeys.PREDICT:
        predictions = {"tags": predicted, "logits": logits, "length": lengths}
        return tf.estimator.EstimatorSpec(mode, predictions=predictions)

    mask = tf.sequence_mask(lengths, maxlen=5, dtype=tf.float32)
    per_word_loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    numerator = tf.reduce_sum(mask * per_word_loss)
    denominator = tf.reduce_sum(mask) + 1e-5
    loss = numerator / denominator

    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(
            mode,
            loss=loss,
            eval_metric_ops={
                "accuracy": tf.metrics.accuracy(labels, predicted, weights=mask),
                "word_loss": tf.metrics.mean(per_word_loss, weights=mask),
            },
        )

    optimizer = tf.train.AdamOptimizer(0.01)
    gradients, variables = zip(*optimizer.compute_gradients(loss))
    clipped, norm = tf.clip_by_global_norm(gradients, params["clip"])
    tf.summary.scalar("gradient_norm", norm)
    train_op = optimizer.apply_gradients(zip(clipped, variables), tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
