"""A tiny attention classifier: mean of per-example losses, warm-up, polynomial decay, clipping.

Such models came with an optimizer that increments `global_step` itself, in parallel to the
gradients. Nothing orders this increment and the reads of the step. The learning rate reads the step
(with reference variables it differs from run to run), and so do the summary hooks (now and then a
summary comes a step late). This program is repeatable, because it has resource variables, reads the
step once, and increments it after the gradients.
"""

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
tf.enable_resource_variables()

STEPS = (4, 7)
PARAMS = {"hidden": 8, "vocabulary": 20, "init_lr": 0.005, "train_steps": 20, "warmup_steps": 4}

_random = np.random.RandomState(3)
_IDS = _random.randint(1, 20, size=(32, 6)).astype(np.int32)
_MASK = (np.arange(6) < _random.randint(3, 7, size=(32, 1))).astype(np.int32)
_LABELS = (_IDS[:, 0] > 9).astype(np.int32)


def _dataset(start, stop):
    features = {"input_ids": _IDS[start:stop], "input_mask": _MASK[start:stop]}
    return tf.data.Dataset.from_tensor_slices((features, _LABELS[start:stop]))


def train_input_fn():
    return _dataset(0, 21).repeat().shuffle(buffer_size=10).batch(8)


def eval_input_fn():
    return _dataset(21, 32).batch(4)


def predict_input_fn():
    return _dataset(21, 32).batch(4)


def gelu(x):
    return x * 0.5 * (1.0 + tf.erf(x / np.sqrt(2.0)))


def layer_norm(x, name):
    with tf.variable_scope(name):
        gamma = tf.get_variable("gamma", [x.shape[-1]], initializer=tf.ones_initializer())
        beta = tf.get_variable("beta", [x.shape[-1]], initializer=tf.zeros_initializer())
    mean, variance = tf.nn.moments(x, axes=[-1], keep_dims=True)
    return gamma * (x - mean) * tf.rsqrt(variance + 1e-6) + beta


def encode(ids, mask, params, is_training):
    initializer = tf.truncated_normal_initializer(stddev=0.5)
    hidden = params["hidden"]
    with tf.variable_scope("embeddings"):
        table = tf.get_variable(
            "word_embeddings", [params["vocabulary"], hidden], initializer=initializer
        )
        positions = tf.get_variable("position_embeddings", [6, hidden], initializer=initializer)
        x = layer_norm(tf.nn.embedding_lookup(table, ids) + positions, "layer_norm")
    with tf.variable_scope("attention"):
        # No biases: the gradient of the keys' bias consists of rounding errors only.
        query, key, value = (
            tf.layers.dense(x, hidden, use_bias=False, kernel_initializer=initializer, name=name)
            for name in ("query", "key", "value")
        )
        scores = tf.matmul(query, key, transpose_b=True) / np.sqrt(float(hidden))
        scores += (1.0 - tf.cast(tf.expand_dims(mask, 1), tf.float32)) * -10000.0
        attended = tf.matmul(tf.nn.softmax(scores), value)
        x = layer_norm(x + attended, "layer_norm")
    with tf.variable_scope("intermediate"):
        # Not from zero: Adam steps by the same length for a gradient that is little but rounding.
        x = tf.layers.dense(
            x, 12, activation=gelu, kernel_initializer=initializer, bias_initializer=initializer
        )
    if is_training:
        x = tf.nn.dropout(x, keep_prob=0.9)
    return x[:, 0, :]


def create_optimizer(loss, init_lr, train_steps, warmup_steps):
    global_step = tf.train.get_or_create_global_step()
    step = tf.identity(global_step)
    decayed = tf.train.polynomial_decay(init_lr, step, train_steps, end_learning_rate=0.0)
    warming_up = tf.cast(step < warmup_steps, tf.float32)
    warmup = init_lr * tf.cast(step + 1, tf.float32) / float(warmup_steps)
    learning_rate = (1.0 - warming_up) * decayed + warming_up * warmup
    tf.summary.scalar("learning_rate", learning_rate)

    optimizer = tf.train.AdamOptimizer(learning_rate, epsilon=1e-6)
    variables = tf.trainable_variables()
    gradients, _ = tf.clip_by_global_norm(tf.gradients(loss, variables), clip_norm=1.0)
    with tf.control_dependencies([optimizer.apply_gradients(zip(gradients, variables))]):
        return tf.group(global_step.assign(step + 1))


def model_fn(features, labels, mode, params):
    is_training = mode == tf.estimator.ModeKeys.TRAIN
    pooled = encode(features["input_ids"], features["input_mask"], params, is_training)
    logits = tf.layers.dense(pooled, 2, name="classifier")
    probabilities = tf.nn.softmax(logits)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"probabilities": probabilities})

    one_hot_labels = tf.one_hot(labels, depth=2)
    per_example_loss = -tf.reduce_sum(one_hot_labels * tf.nn.log_softmax(logits), axis=-1)
    loss = tf.reduce_mean(per_example_loss)
    if is_training:
        train_op = create_optimizer(
            loss, params["init_lr"], params["train_steps"], params["warmup_steps"]
        )
        return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)

    eval_metric_ops = {
        "eval_accuracy": tf.metrics.accuracy(labels, tf.argmax(logits, axis=-1)),
        "eval_loss": tf.metrics.mean(per_example_loss),
    }
    return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=eval_metric_ops)
