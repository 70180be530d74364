"""MNIST trained with a private optimizer of tensorflow-privacy, then attacked with its attack.

A TensorFlow 1 program, to be run under the facade: the package's own tutorials are not in its
wheel. The optimizer is given the losses of the examples, the spec their mean.
"""

import json
import os

import numpy as np
import tensorflow as tf
import tensorflow_privacy as privacy
from absl import app, flags
from tensorflow.examples.tutorials.mnist import input_data
from tensorflow_privacy.privacy.membership_inference_attack import tf_estimator_evaluation as attack

flags.DEFINE_string("data_dir", None, "Folder of the four MNIST files.")
flags.DEFINE_string("model_dir", None, "Folder of the run, and of its report.json.")
flags.DEFINE_string("optimizer", None, "A class of the package.")
flags.DEFINE_integer("steps", 60, "Training steps.")
flags.DEFINE_integer("batch_size", 40, "Examples in a batch.")
flags.DEFINE_integer("microbatches", 20, "Parts of a batch whose gradients are clipped.")
flags.DEFINE_float("l2_norm_clip", 1.0, "Largest norm of a part's gradient.")
flags.DEFINE_float("noise_multiplier", 0.5, "Deviation of the noise, in clipping norms.")
flags.DEFINE_float("learning_rate", 0.5, "Learning rate.")
FLAGS = flags.FLAGS


def model_fn(features, labels, mode):
    hidden = tf.keras.layers.Dense(32, activation="relu").apply(features["x"])
    logits = tf.keras.layers.Dense(10).apply(hidden)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions=tf.nn.softmax(logits))
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    loss = tf.reduce_mean(losses)
    if mode == tf.estimator.ModeKeys.EVAL:
        accuracy = tf.metrics.accuracy(labels, tf.argmax(logits, axis=1))
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops={"accuracy": accuracy})
    optimizer = getattr(privacy, FLAGS.optimizer)(
        l2_norm_clip=FLAGS.l2_norm_clip,
        noise_multiplier=FLAGS.noise_multiplier,
        num_microbatches=FLAGS.microbatches,
        learning_rate=FLAGS.learning_rate,
    )
    train_op = optimizer.minimize(losses, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def in_order(images, labels):
    return tf.estimator.inputs.numpy_input_fn({"x": images}, labels, num_epochs=1, shuffle=False)


def epsilon(examples):
    """What the training gives away of an example, for a delta of 1e-5."""
    orders = [1.25, 1.5, 2.0, 4.0, 8.0, 16.0, 32.0]
    spent = privacy.compute_rdp(
        q=FLAGS.batch_size / examples,
        noise_multiplier=FLAGS.noise_multiplier,
        steps=FLAGS.steps,
        orders=orders,
    )
    return privacy.get_privacy_spent(orders, spent, target_delta=1e-5)[0]


def main(_):
    data = input_data.read_data_sets(FLAGS.data_dir, validation_size=0)
    seen, unseen = [(each.images, each.labels.astype(np.int32)) for each in (data.train, data.test)]
    estimator = tf.estimator.Estimator(model_fn, FLAGS.model_dir)
    shuffled = tf.estimator.inputs.numpy_input_fn(
        {"x": seen[0]}, seen[1], batch_size=FLAGS.batch_size, num_epochs=None, shuffle=True
    )
    estimator.train(shuffled, steps=FLAGS.steps)
    results = estimator.evaluate(in_order(*unseen))
    attacked = attack.run_attack_on_tf_estimator_model(estimator, seen, unseen, in_order)
    report = {
        "accuracy": float(results["accuracy"]),
        "epsilon": float(epsilon(len(seen[1]))),
        "attack": float(attacked.get_result_with_max_auc().get_auc()),
    }
    with open(os.path.join(FLAGS.model_dir, "report.json"), "w") as out:
        json.dump(report, out)


if __name__ == "__main__":
    app.run(main)
