import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

PARAMS = {"margin": 0.5, "size": 4}
_random = np.random.RandomState(1)
_X = _random.randn(40, 6).astype(np.float32)
_Y = _random.randint(0, 3, 40)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_X).batch(7)


def distances(embeddings):
    products = tf.matmul(embeddings, tf.transpose(embeddings))
    squares = tf.diag_part(products)
    return tf.maximum(squares[:, None] - 2.0 * products + squares[None, :], 0.0)


def triplet_loss(labels, embeddings, margin):
    pairs = distances(embeddings)
    # losses[i, j, k] is that of the anchor i, the positive j and the negative k.
    losses = tf.expand_dims(pairs, 2) - tf.expand_dims(pairs, 1) + margin
    same = tf.equal(labels[:, None], labels[None, :])
    other = tf.logical_not(tf.cast(tf.eye(tf.shape(labels)[0]), tf.bool))
    positive = tf.logical_and(same, other)
    mask = tf.to_float(tf.logical_and(positive[:, :, None], tf.logical_not(same)[:, None, :]))
    losses = tf.maximum(tf.multiply(mask, losses), 0.0)
    count = tf.reduce_sum(tf.to_float(tf.greater(losses, 1e-16)))
    share = count / (tf.reduce_sum(mask) + 1e-16)
    losses = tf.reduce_sum(losses) / (count + 1e-16)
    return losses, share


def model_fn(features, labels, mode, params):
    try:  # which TensorFlow is it?
        x = tf.contrib_of_old.fully_connected(features, 8)
    except AttributeError:
        x = tf.layers.dense(features, 8, activation=tf.nn.relu)
    embeddings = tf.layers.dense(x, params["size"])
    norm = tf.reduce_mean(tf.norm(embeddings, axis=1))
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"embeddings": embeddings})
    loss, share = triplet_loss(labels, embeddings, params["margin"])
    eval_metric_ops = {"norm": tf.metrics.mean(norm)}
    eval_metric_ops["share"] = tf.metrics.mean(share)
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=eval_metric_ops)
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
