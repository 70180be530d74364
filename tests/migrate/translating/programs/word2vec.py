import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

PARAMS = {"units": 6, "learning_rate": 0.01}
_random = np.random.RandomState(1)
_X = {"center": _random.randint(0, 30, 40).astype(np.int64)}
_Y = _random.randint(0, 30, (40, 1)).astype(np.int64)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_X).batch(7)


def model_fn(features, labels, mode, params):
    embeddings = tf.get_variable(
        "embeddings", [30, 8], initializer=tf.random_uniform_initializer(-1.0, 1.0)
    )
    embed = tf.nn.embedding_lookup(embeddings, features["center"])
    if mode == tf.estimator.ModeKeys.PREDICT:
        norm = tf.sqrt(tf.reduce_sum(tf.square(embeddings), 1, keepdims=True))
        return tf.estimator.EstimatorSpec(
            mode, predictions={"similarity": tf.matmul(embed, embeddings / norm, transpose_b=True)}
        )
    nce_weights = tf.get_variable(
        "nce_weights", [30, 8], initializer=tf.truncated_normal_initializer(stddev=0.3)
    )
    nce_biases = tf.get_variable("nce_biases", [30], initializer=tf.zeros_initializer())
    if mode == tf.estimator.ModeKeys.TRAIN:
        loss = tf.reduce_mean(
            tf.nn.nce_loss(
                weights=nce_weights,
                biases=nce_biases,
                labels=labels,
                inputs=embed,
                num_sampled=5,
                num_classes=30,
            )
        )
        train_op = tf.train.GradientDescentOptimizer(0.5).minimize(
            loss, global_step=tf.train.get_global_step()
        )
        return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
    logits = tf.matmul(embed, tf.transpose(nce_weights)) + nce_biases
    eval_losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels[:, 0], logits=logits)
    loss = tf.reduce_mean(eval_losses)
    return tf.estimator.EstimatorSpec(mode, loss=loss)
