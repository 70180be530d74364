"""`tf.contrib.layers.optimize_loss`, with TensorFlow 1.15's names, summaries and order of ops."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Operation, Tensor, Variable

_Gradients = Sequence[tuple[Tensor | None, Variable]]
OPTIMIZER_CLS_NAMES: dict[str, Callable[..., Any]] = {
    "Adagrad": tf1.train.AdagradOptimizer,
    "Adam": tf1.train.AdamOptimizer,
    "Ftrl": tf1.train.FtrlOptimizer,
    "Momentum": lambda learning_rate: tf1.train.MomentumOptimizer(learning_rate, momentum=0.9),
    "RMSProp": tf1.train.RMSPropOptimizer,
    "SGD": tf1.train.GradientDescentOptimizer,
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
    loss: Tensor,
    global_step: Variable | None,
    learning_rate: Any,
    optimizer: Any,
    gradient_noise_scale: float | None = None,
    gradient_multipliers: Mapping[Any, Any] | None = None,
    clip_gradients: Any = None,
    learning_rate_decay_fn: Callable[..., Any] | None = None,
    update_ops: Sequence[Operation] | None = None,
    variables: Sequence[Variable] | None = None,
    name: str | None = None,
    summaries: Sequence[str] | None = None,
    colocate_gradients_with_ops: bool = False,
    increment_global_step: bool = True,
) -> Tensor:
    """Returns the training op of a loss and an optimizer.

    Args:
      loss: A scalar tensor.
      global_step: The global step; None for the graph's global step, if the graph has one.
      learning_rate: A float, which becomes a variable `learning_rate`; a scalar tensor; or None.
      optimizer: A name of `OPTIMIZER_CLS_NAMES`, a class, an optimizer, or a function that returns
        an optimizer. The function takes the learning rate, or nothing if that is None.
      gradient_noise_scale: The factor of truncated normal noise that is added to the gradients;
        None for no noise.
      gradient_multipliers: The factor of the gradient of each variable, by variable or by name.
      clip_gradients: A float, the largest global norm; a function of a list of gradients and
        variables that returns such a list; or None.
      learning_rate_decay_fn: Returns the decayed learning rate from a learning rate and the global
        step; None for no decay.
      update_ops: Operations that run before the loss is computed; None for the collection
        UPDATE_OPS.
      variables: The variables to train; None for all trainable variables.
      name: The variable scope; None for `OptimizeLoss`.
      summaries: Some of `OPTIMIZER_SUMMARIES`; None for the loss, the learning rate and the global
        gradient norm.
      colocate_gradients_with_ops: As in `tf.train.Optimizer.compute_gradients`.
      increment_global_step: Whether the training op increments `global_step`.

    Returns:
      The loss; fetching it runs the update.

    Raises:
      ValueError: An argument has the wrong type or value, or there are no variables to train.
    """
    loss = tf1.convert_to_tensor(loss)
    _assert_scalar(loss)
    if global_step is None:
        global_step = tf1.train.get_global_step()
    else:
        tf1.train.assert_global_step(global_step)
    with tf1.variable_scope(name, "OptimizeLoss", [loss, global_step]):
        if update_ops is None:
            update_ops = list(dict.fromkeys(tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)))
        if update_ops:
            loss = _with_dependencies(update_ops, loss)
        rate = _learning_rate(learning_rate)
        enabled = _enabled_summaries(summaries)
        if learning_rate is not None and learning_rate_decay_fn is not None:
            if global_step is None:
                raise ValueError(
                    "global_step is required for learning_rate_decay_fn; the graph has none; "
                    "create it with tf.train.get_or_create_global_step()."
                )
            rate = learning_rate_decay_fn(rate, global_step)
            if "learning_rate" in enabled:
                tf1.summary.scalar("learning_rate", rate)
        trainer = _optimizer(optimizer, rate, learning_rate)
        gradients = trainer.compute_gradients(
            loss,
            tf1.trainable_variables() if variables is None else variables,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        gradients = _adjust(gradients, gradient_noise_scale, gradient_multipliers)
        clipped = _clip(gradients, clip_gradients, enabled)
        _summarize(loss, clipped, clip_gradients, enabled)
        update = trainer.apply_gradients(
            clipped, global_step=global_step if increment_global_step else None, name="train"
        )
        return _with_dependencies([update], loss)


def _with_dependencies(operations: Sequence[Operation], tensor: Tensor) -> Tensor:
    """Returns a tensor that runs some operations first; its op has the name of the original."""
    with (
        tf1.name_scope("control_dependency") as name,
        tf1.colocate_with(tensor),
        tf1.control_dependencies(operations),
    ):
        return tf1.identity(tensor, name=name)


def _assert_scalar(loss: Tensor) -> None:
    if loss.shape.ndims != 0:
        raise ValueError(
            f"Expected scalar shape for {loss.name}, saw shape: {loss.shape}; expected a scalar "
            "loss; reduce it first."
        )


def _learning_rate(learning_rate: Any) -> Any:
    """Returns the learning rate as a scalar tensor or a variable, or None."""
    if learning_rate is None or (tf1.is_tensor(learning_rate) and learning_rate.shape.ndims == 0):
        return learning_rate
    if not isinstance(learning_rate, float) or learning_rate < 0.0:
        raise ValueError(
            f"Learning rate should be 0d Tensor or float. Got {learning_rate} of type "
            f"{type(learning_rate)}; expected a number that is not negative; convert it."
        )
    return tf1.get_variable(
        "learning_rate", [], trainable=False, initializer=tf1.constant_initializer(learning_rate)
    )


def _enabled_summaries(summaries: Sequence[str] | None) -> Sequence[str]:
    """Returns the names of the summaries to write, and raises a ValueError for another name."""
    if summaries is None:
        return _DEFAULT_SUMMARIES
    for summary in summaries:
        if summary not in OPTIMIZER_SUMMARIES:
            raise ValueError(
                f"Summaries should be one of [{', '.join(OPTIMIZER_SUMMARIES)}], you provided "
                f"{summary}; remove it."
            )
    return summaries


def _optimizer(optimizer: Any, rate: Any, learning_rate: Any) -> Any:
    """Returns the optimizer that an argument of `optimize_loss` stands for.

    Args:
      optimizer: A name, a class, an optimizer or a function.
      rate: The learning rate after decay, or None.
      learning_rate: The learning rate that the caller passed, or None.

    Raises:
      ValueError: The argument has another form, or it needs a learning rate and there is none.
    """
    base_class = tf1.train.Optimizer
    if isinstance(optimizer, base_class):
        return optimizer
    is_name = isinstance(optimizer, str)
    if is_name and optimizer not in OPTIMIZER_CLS_NAMES:
        raise ValueError(
            f"Optimizer name should be one of [{', '.join(OPTIMIZER_CLS_NAMES)}], you provided "
            f"{optimizer}; pass one of those names, or the optimizer itself."
        )
    is_class = isinstance(optimizer, type) and issubclass(optimizer, base_class)
    if is_name or is_class:
        if rate is None:
            raise ValueError(
                f"Learning rate is None, but should be specified if optimizer is "
                f"{'string' if is_name else 'class'} ({optimizer}); pass `learning_rate`."
            )
        return (OPTIMIZER_CLS_NAMES[optimizer] if is_name else optimizer)(learning_rate=rate)
    result = None
    if callable(optimizer):
        result = optimizer() if learning_rate is None else optimizer(rate)
    if not isinstance(result, base_class):
        raise ValueError(
            f"Unrecognized optimizer: {optimizer} gives {result}; expected a string, a subclass or "
            "an instance of tf.train.Optimizer, or a function that returns an instance; pass one "
            "of those."
        )
    return result


def _adjust(gradients: _Gradients, noise: float | None, factors: Any) -> _Gradients:
    """Adds noise to gradients, and multiplies gradients by their variables' factors."""
    if noise is not None:
        gradients = [(_add_noise(gradient, noise), variable) for gradient, variable in gradients]
    if factors is None:
        return gradients
    if not gradients:
        raise ValueError(
            "Empty list of (gradient, var) pairs encountered; expected trainable variables; see "
            "`gradient_multipliers`."
        )
    return [(_multiply(gradient, variable, factors), variable) for gradient, variable in gradients]


