"""The small model that the scenarios share: a linear classifier of four features."""

import numpy as np
import tensorflow.compat.v1 as tf

_RANDOM = np.random.RandomState(0)
X = _RANDOM.randn(50, 4).astype(np.float32)
Y = (X.sum(axis=1) > 0).astype(np.int32)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices(({"x": X}, Y)).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices(({"x": X}, Y)).batch(8)


def model_fn(features, labels, mode, params):
    kernel = tf.get_variable(params.get("kernel", "kernel"), [4, 2])
    logits = tf.matmul(features["x"], kernel)
    predictions = {"probabilities": tf.nn.softmax(logits), "class": tf.argmax(logits, 1)}
    if mode == tf.estimator.ModeKeys.PREDICT:
        export_outputs = {
            "classify": tf.estimator.export.ClassificationOutput(
                scores=predictions["probabilities"]
            ),
            "regress": tf.estimator.export.RegressionOutput(predictions["probabilities"][:, 1]),
            "serving_default": tf.estimator.export.PredictOutput(predictions),
        }
        return tf.estimator.EstimatorSpec(
            mode, predictions=predictions, export_outputs=export_outputs
        )
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    optimizer = tf.train.GradientDescentOptimizer(params.get("learning_rate", 0.1))
    return tf.estimator.EstimatorSpec(
        mode,
        predictions=predictions,
        loss=loss,
        train_op=optimizer.minimize(loss, tf.train.get_global_step()),
        eval_metric_ops={"accuracy": tf.metrics.accuracy(labels, predictions["class"])},
    )


def estimator(folder, **config):
    config = {"tf_random_seed": 7, "save_checkpoints_steps": 5, **config}
    return tf.estimator.Estimator(
        model_fn, folder, tf.estimator.RunConfig(**config), params={"learning_rate": 0.1}
    )


def hexed(results):
    return {name: float(value).hex() for name, value in sorted(results.items())}
