"""Feature columns into a wide and a deep part, each with an optimizer of its own."""

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

STEPS = (7, 12)

_COLORS = np.array(["red", "green", "blue", "beige"])
_random = np.random.RandomState(7)
_DATA = {
    "age": _random.randint(18, 70, size=36).astype(np.float32),
    "hours": _random.rand(36).astype(np.float32),
    "color": _COLORS[_random.randint(0, 4, size=36)],
    "city": np.array(["city%d" % number for number in _random.randint(0, 9, size=36)]),
    "weight": np.tile(np.array([1.0, 0.0, 0.5], np.float32), 12),
}
_LABELS = ((_DATA["age"] > 40) ^ (_DATA["color"] == "red")).astype(np.float32)

AGE = tf.feature_column.numeric_column("age", normalizer_fn=lambda age: (age - 40.0) / 20.0)
HOURS = tf.feature_column.numeric_column("hours")
AGE_GROUP = tf.feature_column.bucketized_column(
    tf.feature_column.numeric_column("age"), boundaries=[25, 35, 45, 55]
)
COLOR = tf.feature_column.categorical_column_with_vocabulary_list(
    "color", ["red", "green", "blue"], num_oov_buckets=1
)
CITY = tf.feature_column.categorical_column_with_hash_bucket("city", 6)
CROSSED = tf.feature_column.crossed_column([AGE_GROUP, "color"], hash_bucket_size=10)

PARAMS = {
    "wide_columns": [AGE_GROUP, COLOR, CITY, CROSSED],
    "deep_columns": [
        AGE,
        HOURS,
        tf.feature_column.indicator_column(COLOR),
        tf.feature_column.embedding_column(CITY, dimension=3),
    ],
    "hidden_units": [6, 4],
}


def _dataset(start, stop):
    features = {name: values[start:stop] for name, values in _DATA.items()}
    return tf.data.Dataset.from_tensor_slices((features, _LABELS[start:stop]))


def train_input_fn():
    return _dataset(0, 25).shuffle(10).batch(8).repeat()


def eval_input_fn():
    return _dataset(25, 36).batch(4)


def predict_input_fn():
    return _dataset(25, 36).map(lambda features, labels: features).batch(4)


def model_fn(features, labels, mode, params):
    with tf.variable_scope("wide"):
        wide = tf.feature_column.linear_model(features, params["wide_columns"])
    with tf.variable_scope("deep"):
        net = tf.feature_column.input_layer(features, params["deep_columns"])
        for units in params["hidden_units"]:
            net = tf.layers.dense(net, units, activation=tf.nn.relu)
        deep = tf.layers.dense(net, 1)
    logits = tf.squeeze(wide + deep, axis=1)
    probability = tf.sigmoid(logits)

    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(
            mode, predictions={"probability": probability, "city": features["city"]}
        )

    weights = features["weight"]
    loss = tf.losses.sigmoid_cross_entropy(labels, logits, weights=weights)
    if mode == tf.estimator.ModeKeys.EVAL:
        metrics = {
            "accuracy": tf.metrics.accuracy(labels, tf.round(probability), weights=weights),
            "prediction_mean": tf.metrics.mean(probability),
        }
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics)

    wide_variables = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope="wide")
    deep_variables = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope="deep")
    train_ops = [
        tf.train.FtrlOptimizer(0.05, l1_regularization_strength=0.001).minimize(
            loss, var_list=wide_variables
        ),
        tf.train.AdagradOptimizer(0.05).minimize(loss, var_list=deep_variables),
    ]
    with tf.control_dependencies([tf.group(*train_ops)]):
        train_op = tf.assign_add(tf.train.get_global_step(), 1).op
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
