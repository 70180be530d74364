import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

PARAMS = {"units": 6, "learning_rate": 0.01}
_random = np.random.RandomState(1)
_X = {
    "query": _random.randn(40, 5).astype(np.float32),
    "docs": _random.randn(40, 3, 5).astype(np.float32),
}
_Y = _random.randint(0, 3, 40).astype(np.int32)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_X).batch(7)


def model_fn(features, labels, mode, params):
    q = tf.layers.dense(features["query"], 4, activation=tf.tanh, name="project")
    d = tf.layers.dense(features["docs"], 4, activation=tf.tanh, name="project", reuse=True)
    scores = tf.einsum("bi,bdi->bd", q, d)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"best": tf.argmax(scores, 1)})
    positive = tf.reduce_sum(scores * tf.one_hot(labels, 3), 1, keep_dims=True)
    hinge = tf.nn.relu(1.0 - positive + scores) * (1.0 - tf.one_hot(labels, 3))
    loss = tf.reduce_mean(tf.reduce_sum(hinge, axis=1))
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(
            mode,
            loss=loss,
            eval_metric_ops={
                "mrr": tf.metrics.mean(
                    1.0
                    / tf.cast(
                        1 + tf.reduce_sum(tf.cast(scores > positive, tf.int32), 1), tf.float32
                    )
                )
            },
        )
    optimizer = tf.train.RMSPropOptimizer(0.01, momentum=0.5)
    gvs = optimizer.compute_gradients(loss)
    capped = [(tf.clip_by_value(grad, -0.05, 0.05), var) for grad, var in gvs]
    train_op = optimizer.apply_gradients(capped, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
