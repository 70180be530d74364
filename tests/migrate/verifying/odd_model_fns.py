"""Odd but plausible model_fns: legacy code that does more than minimize a loss of dense layers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator

Spec = estimator.EstimatorSpec

_X = np.float32(np.arange(72).reshape(18, 4) % 7) / 7 - 0.4
_Y = np.float32(_X[:, :1] > 0)
_IDS = np.array([["a", "b"], ["c", "?"], ["b", "b"]] * 6)


def input_fn() -> tf.data.Dataset:
    features = {"x": _X, "ids": _IDS, "ragged": tf.RaggedTensor.from_tensor(_X)}
    return tf.data.Dataset.from_tensor_slices((features, _Y)).batch(4)


def step() -> Any:
    return tf1.train.get_global_step()


def loss_of(logits: Any, labels: Any) -> Any:
    return tf1.losses.sigmoid_cross_entropy(labels, logits)


def spec(mode: str, logits: Any, labels: Any, before: Any = (), **given: Any) -> Any:
    """Returns the spec of one output; in training, the update waits for the ops in `before`."""
    if mode == "infer":
        return Spec(mode, predictions={"p": tf.sigmoid(logits), "logits": logits}, **given)
    loss = loss_of(logits, labels)
    if mode == "eval":
        return Spec(mode, loss=loss, **given)
    with tf.control_dependencies(before):
        train_op = tf1.train.AdamOptimizer(0.05).minimize(loss, step())
    return Spec(mode, loss=loss, train_op=train_op, **given)


def dense(tensor: Any, units: int = 1, **given: Any) -> Any:
    return tf1.layers.dense(tensor, units, **given)


MODEL_FNS: dict[str, Callable[..., Any]] = {}


def odd(model_fn: Callable[..., Any]) -> Callable[..., Any]:
    MODEL_FNS[model_fn.__name__] = model_fn
    return model_fn


@odd
def gradients_of_two_batches(features: Any, labels: Any, mode: str) -> Any:
    """Adds up gradients by hand and applies them in a branch: the train_op is a `cond`'s result."""
    logits = dense(features["x"])
    if mode != "train":
        return spec(mode, logits, labels)
    loss, optimizer = loss_of(logits, labels), tf1.train.AdamOptimizer(0.05)
    pairs = optimizer.compute_gradients(loss)
    sums = [
        tf1.get_variable(f"{v.op.name}_sum", v.shape, initializer=tf.zeros_initializer)
        for _, v in pairs
    ]
    with tf.control_dependencies([s.assign_add(g) for s, (g, _) in zip(sums, pairs, strict=True)]):
        count = tf1.assign_add(step(), 1)

    def apply() -> Any:
        halves = [(s / 2.0, v) for s, (_, v) in zip(sums, pairs, strict=True)]
        with tf.control_dependencies([optimizer.apply_gradients(halves)]):
            return tf.group(*[s.assign(tf.zeros_like(s)) for s in sums])

    with tf.control_dependencies([count]):
        train_op = tf.cond(tf.equal(count % 2, 0), apply, tf.no_op)
    return Spec(mode, loss=loss, train_op=train_op)


@odd
def train_op_that_is_an_assignment(features: Any, labels: Any, mode: str) -> Any:
    weights = tf1.get_variable("w", [4, 1], initializer=tf.ones_initializer)
    logits = features["x"] @ weights
    if mode != "train":
        return spec(mode, logits, labels)
    loss = loss_of(logits, labels)
    (gradient,) = tf.gradients(loss, weights)
    with tf.control_dependencies([step().assign_add(1)]):
        train_op = weights.assign_sub(0.1 * gradient)
    return Spec(mode, loss=loss, train_op=train_op)


