"""Three towers in a loop, with a loss and metrics each."""

import numpy as np
import tensorflow as tf

PARAMS = {"units": [6, 4], "learning_rate": 0.05, "weights": {"a": 1.0, "b": 0.3, "c": 2.0}}


def model_fn(features, labels, mode, params):
    net = features["x"]
    for units in params["units"]:
        net = tf.layers.dense(net, units, tf.nn.relu)
    predictions, losses = {}, []
    for head in ["a", "b", "c"]:
        # the tower of a head
        logits = tf.layers.dense(net, 1, name="logits_" + head)
        logits = tf.squeeze(logits, axis=1)
        predictions[head] = tf.sigmoid(logits)
        if mode != tf.estimator.ModeKeys.PREDICT:
            loss = tf.losses.sigmoid_cross_entropy(
                labels[head], logits, weights=params["weights"][head]
            )
            tf.summary.scalar("loss/" + head, loss)
            losses.append(loss)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions=predictions)
    total_loss = tf.add_n(losses)
    if mode == tf.estimator.ModeKeys.EVAL:
        eval_metric_ops = {
            "%s/auc" % head: tf.metrics.auc(labels[head], predictions[head]) for head in predictions
        }
        for name, label, predicted in [("a_mean", labels["a"], predictions["a"])]:
            eval_metric_ops[name] = tf.metrics.mean(predicted)
            eval_metric_ops[name.replace("mean", "rmse")] = tf.metrics.root_mean_squared_error(
                label, predicted
            )
        return tf.estimator.EstimatorSpec(mode, loss=total_loss, eval_metric_ops=eval_metric_ops)
    train_op = tf.train.AdamOptimizer(params["learning_rate"]).minimize(
        total_loss, global_step=tf.train.get_global_step()
    )
    return tf.estimator.EstimatorSpec(mode, loss=total_loss, train_op=train_op)


def _data():
    rng = np.random.RandomState(3)
    x = rng.randn(43, 5).astype(np.float32)
    y = {k: (x[:, i] + 0.3 * rng.randn(43) > 0).astype(np.float32) for i, k in enumerate("abc")}
    return {"x": x}, y


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()).batch(8)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()[0]).batch(8)
