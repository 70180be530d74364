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


def dense_heads(x, name, heads=2, size=4):
    y = tf.layers.dense(x, heads * size, use_bias=False, name=name)
    return tf.transpose(tf.reshape(y, [-1, 6, heads, size]), [0, 2, 1, 3])


def layer_norm(x, scope):
    with tf.variable_scope(scope):
        size = x.get_shape()[-1]
        scale = tf.get_variable("scale", [size], initializer=tf.ones_initializer())
        bias = tf.get_variable("bias", [size], initializer=tf.zeros_initializer())
        mean = tf.reduce_mean(x, axis=[-1], keepdims=True)
        variance = tf.reduce_mean(tf.square(x - mean), axis=[-1], keepdims=True)
        return (x - mean) * tf.rsqrt(variance + 1e-6) * scale + bias


def self_attention(x, mask):
    q, k, v = dense_heads(x, "q"), dense_heads(x, "k"), dense_heads(x, "v")
    scores = tf.matmul(q, k, transpose_b=True) * 4**-0.5
    scores += (1.0 - mask[:, tf.newaxis, tf.newaxis, :]) * -1e9
    out = tf.matmul(tf.nn.softmax(scores), v)
    out = tf.reshape(tf.transpose(out, [0, 2, 1, 3]), [-1, 6, 8])
    return tf.layers.dense(out, 8, use_bias=False, name="output_transform")


def model_fn(features, labels, mode, params):
    mask = tf.to_float(tf.not_equal(features["tokens"], 0))
    with tf.variable_scope("embedding_shared_weights"):
        table = tf.get_variable(
            "weights", [20, 8], initializer=tf.random_normal_initializer(0.0, 8**-0.5)
        )
    x = tf.gather(table, features["tokens"])
    x *= tf.expand_dims(mask, -1)
    x *= 8**0.5
    for layer in range(2):
        with tf.variable_scope("layer_%d" % layer):
            y = self_attention(layer_norm(x, "norm"), mask)
            if mode == tf.estimator.ModeKeys.TRAIN:
                y = tf.nn.dropout(y, 0.9)
            x = x + y
    x = tf.reduce_sum(x, 1) / tf.reduce_sum(mask, 1, keepdims=True)
    logits = tf.layers.dense(x, 2, name="logits")
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"class": tf.argmax(logits, 1)})
    xent = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    loss = tf.reduce_mean(xent)
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(
            mode,
            loss=loss,
            eval_metric_ops={"accuracy": tf.metrics.accuracy(labels, tf.argmax(logits, 1))},
        )
    step = tf.to_float(tf.train.get_global_step())
    rate = 0.5 * tf.minimum(1.0, step / 10.0) * tf.rsqrt(tf.maximum(step, 10.0))
    train_op = tf.train.AdamOptimizer(rate, beta1=0.9, beta2=0.98, epsilon=1e-9).minimize(
        loss, tf.train.get_global_step()
    )
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
