"""`tf.contrib.layers.optimize_loss`, as in TensorFlow 1.15: names, summaries, order of ops."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow.compat.v1 as tf

_Gradients = Sequence[tuple[Any, Any]]
OPTIMIZER_CLS_NAMES: dict[str, Callable[..., Any]] = {
    "Adagrad": tf.train.AdagradOptimizer,
    "Adam": tf.train.AdamOptimizer,
    "Ftrl": tf.train.FtrlOptimizer,
    "Momentum": lambda learning_rate: tf.train.MomentumOptimizer(learning_rate, momentum=0.9),
    "RMSProp": tf.train.RMSPropOptimizer,
    "SGD": tf.train.GradientDescentOptimizer,
}
OPTIMIZER_SUMMARIES = [
    "learning_rate",
    "loss",
    "gradients",
    "gradient_norm",
    "global_gradient_norm",
]
_DEFAULT_SUMMARIES = ("loss", "learning_rate", "global_gradient_norm")


def optimize_loss(
    loss: Any,
    global_step: Any,
    learning_rate: Any,
    optimizer: Any,
    gradient_noise_scale: float | None = None,
    gradient_multipliers: Mapping[Any, Any] | None = None,
    clip_gradients: Any = None,
    learning_rate_decay_fn: Callable[..., Any] | None = None,
    update_ops: Sequence[Any] | None = None,
    variables: Sequence[Any] | None = None,
    name: str | None = None,
    summaries: Sequence[str] | None = None,
    colocate_gradients_with_ops: bool = False,
    increment_global_step: bool = True,
) -> Any:
    """Builds a training op from a loss and an optimizer.

    Args:
      loss: A scalar tensor.
      global_step: The step to increment; None: the graph's, if it has one.
      learning_rate: A float (kept in a variable `learning_rate`), a scalar tensor, or None.
      optimizer: A name of `OPTIMIZER_CLS_NAMES`, a class, an instance, or a function of the
        learning rate (of nothing where it is None).
      gradient_noise_scale: Scale of the normal noise added to the gradients.
      gradient_multipliers: From variable, or its name, to a factor of its gradient.
      clip_gradients: A float, the largest global norm; or a function of (gradient, variable) pairs.
      learning_rate_decay_fn: From learning rate and step to the learning rate used.
      update_ops: What runs before the loss; None: the collection UPDATE_OPS.
      variables: What is trained; None: all trainable variables.
      name: The variable scope, `OptimizeLoss` if None.
      summaries: Some of `OPTIMIZER_SUMMARIES`; None: loss, learning rate, global gradient norm.
      colocate_gradients_with_ops: Passed on to `compute_gradients`.
      increment_global_step: Whether the op increments `global_step`.

    Returns:
      The loss, computed after the update.

    Raises:
      ValueError: An argument has the wrong type or value, or there is nothing to train.
    """
    loss = tf.convert_to_tensor(loss)
    _assert_scalar(loss)
    if global_step is None:
        global_step = tf.train.get_global_step()
    else:
        tf.train.assert_global_step(global_step)
    with tf.variable_scope(name, "OptimizeLoss", [loss, global_step]):
        if update_ops is None:
            update_ops = list(dict.fromkeys(tf.get_collection(tf.GraphKeys.UPDATE_OPS)))
        if update_ops:
            loss = _after(update_ops, loss)
        rate = _learning_rate(learning_rate)
        shown = _checked_summaries(summaries)
        if learning_rate is not None and learning_rate_decay_fn is not None:
            if global_step is None:
                raise ValueError(
                    "global_step is required for learning_rate_decay_fn; the graph has none; "
                    "create it with tf.train.get_or_create_global_step()."
                )
            rate = learning_rate_decay_fn(rate, global_step)
            if "learning_rate" in shown:
                tf.summary.scalar("learning_rate", rate)
        trainer = _optimizer(optimizer, rate, learning_rate)
        gradients = trainer.compute_gradients(
            loss,
            tf.trainable_variables() if variables is None else variables,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        gradients = _changed(gradients, gradient_noise_scale, gradient_multipliers)
        clipped = _clipped(gradients, clip_gradients, shown)
        _summarize(loss, clipped, clip_gradients, shown)
        update = trainer.apply_gradients(
            clipped, global_step=global_step if increment_global_step else None, name="train"
        )
        return _after([update], loss)


def _after(operations: Sequence[Any], tensor: Any) -> Any:
    """The tensor, once the operations have run; its ops have the original's names."""
    with (
        tf.name_scope("control_dependency") as name,
        tf.colocate_with(tensor),
        tf.control_dependencies(operations),
    ):
        return tf.identity(tensor, name=name)


def _assert_scalar(loss: Any) -> None:
    if loss.shape.ndims != 0:
        raise ValueError(
            f"Expected scalar shape for {loss.name}, saw shape: {loss.shape}; expected a scalar "
            "loss; reduce it first."
        )


def _learning_rate(given: Any) -> Any:
    if given is None or (tf.is_tensor(given) and given.shape.ndims == 0):
        return given
    if not isinstance(given, float) or given < 0.0:
        raise ValueError(
            f"Learning rate should be 0d Tensor or float. Got {given} of type {type(given)}; "
            "expected no negative number; convert it."
        )
    return tf.get_variable(
        "learning_rate", [], trainable=False, initializer=tf.constant_initializer(given)
    )


