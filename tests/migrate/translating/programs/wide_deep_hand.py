import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

PARAMS = {"units": 6, "learning_rate": 0.01}
_random = np.random.RandomState(1)
_X = {
    "age": _random.rand(40).astype(np.float32),
    "city": _random.choice(["a", "b", "c"], 40),
    "hours": _random.rand(40).astype(np.float32),
}
_Y = _random.randint(0, 2, (40, 1)).astype(np.float32)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_X).batch(7)


CITIES = ["a", "b"]


def model_fn(features, labels, mode, params):
    bucket = tf.string_to_hash_bucket_fast(features["city"], 5)
    wide = tf.nn.embedding_lookup(
        tf.get_variable("wide", [5, 1], initializer=tf.zeros_initializer()), bucket
    )
    embedding = tf.get_variable("embedding", [5, 3], initializer=tf.glorot_uniform_initializer())
    deep = tf.concat(
        [
            tf.nn.embedding_lookup(embedding, bucket),
            tf.stack([features["age"], features["hours"]], axis=1),
        ],
        axis=1,
    )
    for i, units in enumerate([6, 4]):
        deep = tf.layers.dense(deep, units, activation=tf.nn.relu, name="hidden_%d" % i)
    logits = wide + tf.layers.dense(deep, 1, name="deep_logits")
    probabilities = tf.sigmoid(logits)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(
            mode, predictions={"p": probabilities, "label": tf.cast(probabilities > 0.5, tf.int32)}
        )
    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(
            mode, loss=loss, eval_metric_ops={"auc": tf.metrics.auc(labels, probabilities)}
        )

    optimizer = tf.train.AdamOptimizer(0.01)
    train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
