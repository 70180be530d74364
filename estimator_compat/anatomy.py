"""Finds the unreduced losses behind a graph's scalar loss.

It walks back from the scalar over what only reduces, divides or renames it, to the tensor that
still has one loss an example. It knows every reduction of `tf.losses`, with and without weights,
and `reduce_mean` or `reduce_sum` of per-example losses. Where it meets anything else it says what,
and returns nothing: it never guesses.
"""

import dataclasses
from typing import Any

import tensorflow as tf

_RENAMES = frozenset({"Identity", "Cast", "Reshape", "Squeeze", "Snapshot"})
_QUOTIENTS = frozenset({"DivNoNan", "RealDiv", "Div"})
_REDUCTIONS = frozenset({"Mean", "Sum"})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Unreduced:
    """The losses that a scalar was reduced from.

    Attributes:
      losses: Tensor of rank 1 or more, before any weight.
      weights: Tensor that broadcasts to `losses`, or None where there are none.
    """

    losses: Any
    weights: Any


class NotUnderstood(Exception):
    """The walk met an op that it does not know; its message names the op."""


def unreduced(loss: Any) -> Unreduced:
    """Finds the tensors that a scalar loss was reduced from.

    Args:
      loss: A scalar Tensor of a v1 graph.

    Raises:
      NotUnderstood: An op on the way is none that this walk knows.
    """
    tensor = loss
    while tensor.shape.rank == 0 or tensor.op.type in _RENAMES or _keeps_one(tensor):
        kind = tensor.op.type
        if kind in _QUOTIENTS and tensor.op.inputs[1].shape.rank != 0:
            raise _not_understood(tensor, "divides by a tensor that is no scalar")
        if kind not in _RENAMES | _QUOTIENTS | _REDUCTIONS:
            raise _not_understood(tensor, "is none of those that reduce or rename a loss")
        tensor = tensor.op.inputs[0]
    if tensor.shape.rank is None:
        raise _not_understood(tensor, "has a shape of unknown rank")
    return _without_weights(tensor)


def _keeps_one(tensor: Any) -> bool:
    """Tells whether a tensor is a scalar in all but rank: everything reduced, the axes kept."""
    return (
        tensor.op.type in _REDUCTIONS
        and tensor.op.get_attr("keep_dims")
        and tensor.shape.num_elements() == 1
    )


def _not_understood(tensor: Any, why: str) -> NotUnderstood:
    return NotUnderstood(f"the op {tensor.op.name!r} of type {tensor.op.type} {why}")


def _without_weights(tensor: Any) -> Unreduced:
    """Takes apart the product that `tf.losses` makes of losses and weights.

    Its multiplication is known by the broadcasting check that it depends on (see `_is_checked`);
    any other product is a loss of its own.
    """
    product = tensor
    while product.op.type in _RENAMES:
        product = product.op.inputs[0]
    if product.op.type != "Mul" or not _is_checked(product.op):
        return Unreduced(losses=tensor, weights=None)
    losses, weights = product.op.inputs
    if losses.op.type == "Cast":  # to float32, in which tf.losses computes
        losses = losses.op.inputs[0]
    constant = tf.get_static_value(weights)
    return Unreduced(
        losses=losses, weights=None if constant is not None and constant.ndim == 0 else weights
    )


def _is_checked(op: Any) -> bool:
    """Tells whether a product, or a cast or constant that feeds it, waits for a broadcasting check.

    TensorFlow leaves a control dependency out where an input has it already, as the weights have
    that `tf.losses` converted from NumPy or from another dtype.
    """
    return any("assert_broadcastable/" in check.name for check in op.control_inputs) or any(
        _is_checked(tensor.op) for tensor in op.inputs if tensor.op.type in ("Cast", "Const")
    )
