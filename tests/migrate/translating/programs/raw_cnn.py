import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

PARAMS = {"units": 6, "learning_rate": 0.01}
_random = np.random.RandomState(2)
_X = {"image": _random.rand(40, 8, 8, 3).astype(np.float32)}
_Y = _random.randint(0, 4, 40).astype(np.int32)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_X).batch(7)


def weight_variable(name, shape):
    return tf.get_variable(name, shape, initializer=tf.truncated_normal_initializer(stddev=0.1))


def bias_variable(name, shape):
    return tf.get_variable(name, shape, initializer=tf.constant_initializer(0.1))


def conv_layer(x, size, channels, filters, name):
    with tf.variable_scope(name):
        w = weight_variable("weights", [size, size, channels, filters])
        b = bias_variable("biases", [filters])
        conv = tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding="SAME")
        return tf.nn.relu(tf.nn.bias_add(conv, b))


def model_fn(features, labels, mode, params):
    x = features["image"]
    conv1 = conv_layer(x, 3, 3, 4, "conv1")
    pool1 = tf.nn.max_pool(conv1, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")
    norm1 = tf.nn.lrn(pool1, 4, bias=1.0, alpha=0.001 / 9.0, beta=0.75)
    conv2 = conv_layer(norm1, 3, 4, 5, "conv2")
    pool2 = tf.nn.avg_pool(conv2, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")
    flat = tf.layers.flatten(pool2)
    with tf.variable_scope("output"):
        w = weight_variable("weights", [20, 4])
        b = bias_variable("biases", [4])
        logits = tf.nn.xw_plus_b(flat, w, b, name="logits")
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"class": tf.argmax(logits, 1)})
    cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    loss = tf.reduce_mean(cross_entropy, name="cross_entropy")
    if mode == tf.estimator.ModeKeys.EVAL:
        correct = tf.equal(tf.cast(tf.argmax(logits, 1), tf.int32), labels)
        return tf.estimator.EstimatorSpec(
            mode,
            loss=loss,
            eval_metric_ops={
                "accuracy": tf.metrics.mean(tf.cast(correct, tf.float32)),
                "top2": tf.metrics.mean(tf.nn.in_top_k(logits, labels, 2)),
            },
        )
    global_step = tf.train.get_global_step()
    rate = tf.train.exponential_decay(params["learning_rate"], global_step, 10, 0.9, staircase=True)
    train_op = tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step)
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
