"""Keeps v2 behavior: plain `import tensorflow as tf`, Keras layers and a Keras metric.

Keras layers draw the seeds of their initializers from Python's `random`, so even the real Estimator
repeats this program only when `random` is seeded around the model_fn.
"""

import numpy as np
import tensorflow as tf

KEEPS_V2_BEHAVIOR = True
STEPS = (7, 12)
PARAMS = {"units": 6, "learning_rate": 0.02}

_random = np.random.RandomState(13)
_X = _random.randn(28, 4).astype(np.float32)
_LABELS = (_X[:, 0] * _X[:, 1] > 0).astype(np.int64)


def make_input_fn(start, stop, training):
    def input_fn():
        dataset = tf.data.Dataset.from_tensor_slices(({"x": _X[start:stop]}, _LABELS[start:stop]))
        if training:
            dataset = dataset.shuffle(18).repeat()
        return dataset.batch(5)

    return input_fn


train_input_fn = make_input_fn(0, 18, training=True)
eval_input_fn = make_input_fn(18, 28, training=False)
predict_input_fn = make_input_fn(18, 28, training=False)


def model_fn(features, labels, mode, params):
    training = mode == tf.estimator.ModeKeys.TRAIN
    hidden = tf.keras.layers.Dense(params["units"], activation="relu")(features["x"])
    hidden = tf.keras.layers.Dropout(0.2)(hidden, training=training)
    logits = tf.keras.layers.Dense(2)(hidden)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"logits": logits})

    per_example_loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    loss = tf.reduce_mean(per_example_loss)
    if mode == tf.estimator.ModeKeys.EVAL:
        mean = tf.keras.metrics.Mean(name="mean_loss")
        mean.update_state(per_example_loss)
        accuracy = tf.compat.v1.metrics.accuracy(labels, tf.argmax(logits, 1))
        return tf.estimator.EstimatorSpec(
            mode, loss=loss, eval_metric_ops={"accuracy": accuracy, "mean_loss": mean}
        )

    tf.compat.v1.summary.scalar("largest", tf.reduce_max(per_example_loss))
    optimizer = tf.compat.v1.train.AdamOptimizer(params["learning_rate"])
    train_op = optimizer.minimize(loss, global_step=tf.compat.v1.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
