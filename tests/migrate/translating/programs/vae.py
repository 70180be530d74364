import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

PARAMS = {"units": 6, "learning_rate": 0.01}
_random = np.random.RandomState(1)
_X = (_random.rand(40, 12) > 0.5).astype(np.float32)
_Y = _X


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_X).batch(7)


def make_encoder(x, code_size):
    h = tf.layers.dense(x, 10, tf.nn.relu, name="enc_hidden")
    mean = tf.layers.dense(h, code_size, name="mean")
    log_variance = tf.layers.dense(h, code_size, name="log_variance")
    return mean, log_variance


def make_decoder(code, size):
    h = tf.layers.dense(code, 10, tf.nn.relu, name="dec_hidden")
    return tf.layers.dense(h, size, name="dec_logits")


def model_fn(features, labels, mode, params):
    mean, log_variance = make_encoder(features, 3)
    if mode == tf.estimator.ModeKeys.TRAIN:
        noise = tf.random_normal(tf.shape(mean), seed=7)
        code = mean + tf.exp(0.5 * log_variance) * noise
    else:
        code = mean
    logits = make_decoder(code, 12)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(
            mode, predictions={"image": tf.sigmoid(logits), "code": code}
        )
    reconstruction = tf.reduce_sum(
        tf.nn.sigmoid_cross_entropy_with_logits(labels=features, logits=logits), axis=1
    )
    kl = -0.5 * tf.reduce_sum(1.0 + log_variance - tf.square(mean) - tf.exp(log_variance), axis=1)
    loss = tf.reduce_mean(reconstruction + kl)
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(
            mode,
            loss=loss,
            eval_metric_ops={
                "reconstruction": tf.metrics.mean(reconstruction),
                "kl": tf.metrics.mean(kl),
            },
        )

    optimizer = tf.train.AdamOptimizer(0.01)
    train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
