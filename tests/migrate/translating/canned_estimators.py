"""Canned Estimators of TensorFlow 1, which `test_canned` translates; the facade shows them it."""

import numpy as np
import tensorflow as tf

AGE = tf.feature_column.numeric_column("age")
SCALED = tf.feature_column.numeric_column("age", normalizer_fn=lambda age: age / 10.0)
JOB = tf.feature_column.categorical_column_with_vocabulary_list("job", ["a", "b", "c"])
JOB_VECTOR = tf.feature_column.embedding_column(JOB, 4)
TAGS = tf.feature_column.categorical_column_with_vocabulary_list("tags", ["a", "b", "c"])
SPARSE = tf.feature_column.categorical_column_with_hash_bucket("sparse", 7)
IDS = tf.feature_column.categorical_column_with_identity("ids", 5)


def _data(classes=2):
    random = np.random.RandomState(0)
    tags = [["a", "b", ""], ["c", "", ""], ["", "", ""], ["d", "a", "a"]] * 6
    features = {
        "age": random.randn(24).astype(np.float32),
        "job": random.choice(["a", "b", "c", "d"], 24),
        "weight": random.randint(0, 3, 24).astype(np.float32),
        "tags": np.array(tags),
        "ids": random.randint(-1, 5, (24, 2)).astype(np.int64),
    }
    return features, random.randint(0, classes, 24).astype(np.int32)


def _with_sparse(features, labels):
    return {**features, "sparse": tf.sparse.from_dense(features["tags"])}, labels


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()).repeat().batch(8)


def train_on_words_input_fn():
    features, labels = _data()
    words = np.array(["no", "yes"])[labels]
    return tf.data.Dataset.from_tensor_slices((features, words)).repeat().batch(8)


def train_on_classes_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data(classes=3)).repeat().batch(8)


def train_on_sparse_input_fn():
    return train_input_fn().map(_with_sparse)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices(_data()).batch(7)


def eval_on_sparse_input_fn():
    return eval_input_fn().map(_with_sparse)


def _specs(estimator, train=train_input_fn, evaluate=eval_input_fn):
    return estimator, tf.estimator.TrainSpec(train), tf.estimator.EvalSpec(evaluate)


def deep():
    return _specs(
        tf.estimator.DNNClassifier([8, 4], [AGE, JOB_VECTOR], weight_column="weight", dropout=0.2)
    )


def deep_classes():
    estimator = tf.estimator.DNNClassifier(
        [8, 4],
        [AGE, JOB_VECTOR],
        n_classes=3,
        batch_norm=True,
        loss_reduction=tf.losses.Reduction.MEAN,
    )
    return _specs(estimator, train_on_classes_input_fn, train_on_classes_input_fn)


def deep_numbers():
    return _specs(tf.estimator.DNNRegressor([8], [AGE, JOB_VECTOR], optimizer="Adam"))


def linear_words():
    estimator = tf.estimator.LinearClassifier([AGE, JOB], label_vocabulary=["no", "yes"])
    return _specs(estimator, train_on_words_input_fn, train_on_words_input_fn)


def wide_and_deep():
    estimator = tf.estimator.DNNLinearCombinedClassifier(
        linear_feature_columns=[TAGS, SPARSE, IDS, tf.feature_column.indicator_column(JOB)],
        dnn_feature_columns=[
            AGE,
            tf.feature_column.embedding_column(TAGS, 3, combiner="sqrtn", max_norm=0.5),
            tf.feature_column.embedding_column(SPARSE, 2),
            tf.feature_column.indicator_column(IDS),
        ],
        dnn_hidden_units=[8],
        dnn_optimizer=tf.train.AdamOptimizer(0.01),
    )
    return _specs(estimator, train_on_sparse_input_fn, eval_on_sparse_input_fn)


def more_metrics():
    def named(features, labels, predictions):
        metrics = {"age": tf.metrics.mean(features["age"])}
        if labels.dtype != tf.string:
            metrics.update({"label": tf.metrics.mean(labels)})
        metrics["logistic"] = tf.metrics.mean(predictions["logistic"])
        return metrics

    estimator = tf.estimator.DNNClassifier([4], [AGE])
    return _specs(tf.contrib.estimator.add_metrics(estimator, named))


def without_source():
    return _specs(tf.estimator.LinearRegressor([SCALED]))


def other_head():
    head = tf.contrib.estimator.poisson_regression_head()
    return _specs(tf.estimator.DNNEstimator(head, [4], [AGE]))
