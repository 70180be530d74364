import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

FIELDS = 4
PARAMS = {"words": 30, "size": 3, "deep_layers": "8,6", "dropout": "0.5,0.8", "l2_reg": 0.01}
_random = np.random.RandomState(1)
_X = {
    "ids": _random.randint(0, 30, [40, FIELDS]),
    "values": _random.rand(40, FIELDS).astype(np.float32),
}
_Y = _random.randint(0, 2, 40).astype(np.float32)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_X).batch(7)


def model_fn(features, labels, mode, params):
    layers = list(map(int, params["deep_layers"].split(",")))
    keep = list(map(float, params["dropout"].split(",")))
    fm_b = tf.get_variable("fm_bias", [1], initializer=tf.zeros_initializer())
    fm_w = tf.get_variable("fm_w", [params["words"]], initializer=tf.glorot_normal_initializer())
    fm_v = tf.get_variable("fm_v", [params["words"], params["size"]])
    with tf.variable_scope("first-order"):
        y_w = tf.reduce_sum(tf.nn.embedding_lookup(fm_w, features["ids"]) * features["values"], 1)
    with tf.variable_scope("second-order"):
        embeddings = tf.nn.embedding_lookup(fm_v, features["ids"])
        embeddings = tf.multiply(embeddings, features["values"][:, :, tf.newaxis])
        sum_square = tf.square(tf.reduce_sum(embeddings, 1))
        square_sum = tf.reduce_sum(tf.square(embeddings), 1)
        y_v = 0.5 * tf.reduce_sum(tf.subtract(sum_square, square_sum), 1)
    with tf.variable_scope("deep"):
        x = tf.reshape(embeddings, [-1, FIELDS * params["size"]])
        for i in range(len(layers)):
            x = tf.layers.dense(x, layers[i], activation=tf.nn.relu, name="mlp%d" % i)
            # After the layer, and in training alone.
            if mode == tf.estimator.ModeKeys.TRAIN:
                x = tf.nn.dropout(x, keep_prob=keep[i])
        y_d = tf.reshape(tf.layers.dense(x, 1, name="out"), [-1])
    y = fm_b + y_w + y_v + y_d
    predictions = {"prob": tf.sigmoid(y)}
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions=predictions)
    loss = (
        tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(logits=y, labels=labels))
        + params["l2_reg"] * tf.nn.l2_loss(fm_w)
        + params["l2_reg"] * tf.nn.l2_loss(fm_v)
    )
    metrics = {}
    metrics["mean_prob"] = tf.metrics.mean(predictions["prob"])
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics)
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
