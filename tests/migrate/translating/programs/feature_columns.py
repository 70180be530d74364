import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

fc = tf.feature_column
PARAMS = {"units": 4}
_random = np.random.RandomState(3)
_DATA = {
    "price": _random.rand(40, 1).astype(np.float32) * 10,
    "dims": _random.rand(40, 3).astype(np.float32),
    "count": _random.randint(0, 9, size=(40, 1)),
    "shop": np.array(["a", "b", "c", ""])[_random.randint(0, 4, size=(40, 1))],
    "user": _random.randint(0, 6, size=40),
}
_LABELS = _random.rand(40, 1).astype(np.float32)

SHOP = fc.categorical_column_with_hash_bucket("shop", 5)
KNOWN_SHOP = fc.categorical_column_with_vocabulary_list("shop", ["a", "b"])
SHOP_OR_A = fc.categorical_column_with_vocabulary_list("shop", ["a", "b"], default_value=0)
COUNT = fc.bucketized_column(fc.numeric_column("count", dtype=tf.int64), [2, 5])
USER = fc.categorical_column_with_identity("user", 6)


def train_input_fn():
    dataset = tf.data.Dataset.from_tensor_slices((_DATA, _LABELS))
    return dataset.shuffle(40, seed=1).batch(8).repeat()


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_DATA, _LABELS)).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_DATA).batch(7)


def wide(features):
    columns = [
        SHOP,
        COUNT,
        fc.numeric_column("dims", shape=[3], normalizer_fn=lambda x: x - 0.5),
        fc.crossed_column(["shop", COUNT], 7),
        fc.crossed_column([KNOWN_SHOP, "user"], 9),
    ]
    return fc.linear_model(features, columns)


def deep(features, units):
    scaled = {**features, "price": features["price"] * 0.5}
    left = fc.input_layer(
        scaled,
        [
            fc.numeric_column("price", normalizer_fn=tf.log1p),
            COUNT,
            fc.indicator_column(SHOP_OR_A),
            fc.embedding_column(USER, 2, initializer=tf.random_uniform_initializer(-0.5, 0.5)),
        ],
    )
    right = fc.input_layer(features, [fc.numeric_column("dims", shape=3)])
    return tf.layers.dense(left, units, tf.nn.tanh) * tf.layers.dense(right, units)


def model_fn(features, labels, mode, params):
    net = deep(features, params["units"])
    outputs = wide(features) + tf.layers.dense(net, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"outputs": outputs})
    loss = tf.losses.huber_loss(labels, outputs)
    if mode == tf.estimator.ModeKeys.EVAL:
        metrics = {"mae": tf.metrics.mean_absolute_error(labels, outputs)}
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics)

    optimizer = tf.train.MomentumOptimizer(0.01, 0.9)
    train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
