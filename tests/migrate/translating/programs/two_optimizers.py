import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

PARAMS = {"units": 6, "learning_rate": 0.01}
_random = np.random.RandomState(1)
_X = _random.randn(40, 5).astype(np.float32)
_Y = (_X.sum(axis=1) > 0).astype(np.int32)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_X).batch(7)


def model_fn(features, labels, mode, params):
    with tf.variable_scope("wide"):
        linear = tf.layers.dense(features, 1, use_bias=False)
    with tf.variable_scope("deep"):
        net = tf.layers.dense(features, 6, activation=tf.nn.relu)
        deep = tf.layers.dense(net, 1)
    logits = tf.squeeze(linear + deep, axis=1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"p": tf.sigmoid(logits)})
    loss = tf.losses.sigmoid_cross_entropy(labels, logits)
    if mode == tf.estimator.ModeKeys.EVAL:
        p = tf.sigmoid(logits)
        return tf.estimator.EstimatorSpec(
            mode,
            loss=loss,
            eval_metric_ops={
                "precision": tf.metrics.precision(labels, tf.round(p)),
                "auc_pr": tf.metrics.auc(labels, p, curve="PR"),
            },
        )
    wide_op = tf.train.FtrlOptimizer(0.1, l1_regularization_strength=0.01).minimize(
        loss, var_list=tf.trainable_variables("wide")
    )
    deep_op = tf.train.AdagradOptimizer(0.05).minimize(
        loss, var_list=tf.trainable_variables("deep")
    )
    with tf.control_dependencies([wide_op, deep_op]):
        train_op = tf.assign_add(tf.train.get_global_step(), 1)
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
