import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

PARAMS = {"units": 6, "learning_rate": 0.01}
_random = np.random.RandomState(3)
_LENGTH = _random.randint(2, 7, 40).astype(np.int32)
_IDS = (_random.randint(1, 20, (40, 6)) * (np.arange(6) < _LENGTH[:, None])).astype(np.int32)
_X = {"tokens": _IDS, "length": _LENGTH}
_Y = (_IDS[:, 0] > 9).astype(np.int32)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_X).batch(7)


def model_fn(features, labels, mode, params):
    x = tf.one_hot(features["tokens"], 20)
    with tf.variable_scope("encoder"):
        outputs, states = tf.nn.bidirectional_dynamic_rnn(
            cell_fw=tf.nn.rnn_cell.GRUCell(params["units"]),
            cell_bw=tf.nn.rnn_cell.GRUCell(params["units"]),
            inputs=x,
            sequence_length=features["length"],
            dtype=tf.float32,
        )
    state = tf.concat(states, 1)
    attention = tf.layers.dense(tf.concat(outputs, 2), 1, activation=tf.tanh)
    pooled = tf.reduce_sum(tf.nn.softmax(attention, axis=1) * tf.concat(outputs, 2), axis=1)
    logits = tf.layers.dense(tf.concat([state, pooled], 1), 1)[:, 0]
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"p": tf.sigmoid(logits)})
    loss = tf.losses.sigmoid_cross_entropy(labels, logits)
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(
            mode, loss=loss, eval_metric_ops={"auc": tf.metrics.auc(labels, tf.sigmoid(logits))}
        )

    optimizer = tf.train.AdamOptimizer(0.01)
    train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
