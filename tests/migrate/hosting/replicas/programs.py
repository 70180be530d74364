"""model_fns and uneven batches to train on two replicas, for an Estimator and for the host.

They are run by whichever package gives them its `EstimatorSpec`.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

# A replica's batches: the first replica has the first, third, ...
SIZES = (3, 2, 4, 1, 2, 5, 3, 3, 1, 4, 5, 2)
STEPS = len(SIZES) // 2


def batches() -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
    """Yields features and labels of uneven batches, with uneven weights, some of them 0."""
    draw = np.random.RandomState(7)
    for size in SIZES:
        x = draw.uniform(-1, 1, [size, 3]).astype(np.float32)
        weight = draw.choice([0.0, 0.5, 1.0, 2.0, 4.0], [size, 1]).astype(np.float32)
        weight[0] = 1.5
        y = (x.sum(1, keepdims=True) + draw.normal(size=[size, 1])).astype(np.float32)
        yield {"x": x, "weight": weight}, y


def input_fn() -> tf.data.Dataset:
    spec = (
        {name: tf.TensorSpec([None, size], tf.float32) for name, size in (("x", 3), ("weight", 1))},
        tf.TensorSpec([None, 1], tf.float32),
    )
    return tf.data.Dataset.from_generator(batches, output_signature=spec)


def _dense(inputs: Any, units: int, name: str, **options: Any) -> Any:
    start = tf1.glorot_uniform_initializer(seed=units)
    return tf1.layers.dense(inputs, units, name=name, kernel_initializer=start, **options)


def _count(labels: Any) -> Any:
    """Counts examples, in each replica for itself; a checkpoint has the sum."""
    examples = tf1.get_variable(
        "examples",
        [],
        initializer=tf1.zeros_initializer(),
        trainable=False,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.SUM,
    )
    return examples.assign_add(tf.cast(tf.shape(labels)[0], tf.float32))


def _decayed(step: Any) -> Any:
    return tf1.train.exponential_decay(0.1, step, 2, 0.7)


def _model(
    loss_of: Callable[[Any, Any, Any], Any],
    train: Callable[[Any, Any], Any],
    *,
    normalize: bool = False,
    drop: bool = False,
    count: bool = False,
) -> Callable[[type], Callable[..., Any]]:
    def with_spec(spec: type) -> Callable[..., Any]:
        def model_fn(features: Any, labels: Any, mode: str) -> Any:
            hidden = _dense(features["x"], 4, "hidden", activation=tf.nn.tanh)
            if normalize:
                hidden = tf1.layers.batch_normalization(hidden, training=True, momentum=0.6)
            if drop:
                hidden = tf1.layers.dropout(hidden, 0.5, training=True)
            loss = loss_of(labels, _dense(hidden, 1, "out"), features["weight"])
            updates = tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)
            if count:
                updates.append(_count(labels))
            with tf.control_dependencies(updates):
                train_op = train(loss, tf1.train.get_global_step())
            return spec(mode, loss=loss, train_op=train_op)

        return model_fn

    return with_spec


def _reduced(reduction: str) -> Callable[[Any, Any, Any], Any]:
    def loss(labels: Any, found: Any, weights: Any) -> Any:
        return tf1.losses.mean_squared_error(labels, found, weights, reduction=reduction)

    return loss


def _regularized(labels: Any, found: Any, weights: Any) -> Any:
    kernel = next(v for v in tf1.trainable_variables() if v.name.startswith("hidden/kernel"))
    data = _reduced("weighted_sum_by_nonzero_weights")(labels, found, weights)
    return data + 0.1 * tf.nn.l2_loss(kernel)


def _total(labels: Any, found: Any, weights: Any) -> Any:
    """Collections have the losses of all replicas: the second total has the first's losses, too."""
    found += _dense(found, 1, "last", kernel_regularizer=lambda v: 0.1 * tf.nn.l2_loss(v))
    tf1.losses.mean_squared_error(labels, found, weights)
    kernel = next(v for v in tf1.trainable_variables() if v.name.startswith("hidden/kernel"))
    tf1.add_to_collection(tf1.GraphKeys.REGULARIZATION_LOSSES, 0.1 * tf.nn.l2_loss(kernel))
    return tf1.losses.get_total_loss()


def _mean(labels: Any, found: Any, weights: Any) -> Any:
    return tf.reduce_mean(weights * tf.square(labels - found))


def _momentum(loss: Any, step: Any) -> Any:
    return tf1.train.MomentumOptimizer(_decayed(step), 0.9).minimize(loss, step)


def _adam(loss: Any, step: Any) -> Any:
    return tf1.train.AdamOptimizer(0.05).minimize(loss, step)


def _clipped(loss: Any, step: Any) -> Any:
    """Clips what `compute_gradients` gave, which is scaled."""
    optimizer = tf1.train.GradientDescentOptimizer(0.1)
    gradients, variables = zip(*optimizer.compute_gradients(loss), strict=True)
    gradients, _ = tf.clip_by_global_norm(gradients, 0.3)
    return optimizer.apply_gradients(zip(gradients, variables, strict=True), step)


def _by_hand(loss: Any, step: Any) -> Any:
    """Takes the gradients without the optimizer, which then does not scale the loss."""
    variables = tf1.trainable_variables()
    gradients = tf1.gradients(loss, variables)
    optimizer = tf1.train.AdagradOptimizer(0.1)
    return optimizer.apply_gradients(zip(gradients, variables, strict=True), step)


PROGRAMS = {
    "adam_mean": _model(_mean, _adam),
    "adam_sum": _model(_reduced("weighted_sum"), _adam),
    "batch_norm": _model(_mean, _momentum, normalize=True),
    "by_hand": _model(_mean, _by_hand),
    "clipped": _model(_reduced("weighted_mean"), _clipped),
    "counted": _model(_reduced("weighted_mean"), _momentum, count=True),
    "dropout": _model(_mean, _adam, drop=True),
    "momentum_l2": _model(_regularized, _momentum),
    "momentum_total": _model(_total, _momentum),
    "momentum_mean": _model(_reduced("weighted_mean"), _momentum),
}
# Those whose step on parts of a batch, added up, is the step on the whole batch.
LINEAR = sorted(PROGRAMS.keys() - {"batch_norm", "clipped", "dropout"})