@odd
def metrics_that_are_variables(features: Any, labels: Any, mode: str) -> Any:
    logits = dense(features["x"])
    if mode != "eval":
        return spec(mode, logits, labels)
    local = [tf1.GraphKeys.LOCAL_VARIABLES]
    zero = {"initializer": tf.zeros_initializer, "trainable": False, "collections": local}
    count, largest = (tf1.get_variable(name, [], **zero) for name in ("count", "largest"))
    counted = tf1.assign_add(count, tf.cast(tf.size(logits), tf.float32))
    raised = tf1.assign(largest, tf.maximum(largest, tf.reduce_max(logits)))
    metrics = {
        "count": (count, counted),
        "largest": (largest, raised),
        "ratio": (largest / tf.maximum(count, 1.0), tf.group(counted, raised)),
        "constant": (tf.constant(3.5), tf.no_op()),
    }
    return spec(mode, logits, labels, eval_metric_ops=metrics)


@odd
def scaffold_that_initializes(features: Any, labels: Any, mode: str) -> Any:
    logits = dense(features["x"], name="d")
    factor = tf1.get_local_variable("factor", initializer=2.0)
    table = tf1.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(["a", "b"], [0.5, 1.5]), 1.0
    )
    logits *= factor * table.lookup(features["ids"])[:, :1]
    made = spec(mode, logits, labels)
    (kernel,) = (v for v in tf1.trainable_variables() if "kernel" in v.name)
    given = tf1.placeholder(tf.float32, [])
    with tf.control_dependencies([tf1.global_variables_initializer()]):
        init = kernel.assign(tf.fill([4, 1], given))
    with tf.control_dependencies([tf1.local_variables_initializer()]):
        local = tf.group(factor.assign(3.0), tf1.tables_initializer())
    scaffold = tf1.train.Scaffold(init_op=init, init_feed_dict={given: 0.3}, local_init_op=local)
    return made._replace(scaffold=scaffold)


@odd
def forward_pass_that_counts(features: Any, labels: Any, mode: str) -> Any:
    low = tf1.get_variable("low", [], initializer=tf.zeros_initializer, trainable=False)
    writes = [low.assign(0.9 * low + tf.reduce_min(features["x"]))] if mode == "train" else []
    with tf.control_dependencies(writes):
        net = features["x"] - low.read_value()
    return spec(mode, dense(net), labels)


@odd
def metric_in_training(features: Any, labels: Any, mode: str) -> Any:
    """Updates a metric in training; the update waits for the input, an argument in a loop."""
    mean, update = tf1.metrics.mean(features["x"])
    made = spec(mode, dense(features["x"]) + 0.1 * tf.stop_gradient(mean), labels)
    return made._replace(train_op=tf.group(made.train_op, update)) if mode == "train" else made


@odd
def ragged_features(features: Any, labels: Any, mode: str) -> Any:
    return spec(mode, dense(features["ragged"].to_tensor(shape=[None, 4])), labels)


@odd
def predictions_without_the_input(features: Any, labels: Any, mode: str) -> Any:
    """Predicts without using the input, so that an Estimator's `predict` never ends."""
    weights = tf1.get_variable("w", [4, 1], initializer=tf.ones_initializer)
    if mode == "infer":
        return Spec(mode, predictions=weights * 2.0)
    return spec(mode, features["x"] @ weights, labels)


@odd
def tables_and_strings(features: Any, labels: Any, mode: str) -> Any:
    keys = tf.constant(["a", "b", "c"])
    table = tf.lookup.StaticVocabularyTable(
        tf.lookup.KeyValueTensorInitializer(keys, tf.range(3, dtype=tf.int64)), 2
    )
    embeddings = tf1.get_variable("e", [5, 3], partitioner=tf1.fixed_size_partitioner(2))
    ids = table.lookup(features["ids"])
    net = tf.reduce_mean(tf1.nn.embedding_lookup(embeddings, ids, "div"), axis=1)
    logits = dense(tf.concat([net, features["x"]], 1))
    if mode == "infer":
        return Spec(mode, predictions={"words": features["ids"], "p": logits})
    return spec(mode, logits, labels)


