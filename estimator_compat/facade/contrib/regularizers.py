"""The regularizers of `tf.contrib.layers`, with TensorFlow 1.15's values and op names."""

import numbers
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow.compat.v1 as tf

_Regularizer = Callable[[Any], Any]


def l1_regularizer(scale: Any, scope: str | None = None) -> _Regularizer:
    """A function of weights: `scale * sum(|weights|)`; of any weights None where the scale is 0."""
    return _scaled(scale, scope, "l1_regularizer", lambda weights: tf.reduce_sum(tf.abs(weights)))


def l2_regularizer(scale: Any, scope: str | None = None) -> _Regularizer:
    """A function of weights: `scale * sum(weights ** 2) / 2`; of any weights None where it is 0."""
    return _scaled(scale, scope, "l2_regularizer", tf.nn.l2_loss)


def l1_l2_regularizer(
    scale_l1: Any = 1.0, scale_l2: Any = 1.0, scope: str | None = None
) -> _Regularizer | None:
    """The sum of both; a scale of 0.0 leaves its one out."""
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
    """A function of weights that adds what the regularizers give; None where there are none."""
    parts = [one for one in regularizer_list if one is not None]
    if not parts:
        return None

    def sum_reg(weights: Any) -> Any:
        with tf.name_scope(scope, "sum_regularizer", [weights]) as name:
            terms = [term for term in (one(weights) for one in parts) if term is not None]
            return tf.add_n(terms, name=name) if terms else None

    return sum_reg


def apply_regularization(regularizer: _Regularizer, weights_list: Any = None) -> Any:
    """The summed penalty of weights, which is added to REGULARIZATION_LOSSES.

    Args:
      regularizer: From one tensor to a scalar, or to None.
      weights_list: The weights; None: the collection WEIGHTS.

    Raises:
      ValueError: There are no weights, or a penalty is not a scalar.
    """
    weights = tf.get_collection(tf.GraphKeys.WEIGHTS) if weights_list is None else weights_list
    if not weights:
        raise ValueError("No weights to regularize; expected at least one; pass `weights_list`.")
    with tf.name_scope("get_regularization_penalty", values=weights) as scope:
        penalties = [regularizer(one) for one in weights]
        terms = [tf.constant(0.0) if one is None else one for one in penalties]
        if any(one.shape.ndims != 0 for one in terms):
            raise ValueError(
                f"regularizer must return a scalar Tensor instead of one of "
                f"{[str(one.shape) for one in terms]}; reduce it."
            )
        total = tf.add_n(terms, name=scope)
        tf.add_to_collection(tf.GraphKeys.REGULARIZATION_LOSSES, total)
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


def _scaled(scale: Any, scope: str | None, default: str, measure: _Regularizer) -> _Regularizer:
    _check_scale("scale", scale)
    if isinstance(scale, numbers.Real) and scale == 0.0:
        tf.logging.info("Scale of 0 disables regularizer.")
        return lambda _: None

    def regularizer(weights: Any) -> Any:
        with tf.name_scope(scope, default, [weights]) as name:
            factor = tf.convert_to_tensor(scale, dtype=weights.dtype.base_dtype, name="scale")
            return tf.multiply(factor, measure(weights), name=name)

    return regularizer