def _add_noise(gradient: Tensor | None, scale: float) -> Tensor | None:
    if gradient is None:
        return None
    shape = gradient.dense_shape if isinstance(gradient, tf1.IndexedSlices) else gradient.shape
    return gradient + tf1.random.truncated_normal(shape) * scale


def _multiply(
    gradient: Tensor | None, variable: Variable, factors: Mapping[Any, Any]
) -> Tensor | None:
    """Multiplies a gradient by the factor of its variable, if there is one."""
    by_key = variable.ref() in factors or any(key is variable for key in factors)
    key = variable if by_key else variable.name
    if gradient is None or not (by_key or key in factors):
        return gradient
    factor = next(value for name, value in factors.items() if name is key or name == key)
    if isinstance(gradient, tf1.IndexedSlices):
        values = gradient.values * tf1.constant(factor, dtype=gradient.dtype)
        return tf1.IndexedSlices(values, gradient.indices, gradient.dense_shape)
    return gradient * tf1.constant(factor, dtype=gradient.dtype)


def _global_norm(gradients: _Gradients) -> Tensor:
    return tf1.global_norm([gradient for gradient, _ in gradients])


def _clip(gradients: _Gradients, limit: Any, enabled: Sequence[str]) -> _Gradients:
    """Clips gradients by their global norm or by a function, and writes a summary of the norm."""
    if "global_gradient_norm" in enabled or "gradient_norm" in enabled:
        tf1.summary.scalar("global_norm/gradient_norm", _global_norm(gradients))
    if limit is None:
        return gradients
    if callable(limit):
        clipped_pairs: _Gradients = limit(gradients)
        return clipped_pairs
    if not isinstance(limit, float):
        raise ValueError(
            f"Unknown type {type(limit)} for clip_gradients ({limit}); expected a float or a "
            "function; write 1.0 for 1."
        )
    clipped, _ = tf1.clip_by_global_norm([gradient for gradient, _ in gradients], limit)
    return list(zip(clipped, [variable for _, variable in gradients], strict=True))


