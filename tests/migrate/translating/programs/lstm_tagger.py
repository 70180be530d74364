import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

PARAMS = {"units": 6, "learning_rate": 0.01}
_random = np.random.RandomState(3)
_LENGTH = _random.randint(2, 7, 40).astype(np.int32)
_IDS = (_random.randint(1, 20, (40, 6)) * (np.arange(6) < _LENGTH[:, None])).astype(np.int32)
_X = {"tokens": _IDS, "length": _LENGTH}
_Y = (_IDS % 4).astype(np.int32)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_X).batch(7)


def model_fn(features, labels, mode, params):
    table = tf.get_variable("chars", [20, 5], tf.float32)
    x = tf.nn.embedding_lookup(table, features["tokens"])
    cell_fw = tf.nn.rnn_cell.LSTMCell(params["units"])
    cell_bw = tf.nn.rnn_cell.LSTMCell(params["units"])
    (output_fw, output_bw), _ = tf.nn.bidirectional_dynamic_rnn(
        cell_fw, cell_bw, x, sequence_length=features["length"], dtype=tf.float32
    )
    output = tf.concat([output_fw, output_bw], axis=-1)
    logits = tf.layers.dense(output, 4)
    tags = tf.argmax(logits, axis=-1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"tags": tags})
    weights = tf.sequence_mask(features["length"], 6, dtype=tf.float32)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    loss = tf.reduce_sum(losses * weights) / tf.reduce_sum(weights)
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(
            mode, loss=loss, eval_metric_ops={"acc": tf.metrics.accuracy(labels, tags, weights)}
        )

    optimizer = tf.train.AdamOptimizer(0.01)
    train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
