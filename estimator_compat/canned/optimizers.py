"""The optimizer that an argument of a canned estimator stands for."""

from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1
import tf_keras

_OPTIMIZERS = {
    "Adagrad": tf1.train.AdagradOptimizer,
    "Adam": tf1.train.AdamOptimizer,
    "Ftrl": tf1.train.FtrlOptimizer,
    "RMSProp": tf1.train.RMSPropOptimizer,
    "SGD": tf1.train.GradientDescentOptimizer,
}


def get_optimizer_instance(opt: Any, learning_rate: float | None = None) -> Any:
    """Returns the optimizer that an argument of a canned estimator stands for.

    Args:
      opt: A `tf.train.Optimizer`, a function without arguments that returns an optimizer, or one
        of the names Adagrad, Adam, Ftrl, RMSProp and SGD.
      learning_rate: The learning rate of an optimizer that is given by name. Other optimizers have
        their own.

    Raises:
      ValueError: `opt` has another form, or it is a name without a learning rate.
    """
    if isinstance(opt, str):
        return _optimizer_by_name(opt, learning_rate)
    optimizer = opt() if callable(opt) else opt
    if not isinstance(optimizer, tf1.train.Optimizer):
        raise ValueError(
            f"The given object is not an Optimizer instance. Given: {optimizer}; expected a "
            "tf.train.Optimizer, a function that returns one, or a name; pass, for example, "
            "tf.train.AdagradOptimizer(0.05)."
        )
    return optimizer


def _optimizer_by_name(name: str, learning_rate: float | None) -> Any:
    if name not in _OPTIMIZERS:
        raise ValueError(
            f"Unsupported optimizer name: {name}. Supported names are: {tuple(_OPTIMIZERS)}; pass "
            "one of those names, or an optimizer."
        )
    if not learning_rate:
        raise ValueError(
            f"learning_rate must be specified when opt is string; it was {learning_rate} for "
            f"{name!r}; pass a positive number."
        )
    return _OPTIMIZERS[name](learning_rate=learning_rate)


_KERAS_NAMES = {"Adagrad": "Adagrad", "Adam": "Adam", "Ftrl": "Ftrl", "RMSProp": "RMSprop"}
_KERAS_NAMES["SGD"] = "SGD"


def keras_optimizer(opt: Any, learning_rate: float | None = None) -> Any:
    """Returns the optimizer of Keras 2 that an argument of a canned estimator stands for.

    Args:
      opt: An optimizer of `tf.keras.optimizers.legacy`, a function without arguments that returns
        one, or one of the names Adagrad, Adam, Ftrl, RMSProp and SGD.
      learning_rate: The learning rate of an optimizer that is given by name; None for the default
        of Keras.

    Raises:
      ValueError: `opt` has another form.
    """
    kinds = tf_keras.optimizers
    if isinstance(opt, str):
        if opt not in _KERAS_NAMES:
            raise ValueError(
                f"Unsupported optimizer name: {opt}. Supported names are: "
                f"{tuple(sorted(_KERAS_NAMES))}; pass one of those names, or an optimizer."
            )
        made = getattr(kinds.legacy, _KERAS_NAMES[opt])
        return made(learning_rate=learning_rate) if learning_rate else made()
    optimizer = opt() if callable(opt) else opt
    if isinstance(optimizer, kinds.experimental.Optimizer):
        name = type(optimizer).__name__
        raise ValueError(
            "Please set your optimizer as an instance of `tf_keras.optimizers.legacy.Optimizer`, "
            f"e.g., `tf_keras.optimizers.legacy.{name}`. Received optimizer type: "
            f"{type(optimizer)}; other optimizers of Keras cannot train in a graph."
        )
    if not isinstance(optimizer, kinds.legacy.Optimizer):
        raise ValueError(
            "The given object is not a tf_keras.optimizers.Optimizer instance. Given: "
            f"{optimizer}; expected an optimizer of Keras 2, a function that returns one, or a "
            "name; pass, for example, tf.keras.optimizers.legacy.Adagrad(0.05)."
        )
    return optimizer


def counting_steps(optimizer: Any) -> Any:
    """Makes an optimizer of Keras count the steps of the training in the global step."""
    optimizer.iterations = tf1.train.get_or_create_global_step()
    return optimizer


def for_replicas(loss: Any, loss_reduction: str) -> Any:
    """Divides a mean over the batch by the number of replicas, whose gradients are added."""
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    if loss_reduction == tf.losses.Reduction.SUM_OVER_BATCH_SIZE and replicas > 1:
        return loss * (1.0 / replicas)
    return loss