def _summarize(loss: Tensor, gradients: _Gradients, limit: Any, enabled: Sequence[str]) -> None:
    """Writes summaries of the loss and of the clipped gradients."""
    if "loss" in enabled:
        tf1.summary.scalar("loss", loss)
    for gradient, variable in gradients:
        if gradient is None:
            continue
        values = gradient.values if isinstance(gradient, tf1.IndexedSlices) else gradient
        tag = variable.name.replace(":", "_")
        if "gradients" in enabled:
            tf1.summary.histogram(f"gradients/{tag}", values)
        if "gradient_norm" in enabled:
            tf1.summary.scalar(f"gradient_norm/{tag}", tf1.global_norm([values]))
    if limit is not None and ("global_gradient_norm" in enabled or "gradient_norm" in enabled):
        tf1.summary.scalar("global_norm/clipped_gradient_norm", _global_norm(gradients))


def clip_gradients_by_norm(optimizer: Any, clip_norm: float) -> Any:
    """Changes an optimizer to clip gradients by their global norm before it applies them.

    Args:
      optimizer: A `tf.train.Optimizer`.
      clip_norm: The largest global norm.

    Returns:
      The same optimizer.
    """

    def apply_gradients(grads_and_vars: _Gradients, *args: Any, **kwargs: Any) -> Any:
        gradients, variables = zip(*grads_and_vars, strict=True)
        clipped, _ = tf1.clip_by_global_norm(gradients, clip_norm)
        return apply_clipped(list(zip(clipped, variables, strict=True)), *args, **kwargs)

    apply_clipped = optimizer.apply_gradients
    optimizer.apply_gradients = apply_gradients
    return optimizer
