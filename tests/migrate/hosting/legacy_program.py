"""A TensorFlow 1 program whose model_fns need what the facade and hosting stand in for.

`test_loading` loads it as it is. Its top level builds ops, looks at the input, and resets the
default graph, as scripts that began as notebooks do.
"""

import numpy as np
import tensorflow as tf
from tensorflow.python import tf2

CALLS: list = []


def data():
    rng = np.random.RandomState(0)
    return rng.rand(64, 3).astype("f"), rng.rand(64, 1).astype("f")


def input_fn():
    return tf.data.Dataset.from_tensor_slices(data()).repeat().batch(8)


element = input_fn().make_one_shot_iterator().get_next()
placeholder = tf.placeholder(tf.float32, [None, 3])
print("operations", len(tf.get_default_graph().get_operations()) > 3 and not tf2.enabled())
tf.reset_default_graph()
print("after reset", len(tf.get_default_graph().get_operations()))
shown = tf.constant([1.0, 2.0])
with tf.Session() as session:
    print("sum", session.run(tf.reduce_sum(shown)))


def spec(mode, loss, optimizer=None, **others):
    optimizer = optimizer or tf.train.GradientDescentOptimizer(0.1)
    train_op = optimizer.minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op, **others)


def normalized_loss(features, labels, mode):
    hidden = tf.layers.dense(features, 4, use_bias=False)
    hidden = tf.layers.batch_normalization(hidden, momentum=0.9, training=mode == "train")
    return tf.losses.mean_squared_error(labels, tf.layers.dense(hidden, 1))


def summary_of_the_rate(features, labels, mode):
    """The constants of the summary wait for the moving averages, and so for the features."""
    loss = normalized_loss(features, labels, mode)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        rate = tf.train.exponential_decay(0.1, tf.train.get_global_step(), 1, 0.5)
        tf.summary.scalar("rate", rate)
        return spec(mode, loss, tf.train.GradientDescentOptimizer(rate))


def optimize_loss(features, labels, mode):
    loss = normalized_loss(features, labels, mode)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train_op = tf.contrib.layers.optimize_loss(loss, tf.train.get_global_step(), 0.1, "SGD")
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def moving_averages(features, labels, mode):
    """Asks variables for their truth, and looks for them in lists and with `==`."""

    def net(getter=None):
        with tf.variable_scope("net", reuse=getter is not None, custom_getter=getter):
            return tf.layers.dense(features, 1, name="out")

    output = net()
    averages = tf.train.ExponentialMovingAverage(0.9)
    update = averages.apply(tf.trainable_variables())

    def averaged(getter, name, *args, **kwargs):
        variable = getter(name, *args, **kwargs)
        average = averages.average(variable)
        assert variable in tf.trainable_variables()
        assert not variable == average  # noqa: SIM201
        assert variable != average
        assert not average in tf.trainable_variables()  # noqa: E713
        return average if average else variable

    loss = tf.losses.mean_squared_error(labels, output)
    smooth = tf.metrics.mean_squared_error(labels, net(averaged))
    made = spec(mode, loss, eval_metric_ops={"smooth": smooth})
    return made._replace(train_op=tf.group(made.train_op, update))


def python_in_predictions(features, labels, mode):
    def decoded(values):
        CALLS.append(1)
        return values * np.float32(2)

    output = tf.layers.dense(features, 1)
    predictions = {"output": output, "decoded": tf.py_func(decoded, [output], tf.float32)}
    loss = tf.losses.mean_squared_error(labels, output)
    return spec(mode, loss, predictions=predictions)


def with_params(features, labels, mode, params):
    return spec(mode, tf.reduce_mean(features) * params["scale"] * tf.get_variable("w", []))