def _checked_summaries(given: Sequence[str] | None) -> Sequence[str]:
    if given is None:
        return _DEFAULT_SUMMARIES
    for one in given:
        if one not in OPTIMIZER_SUMMARIES:
            raise ValueError(
                f"Summaries should be one of [{', '.join(OPTIMIZER_SUMMARIES)}], you provided "
                f"{one}; remove it."
            )
    return given


def _optimizer(given: Any, rate: Any, learning_rate: Any) -> Any:
    kind = tf.train.Optimizer
    if isinstance(given, kind):
        return given
    named = isinstance(given, str)
    if named and given not in OPTIMIZER_CLS_NAMES:
        raise ValueError(
            f"Optimizer name should be one of [{', '.join(OPTIMIZER_CLS_NAMES)}], you provided "
            f"{given}; pass one of those, or the optimizer itself."
        )
    is_class = isinstance(given, type) and issubclass(given, kind)
    if named or is_class:
        if rate is None:
            raise ValueError(
                f"Learning rate is None, but should be specified if optimizer is "
                f"{'string' if named else 'class'} ({given}); pass `learning_rate`."
            )
        return (OPTIMIZER_CLS_NAMES[given] if named else given)(learning_rate=rate)
    built = None
    if callable(given):
        built = given() if learning_rate is None else given(rate)
    if not isinstance(built, kind):
        raise ValueError(
            f"Unrecognized optimizer: {given} gives {built}; expected a string, a subclass or an "
            "instance of tf.train.Optimizer, or a function returning one; pass one of those."
        )
    return built


def _changed(gradients: _Gradients, noise: float | None, factors: Any) -> _Gradients:
    if noise is not None:
        gradients = [(_noisy(gradient, noise), variable) for gradient, variable in gradients]
    if factors is None:
        return gradients
    if not gradients:
        raise ValueError(
            "Empty list of (gradient, var) pairs encountered; expected trainable variables; see "
            "`gradient_multipliers`."
        )
    return [(_multiplied(g, v, factors), v) for g, v in gradients]


def _noisy(gradient: Any, scale: float) -> Any:
    if gradient is None:
        return None
    shape = gradient.dense_shape if isinstance(gradient, tf.IndexedSlices) else gradient.shape
    return gradient + tf.random.truncated_normal(shape) * scale


def _multiplied(gradient: Any, variable: Any, factors: Mapping[Any, Any]) -> Any:
    by_key = variable.ref() in factors or any(key is variable for key in factors)
    key = variable if by_key else variable.name
    if gradient is None or not (by_key or key in factors):
        return gradient
    factor = next(value for name, value in factors.items() if name is key or name == key)
    if isinstance(gradient, tf.IndexedSlices):
        values = gradient.values * tf.constant(factor, dtype=gradient.dtype)
        return tf.IndexedSlices(values, gradient.indices, gradient.dense_shape)
    return gradient * tf.constant(factor, dtype=gradient.dtype)


def _global_norm(gradients: _Gradients) -> Any:
    return tf.global_norm([gradient for gradient, _ in gradients])


def _clipped(gradients: _Gradients, limit: Any, shown: Sequence[str]) -> _Gradients:
    if "global_gradient_norm" in shown or "gradient_norm" in shown:
        tf.summary.scalar("global_norm/gradient_norm", _global_norm(gradients))
    if limit is None:
        return gradients
    if callable(limit):
        return limit(gradients)
    if not isinstance(limit, float):
        raise ValueError(
            f"Unknown type {type(limit)} for clip_gradients ({limit}); expected a float or a "
            "function; write 1.0 for 1."
        )
    clipped, _ = tf.clip_by_global_norm([gradient for gradient, _ in gradients], limit)
    return list(zip(clipped, [variable for _, variable in gradients], strict=True))


def _summarize(loss: Any, gradients: _Gradients, limit: Any, shown: Sequence[str]) -> None:
    if "loss" in shown:
        tf.summary.scalar("loss", loss)
    for gradient, variable in gradients:
        if gradient is None:
            continue
        values = gradient.values if isinstance(gradient, tf.IndexedSlices) else gradient
        tag = variable.name.replace(":", "_")
        if "gradients" in shown:
            tf.summary.histogram(f"gradients/{tag}", values)
        if "gradient_norm" in shown:
            tf.summary.scalar(f"gradient_norm/{tag}", tf.global_norm([values]))
    if limit is not None and ("global_gradient_norm" in shown or "gradient_norm" in shown):
        tf.summary.scalar("global_norm/clipped_gradient_norm", _global_norm(gradients))


def clip_gradients_by_norm(optimizer: Any, clip_norm: float) -> Any:
    """Wraps an optimizer so that it clips the gradients' global norm before it applies them."""

    def apply_gradients(grads_and_vars: _Gradients, *args: Any, **kwargs: Any) -> Any:
        gradients, variables = zip(*grads_and_vars, strict=True)
        clipped, _ = tf.clip_by_global_norm(gradients, clip_norm)
        return applied(list(zip(clipped, variables, strict=True)), *args, **kwargs)

    applied = optimizer.apply_gradients
    optimizer.apply_gradients = apply_gradients
    return optimizer
