"""Two tasks weighted by learned variances (Kendall et al.)."""

import numpy as np
import tensorflow as tf

PARAMS: dict[str, float] = {}


def train_input_fn():
    r = np.random.RandomState(1)
    x = r.randn(21, 5).astype(np.float32)
    return (
        tf.data.Dataset.from_tensor_slices(
            (
                {"x": x, "w": (r.rand(21, 1) > 0.2).astype(np.float32)},
                {
                    "price": r.rand(21, 1).astype(np.float32) * 3,
                    "sold": r.randint(0, 2, (21, 1)).astype(np.float32),
                },
            )
        )
        .batch(6)
        .repeat(4)
    )


class MultiTask:
    def __init__(self, hidden):
        self.hidden = hidden

    def shared(self, x):
        for i, units in enumerate(self.hidden):
            x = tf.layers.dense(x, units, activation=tf.nn.selu, name=f"shared_{i}")
        return x

    def model_fn(self, features, labels, mode, params):
        h = self.shared(features["x"])
        price = tf.layers.dense(h, 1, name="price")
        sold = tf.layers.dense(h, 1, name="sold")
        if mode == tf.estimator.ModeKeys.PREDICT:
            return tf.estimator.EstimatorSpec(
                mode, predictions={"price": price, "sold": tf.nn.sigmoid(sold)}
            )
        log_var_price = tf.get_variable(
            "log_var_price", shape=(), initializer=tf.zeros_initializer()
        )
        log_var_sold = tf.get_variable("log_var_sold", shape=(), initializer=tf.zeros_initializer())
        mse = tf.losses.huber_loss(labels["price"], price, weights=features["w"], delta=0.5)
        bce = tf.losses.sigmoid_cross_entropy(labels["sold"], sold, weights=features["w"])
        loss = (
            tf.exp(-log_var_price) * mse
            + log_var_price
            + tf.exp(-log_var_sold) * bce
            + log_var_sold
        )
        metrics = {
            "mae": tf.metrics.mean_absolute_error(labels["price"], price, weights=features["w"]),
            "auc": tf.metrics.auc(labels["sold"], tf.nn.sigmoid(sold), num_thresholds=50),
            "price_loss": tf.metrics.mean(tf.square(price - labels["price"])),
        }
        if mode == tf.estimator.ModeKeys.EVAL:
            return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics)
        tf.summary.scalar("sigma/price", tf.exp(log_var_price / 2))
        optimizer = tf.train.AdamOptimizer(
            tf.train.exponential_decay(0.01, tf.train.get_global_step(), 10, 0.5, staircase=True)
        )
        return tf.estimator.EstimatorSpec(
            mode, loss=loss, train_op=optimizer.minimize(loss, tf.train.get_global_step())
        )


def eval_input_fn():
    return train_input_fn()


def predict_input_fn():
    return train_input_fn().map(lambda features, labels: features)


model_fn = MultiTask([6, 4]).model_fn
