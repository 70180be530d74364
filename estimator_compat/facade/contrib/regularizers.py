"""The regularizers of `tf.contrib.layers`, with TensorFlow 1.15's values and op names."""

import numbers
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Tensor

_Regularizer = Callable[[Tensor], Tensor | None]


def l1_regularizer(scale: Any, scope: str | None = None) -> _Regularizer:
    """Returns a function of weights: `scale * sum(|weights|)`, or None if `scale` is 0.

    Args:
      scale: A number that is not an integer and not negative, or a scalar tensor.
      scope: The name scope of the operations; None for `l1_regularizer`.

    Raises:
      ValueError: The scale is an integer or negative.
    """
    return _scale_penalty(
        scale, scope, "l1_regularizer", lambda weights: tf1.reduce_sum(tf1.abs(weights))
    )


def l2_regularizer(scale: Any, scope: str | None = None) -> _Regularizer:
    """Returns a function of weights: `scale * sum(weights**2) / 2`, or None if `scale` is 0.

    Args:
      scale: A number that is not an integer and not negative, or a scalar tensor.
      scope: The name scope of the operations; None for `l2_regularizer`.

    Raises:
      ValueError: The scale is an integer or negative.
    """
    return _scale_penalty(scale, scope, "l2_regularizer", tf1.nn.l2_loss)


def l1_l2_regularizer(
    scale_l1: Any = 1.0, scale_l2: Any = 1.0, scope: str | None = None
) -> _Regularizer | None:
    """Returns the sum of an L1 and an L2 regularizer; a scale of 0.0 leaves its regularizer out.

    Args:
      scale_l1: The scale of the L1 regularizer.
      scale_l2: The scale of the L2 regularizer.
      scope: The name scope of the operations; None for `l1_l2_regularizer`.

    Raises:
      ValueError: A scale is an integer or negative.
    """
    _check_scale("scale_l1", scale_l1)
    _check_scale("scale_l2", scale_l2)
    scope = scope or "l1_l2_regularizer"
    if scale_l1 == 0.0:
        return l2_regularizer(scale_l2, scope)
    if scale_l2 == 0.0:
        return l1_regularizer(scale_l1, scope)
    return sum_regularizer([l1_regularizer(scale_l1), l2_regularizer(scale_l2)], scope)


def sum_regularizer(
    regularizer_list: Sequence[_Regularizer | None], scope: str | None = None
) -> _Regularizer | None:
    """Returns a function of weights that sums the penalties of some regularizers.

    Args:
      regularizer_list: The regularizers. A None among them is ignored.
      scope: The name scope of the operations; None for `sum_regularizer`.

    Returns:
      The function; None if there are no regularizers.
    """
    regularizers = [regularizer for regularizer in regularizer_list if regularizer is not None]
    if not regularizers:
        return None

    def sum_reg(weights: Tensor) -> Tensor | None:
        with tf1.name_scope(scope, "sum_regularizer", [weights]) as name:
            penalties = [regularizer(weights) for regularizer in regularizers]
            terms = [penalty for penalty in penalties if penalty is not None]
            return tf1.add_n(terms, name=name) if terms else None

    return sum_reg


def apply_regularization(regularizer: _Regularizer, weights_list: Any = None) -> Tensor:
    """Returns the summed penalty of weights, and adds it to the collection REGULARIZATION_LOSSES.

    Args:
      regularizer: A function of weights that returns a scalar, or None for no penalty.
      weights_list: A list of weights; None for the collection WEIGHTS.

    Raises:
      ValueError: There are no weights, or a penalty is not a scalar.
    """
    weights = tf1.get_collection(tf1.GraphKeys.WEIGHTS) if weights_list is None else weights_list
    if not weights:
        raise ValueError("No weights to regularize; expected at least one; pass `weights_list`.")
    with tf1.name_scope("get_regularization_penalty", values=weights) as scope:
        penalties = [regularizer(tensor) for tensor in weights]
        terms = [tf1.constant(0.0) if penalty is None else penalty for penalty in penalties]
        if any(term.shape.ndims != 0 for term in terms):
            raise ValueError(
                "regularizer must return a scalar Tensor instead of a Tensor of one of the shapes "
                f"{[str(term.shape) for term in terms]}; reduce it."
            )
        total = tf1.add_n(terms, name=scope)
        tf1.add_to_collection(tf1.GraphKeys.REGULARIZATION_LOSSES, total)
        return total


def _check_scale(argument: str, scale: Any) -> None:
    if isinstance(scale, numbers.Integral):
        raise ValueError(
            f"{argument} cannot be an integer: {scale}; expected a float; write {scale}.0."
        )
    if isinstance(scale, numbers.Real) and scale < 0.0:
        raise ValueError(
            f"Setting a scale less than 0 on a regularizer: {argument}={scale:g}; expected 0.0 or "
            "more; change the sign."
        )


def _scale_penalty(
    scale: Any, scope: str | None, default: str, penalty: _Regularizer
) -> _Regularizer:
    """Returns a function of weights: `scale` times a penalty.

    Args:
      scale: The scale.
      scope: The name scope of the operations, or None.
      default: The name scope if `scope` is None.
      penalty: A function of weights that returns a scalar.
    """
    _check_scale("scale", scale)
    if isinstance(scale, numbers.Real) and scale == 0.0:
        tf1.logging.info("Scale of 0 disables regularizer.")
        return lambda _: None

    def regularizer(weights: Tensor) -> Tensor:
        with tf1.name_scope(scope, default, [weights]) as name:
            factor = tf1.convert_to_tensor(scale, dtype=weights.dtype.base_dtype, name="scale")
            return tf1.multiply(factor, penalty(weights), name=name)

    return regularizer