@odd
def batch_norm_and_averages(features: Any, labels: Any, mode: str) -> Any:
    training = mode == "train"
    net = tf1.layers.batch_normalization(dense(features["x"], 5), training=training)
    net = tf1.layers.dropout(tf.nn.relu(net), 0.3, training=training)
    made = spec(mode, dense(net), labels, tf1.get_collection(tf1.GraphKeys.UPDATE_OPS))
    if not training:
        return made
    averages = tf1.train.ExponentialMovingAverage(0.9, step())
    with tf.control_dependencies([made.train_op]):
        return made._replace(train_op=averages.apply([*tf1.trainable_variables(), made.loss]))


@odd
def weights_of_two_types(features: Any, labels: Any, mode: str) -> Any:
    kernel = tf1.get_variable("k", [4, 3], tf.bfloat16, initializer=tf.ones_initializer)
    net = tf.cast(tf.cast(features["x"], tf.bfloat16) @ kernel, tf.float32)
    return spec(mode, dense(net), labels)


@odd
def steps_by_hand(features: Any, labels: Any, mode: str) -> Any:
    """As in BERT, the learning rate reads the global step, and an unordered op assigns it."""
    logits = dense(features["x"])
    if mode != "train":
        return spec(mode, logits, labels)
    loss = loss_of(logits, labels)
    rate = tf1.train.exponential_decay(0.1, step(), 2, 0.5, staircase=True)
    rate *= tf.minimum(1.0, tf.cast(step() + 1, tf.float32) / 3)
    updates = tf1.train.AdamOptimizer(rate).minimize(loss)
    return Spec(mode, loss=loss, train_op=tf.group(updates, [step().assign(step() + 1)]))


@odd
def recurrent_in_control_flow_v1(features: Any, labels: Any, mode: str) -> Any:
    enabled = tf1.control_flow_v2_enabled()
    tf1.disable_control_flow_v2()
    try:
        weights = tf1.get_variable("w", [4, 4])
        _, net = tf1.while_loop(
            lambda i, _: i < 3, lambda i, h: (i + 1, tf.tanh(h @ weights)), (0, features["x"])
        )
        net = tf1.cond(tf.reduce_sum(net) > 0, lambda: tf.nn.dropout(net, rate=0.5), lambda: net)
        net.set_shape([None, 4])
        return spec(mode, dense(net), labels)
    finally:
        if enabled:
            tf1.enable_control_flow_v2()


@odd
def optimizers_that_both_count(features: Any, labels: Any, mode: str) -> Any:
    """Counts two steps a batch, so that five steps end after three batches: 2, 4 and 6."""
    first, second = dense(features["x"], name="first"), dense(features["x"], name="second")
    made = spec(mode, first + second, labels)
    if mode != "train":
        return made
    optimizer = tf1.train.GradientDescentOptimizer(0.1)
    with tf.control_dependencies([made.train_op]):
        second_op = optimizer.minimize(tf.reduce_mean(second**2), step())
    return made._replace(train_op=second_op)


@odd
def optimizer_of_every_other_batch(features: Any, labels: Any, mode: str) -> Any:
    """Counts a step every other batch, so that the input ends before the steps are reached."""
    logits = dense(features["x"])
    if mode != "train":
        return spec(mode, logits, labels)
    loss = loss_of(logits, labels)
    seen = tf1.get_variable("seen", [], tf.int64, tf.zeros_initializer, trainable=False)
    optimizer = tf1.train.GradientDescentOptimizer(0.1)
    pairs = optimizer.compute_gradients(loss)
    with tf.control_dependencies([loss]):
        turn = tf.equal(seen.assign_add(1) % 2, 0)
    apply = tf.cond(turn, lambda: tf.group(optimizer.apply_gradients(pairs, step())), tf.no_op)
    return Spec(mode, loss=loss, train_op=apply)


@odd
def metric_of_python(features: Any, labels: Any, mode: str) -> Any:
    logits = dense(features["x"])
    made = spec(mode, logits, labels)
    if mode != "eval":
        return made

    def count_correct(outputs: Any, targets: Any) -> Any:
        return np.float32(sum((outputs > 0).ravel() == (targets > 0).ravel()))

    right = tf1.py_func(count_correct, [logits, labels], tf.float32)
    return made._replace(eval_metric_ops={"right": tf1.metrics.mean(right)})
