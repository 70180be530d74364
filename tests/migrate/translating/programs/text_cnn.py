import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

PARAMS = {"units": 6, "learning_rate": 0.01}
_random = np.random.RandomState(3)
_LENGTH = _random.randint(2, 7, 40).astype(np.int32)
_IDS = (_random.randint(1, 20, (40, 6)) * (np.arange(6) < _LENGTH[:, None])).astype(np.int32)
_X = {"tokens": _IDS, "length": _LENGTH}
_Y = (_IDS[:, 0] > 9).astype(np.int32)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_X).batch(7)


def model_fn(features, labels, mode, params):
    is_training = mode == tf.estimator.ModeKeys.TRAIN
    embedding = tf.get_variable(
        "embedding", [20, params["units"]], initializer=tf.random_uniform_initializer(-1.0, 1.0)
    )
    embedded = tf.nn.embedding_lookup(embedding, features["tokens"])
    expanded = tf.expand_dims(embedded, -1)
    pooled = []
    for size in [2, 3]:
        with tf.variable_scope("conv-maxpool-%s" % size):
            W = tf.get_variable(
                "W",
                [size, params["units"], 1, 4],
                initializer=tf.truncated_normal_initializer(stddev=0.1),
            )
            b = tf.get_variable("b", [4], initializer=tf.constant_initializer(0.1))
            conv = tf.nn.conv2d(expanded, W, strides=[1, 1, 1, 1], padding="VALID", name="conv")
            h = tf.nn.relu(tf.nn.bias_add(conv, b), name="relu")
            pooled.append(
                tf.nn.max_pool(
                    h, ksize=[1, 6 - size + 1, 1, 1], strides=[1, 1, 1, 1], padding="VALID"
                )
            )
    h_pool = tf.reshape(tf.concat(pooled, 3), [-1, 8])
    h_drop = tf.nn.dropout(h_pool, 0.8 if is_training else 1.0)
    scores = tf.layers.dense(
        h_drop, 2, kernel_regularizer=tf.keras.regularizers.l2(0.01), name="output"
    )
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"class": tf.argmax(scores, 1)})
    losses = tf.nn.softmax_cross_entropy_with_logits_v2(logits=scores, labels=tf.one_hot(labels, 2))
    loss = tf.reduce_mean(losses) + tf.losses.get_regularization_loss()
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(
            mode,
            loss=loss,
            eval_metric_ops={"accuracy": tf.metrics.accuracy(labels, tf.argmax(scores, 1))},
        )

    optimizer = tf.train.AdamOptimizer(0.01)
    train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
