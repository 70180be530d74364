"""A small convolution net with images and scalars in name scopes, and hooks of its own."""

import os

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

STEPS = (5, 9)

_random = np.random.RandomState(12)
_LABELS = _random.randint(0, 2, size=22).astype(np.int32)
_IMAGES = _random.rand(22, 8, 8, 1).astype(np.float32)
_IMAGES[_LABELS == 1, 2:6, 2:6] += 0.5


def _dataset(start, stop):
    return tf.data.Dataset.from_tensor_slices(({"image": _IMAGES[start:stop]}, _LABELS[start:stop]))


def train_input_fn():
    return _dataset(0, 15).shuffle(15).batch(4).repeat()


def eval_input_fn():
    return _dataset(15, 22).batch(3)


def predict_input_fn():
    return _dataset(15, 22).batch(3)


class CountingHook(tf.train.SessionRunHook):
    """Reads the step of every run, and insists that none is skipped."""

    def begin(self):
        self.last = None
        self.step = tf.train.get_global_step()

    def after_create_session(self, session, coord):
        self.last = session.run(self.step)

    def after_run(self, run_context, run_values):
        step = run_context.session.run(self.step)
        assert step == self.last + 1, (step, self.last)
        self.last = step


def convolutions(images):
    with tf.name_scope("inputs"):
        tf.summary.image("image", images, max_outputs=2)
    with tf.variable_scope("conv1"):
        net = tf.layers.conv2d(images, 4, 3, padding="same", activation=tf.nn.relu)
        tf.summary.scalar("mean", tf.reduce_mean(net))
        net = tf.layers.max_pooling2d(net, 2, 2)
    with tf.variable_scope("conv2"):
        net = tf.layers.conv2d(net, 6, 3, strides=2, activation=tf.nn.relu)
        tf.summary.histogram("activations", net)
    return tf.layers.flatten(net)


def model_fn(features, labels, mode, config):
    net = convolutions(features["image"])
    logits = tf.layers.dense(net, 2, name="logits")
    classes = tf.argmax(logits, axis=1, output_type=tf.int32)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(
            mode,
            predictions={"logits": logits, "classes": classes},
            prediction_hooks=[tf.train.LoggingTensorHook([classes], every_n_iter=1)],
        )

    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    if mode == tf.estimator.ModeKeys.EVAL:
        images = tf.summary.image("wrong", features["image"], max_outputs=1)
        evaluation_hook = tf.train.SummarySaverHook(
            save_steps=1,
            output_dir=os.path.join(config.model_dir, "images"),
            summary_op=tf.summary.merge([images]),
        )
        return tf.estimator.EstimatorSpec(
            mode,
            loss=loss,
            eval_metric_ops={"accuracy": tf.metrics.accuracy(labels, classes)},
            evaluation_hooks=[evaluation_hook],
        )

    with tf.name_scope("batch"):
        accuracy = tf.reduce_mean(tf.cast(tf.equal(labels, classes), tf.float32))
        summary = tf.summary.scalar("accuracy", accuracy, collections=["own"])
    own_summaries = tf.train.SummarySaverHook(
        save_steps=1, output_dir=os.path.join(config.model_dir, "own"), summary_op=summary
    )
    train_op = tf.train.GradientDescentOptimizer(0.05).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(
        mode,
        loss=loss,
        train_op=train_op,
        training_hooks=[own_summaries],
        training_chief_hooks=[CountingHook()],
    )
