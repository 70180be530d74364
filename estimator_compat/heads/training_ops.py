"""The train_op of a head, and its summaries in training."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1
import tf_keras

from estimator_compat.heads.keys import MetricKeys
from estimator_compat.type_aliases import Operation, Tensor, Variable

TrainOpFn = Callable[[Tensor], Operation]


def check_choice(optimizer: Any, train_op_fn: TrainOpFn | None) -> None:
    """Raises ValueError unless there is either an optimizer or a `train_op_fn`."""
    if (optimizer is None) != (train_op_fn is None):
        return
    both = "None" if optimizer is None else "set"
    raise ValueError(
        f"train_op_fn and optimizer cannot both be {both}; expected one of the two in mode TRAIN; "
        "pass `optimizer`, or a function from the loss to the train_op."
    )


def train_op(
    loss: Tensor,
    loss_reduction: str,
    *,
    optimizer: Any,
    train_op_fn: TrainOpFn | None,
    trainable_variables: Sequence[Variable] | None,
    update_ops: Sequence[Operation] | None,
) -> Operation:
    """Returns the train_op of a head of TensorFlow 2.

    Args:
      loss: The training loss with the regularization.
      loss_reduction: The reduction of the loss.
      optimizer: An optimizer of Keras 2, or None.
      train_op_fn: A function from the loss to the train_op, or None.
      trainable_variables: The variables that the optimizer trains.
      update_ops: Ops that run in each training step, or None.

    Raises:
      ValueError: An argument is missing or has another type.
    """
    _check_list("update_ops", update_ops)
    with tf1.name_scope(""), tf1.name_scope("training"):
        check_choice(optimizer, train_op_fn)
        if train_op_fn is not None:
            op = train_op_fn(loss)
        else:
            _check_optimizer(optimizer)
            if trainable_variables is None:
                raise ValueError(
                    "trainable_variables cannot be None; expected the variables that the optimizer "
                    "trains; pass `tf.compat.v1.trainable_variables()` or those of the layers."
                )
            _check_list("trainable_variables", trainable_variables)
            replicas = tf.distribute.get_strategy().num_replicas_in_sync
            if loss_reduction == "sum_over_batch_size" and replicas > 1:
                loss *= 1.0 / replicas
            op = optimizer.get_updates(loss, trainable_variables)[0]
        return op if update_ops is None else tf.group(op, *update_ops)


def _check_list(name: str, value: Any) -> None:
    if value is not None and not isinstance(value, list | tuple):
        raise ValueError(
            f"{name} should be a list or a tuple. Given type: {type(value)}; expected several; "
            "put a single one into a list."
        )


def _check_optimizer(optimizer: Any) -> None:
    kinds = (tf_keras.optimizers.Optimizer, tf_keras.optimizers.legacy.Optimizer)
    if not isinstance(optimizer, kinds):
        raise ValueError(
            "The given optimizer is not a tf_keras.optimizers.Optimizer instance. Received "
            f"optimizer of type {type(optimizer)}; expected an optimizer of Keras 2; pass one of "
            "tf.keras.optimizers.legacy, or `train_op_fn` for an optimizer of tf.compat.v1.train."
        )


def train_op_as_v1(loss: Tensor, optimizer: Any, train_op_fn: TrainOpFn | None) -> Operation:
    """Returns the train_op of a head of TensorFlow 1, which runs the ops of UPDATE_OPS, too.

    Args:
      loss: The training loss with the regularization.
      optimizer: A `tf.compat.v1.train.Optimizer`, or None.
      train_op_fn: A function from the loss to the train_op, or None.
    """
    check_choice(optimizer, train_op_fn)
    if train_op_fn is not None:
        op = train_op_fn(loss)
    else:
        op = optimizer.minimize(loss, global_step=tf1.train.get_global_step())
    update_ops = tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)
    return tf.group(op, *update_ops) if update_ops else op


def write_summaries(
    key: Callable[[str], str],
    loss: Tensor,
    *,
    regularization_loss: Tensor | None,
    average_loss: Tensor | None = None,
) -> None:
    """Adds the summaries of a training step.

    Args:
      key: Adds the name of the head to a name.
      loss: The training loss with the regularization.
      regularization_loss: The sum of the regularization losses, or None.
      average_loss: The weighted mean of the unreduced loss, or None for no summary of it.
    """
    values = {
        MetricKeys.LOSS: loss,
        MetricKeys.LOSS_MEAN: average_loss,
        MetricKeys.LOSS_REGULARIZATION: regularization_loss,
    }
    with tf1.name_scope(""):
        for name, value in values.items():
            if value is not None:
                tf1.summary.scalar(key(name), value)
