"""A regression whose specs differ by mode: an EstimatorSpec to train, host calls to evaluate.

A TPU loop has three steps, and a log is due every four steps: the speed is reported every second
step. There is no batch size for prediction, and the program does not read it.
"""

import os

import numpy as np
import tensorflow.compat.v1 as tf

ITERATIONS_PER_LOOP = 3
BATCH_SIZES = {"train_batch_size": 3, "eval_batch_size": 2}
STEPS = (5, 9)
PARAMS = {"learning_rate": 0.05, "use_tpu": "the user's"}
SEEN: list = []

_random = np.random.RandomState(5)
X = _random.normal(size=[7, 2]).astype(np.float32)
Y = (X @ np.array([[1.0], [-2.0]], np.float32) + 0.5).astype(np.float32)


def train_input_fn(params, config, mode):
    SEEN.append(("input_fn", mode, dict(params), config.tf_random_seed))
    dataset = tf.data.Dataset.from_tensor_slices(({"x": X}, Y))
    return dataset.repeat().batch(params["batch_size"])


def eval_input_fn(params):
    SEEN.append(("input_fn", "eval", dict(params)))
    return tf.data.Dataset.from_tensor_slices(({"x": X}, Y)).batch(params["batch_size"])


def predict_input_fn(params):
    SEEN.append(("input_fn", "infer", dict(params)))
    return tf.data.Dataset.from_tensor_slices({"x": X}).batch(4)


def make_model_fn(folder):
    def host_call_fn(errors):
        writer = tf.compat.v2.summary.create_file_writer(os.path.join(folder, "model", "host_eval"))
        with writer.as_default():
            tf.compat.v2.summary.write("largest", tf.reduce_max(errors), step=1)
            return tf.summary.all_v2_summary_ops()

    def metric_fn(predicted, targets):
        return {
            "mae": tf.metrics.mean_absolute_error(targets, predicted),
            "rmse": tf.metrics.root_mean_squared_error(targets, predicted),
        }

    def model_fn(features, labels, mode, params, config):
        SEEN.append(("model_fn", mode, dict(params), config.log_step_count_steps))
        params["mark"] = "a copy: no other call sees it"
        w = tf.get_variable("w", [2, 1], initializer=tf.random_normal_initializer())
        b = tf.get_variable("b", [1], initializer=tf.zeros_initializer())
        predicted = tf.matmul(features["x"], w) + b
        if mode == tf.estimator.ModeKeys.PREDICT:
            return tf.estimator.tpu.TPUEstimatorSpec(mode, predictions=predicted)
        loss = tf.losses.mean_squared_error(labels, predicted)
        if mode == tf.estimator.ModeKeys.EVAL:
            return tf.estimator.tpu.TPUEstimatorSpec(
                mode,
                loss=loss,
                eval_metrics=(metric_fn, {"targets": labels, "predicted": predicted}),
                host_call=(host_call_fn, {"errors": tf.abs(labels - predicted)}),
            )
        optimizer = tf.train.MomentumOptimizer(params["learning_rate"], momentum=0.9)
        train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())
        return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)

    return model_fn
