"""Optimizers of `tf.contrib.opt`: decoupled weight decay, LARS, and Adam that skips absent rows.

An optimizer must implement private methods such as `_apply_dense`: see
`private_tensorflow.OVERRIDDEN`.
"""

from collections.abc import Sequence
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow


class DecoupledWeightDecayExtension:
    """A mixin of optimizers that subtracts `weight_decay * variable` before each update.

    Args:
      weight_decay: A number, a tensor, or a function that returns a number or a tensor. It is not
        multiplied by the learning rate.
      **kwargs: The arguments of the optimizer.
    """

    def __init__(self, weight_decay: Any, **kwargs: Any) -> None:
        self._weight_decay = weight_decay
        self._decayed: set[Any] | None = None
        super().__init__(**kwargs)

    def minimize(
        self,
        loss: Any,
        global_step: Any = None,
        var_list: Any = None,
        *args: Any,
        decay_var_list: Sequence[Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Returns an op that minimizes the loss and decays variables.

        Args:
          loss: A scalar tensor.
          global_step: The variable to increment, or None.
          var_list: The variables to train; None for all trainable variables.
          *args: Further arguments of `compute_gradients`.
          decay_var_list: The variables that decay; None for all.
          **kwargs: Further arguments of `compute_gradients`, and the `name` of the op.
        """
        self._set_decayed(decay_var_list)
        gradients = self.compute_gradients(loss, var_list, *args, **_without(kwargs, "name"))  # type: ignore[attr-defined]
        return self.apply_gradients(
            gradients, global_step, kwargs.get("name"), decay_var_list=decay_var_list
        )

    def apply_gradients(
        self,
        grads_and_vars: Any,
        global_step: Any = None,
        name: str | None = None,
        decay_var_list: Sequence[Any] | None = None,
    ) -> Any:
        """Returns an op that applies gradients and decays variables.

        Args:
          grads_and_vars: Pairs of a gradient and its variable.
          global_step: The variable to increment, or None.
          name: The name of the op.
          decay_var_list: The variables that decay; None for all.
        """
        self._set_decayed(decay_var_list)
        return super().apply_gradients(grads_and_vars, global_step=global_step, name=name)  # type: ignore[misc]

    def _set_decayed(self, variables: Sequence[Any] | None) -> None:
        self._decayed = {variable.ref() for variable in variables} if variables else None

    def _factor(self) -> Any:
        return self._weight_decay() if callable(self._weight_decay) else self._weight_decay

    def _decays(self, variable: Any) -> bool:
        return self._decayed is None or variable.ref() in self._decayed

    def _decay(self, variable: Any) -> list[Any]:
        if not self._decays(variable):
            return []
        locking = private_tensorflow.uses_locking(self)
        return [variable.assign_sub(self._factor() * variable, locking)]

    def _decay_rows(self, variable: Any, rows: Any) -> list[Any]:
        if not self._decays(variable):
            return []
        lost = -self._factor() * tf1.gather(variable, rows)
        return [tf1.scatter_add(variable, rows, lost, private_tensorflow.uses_locking(self))]

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        with tf1.control_dependencies(self._decay(var)):
            return super()._apply_dense(grad, var)  # type: ignore[misc]

    def _resource_apply_dense(self, grad: Any, var: Any) -> Any:
        with tf1.control_dependencies(self._decay(var)):
            return super()._resource_apply_dense(grad, var)  # type: ignore[misc]

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        with tf1.control_dependencies(self._decay_rows(var, grad.indices)):
            return super()._apply_sparse(grad, var)  # type: ignore[misc]

    def _resource_apply_sparse(self, grad: Any, var: Any, indices: Any) -> Any:
        with tf1.control_dependencies(self._decay_rows(var, indices)):
            return super()._resource_apply_sparse(grad, var, indices)  # type: ignore[misc]


def _without(settings: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key != name}


def extend_with_decoupled_weight_decay(base_optimizer: Any) -> Any:
    """Returns a subclass of an optimizer class whose first argument is `weight_decay`."""

    class OptimizerWithDecoupledWeightDecay(DecoupledWeightDecayExtension, base_optimizer):
        def __init__(self, weight_decay: Any, *args: Any, **kwargs: Any) -> None:
            names = base_optimizer.__init__.__code__.co_varnames[1 : len(args) + 1]
            super().__init__(weight_decay, **dict(zip(names, args, strict=True)), **kwargs)

    return OptimizerWithDecoupledWeightDecay


class AdamWOptimizer(DecoupledWeightDecayExtension, tf1.train.AdamOptimizer):
    """Adam with decoupled weight decay.

    Args:
      weight_decay: As for `DecoupledWeightDecayExtension`.
      learning_rate: As for `tf.train.AdamOptimizer`.
      beta1: As for `tf.train.AdamOptimizer`.
      beta2: As for `tf.train.AdamOptimizer`.
      epsilon: As for `tf.train.AdamOptimizer`.
      use_locking: As for `tf.train.AdamOptimizer`.
      name: The prefix of the optimizer's operations.
    """

    def __init__(
        self,
        weight_decay: Any,
        learning_rate: Any = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "AdamW",
    ) -> None:
        super().__init__(
            weight_decay,
            learning_rate=learning_rate,
            beta1=beta1,
            beta2=beta2,
            epsilon=epsilon,
            use_locking=use_locking,
            name=name,
        )


class MomentumWOptimizer(DecoupledWeightDecayExtension, tf1.train.MomentumOptimizer):
    """Momentum with decoupled weight decay.

    Args:
      weight_decay: As for `DecoupledWeightDecayExtension`.
      learning_rate: As for `tf.train.MomentumOptimizer`.
      momentum: As for `tf.train.MomentumOptimizer`.
      use_locking: As for `tf.train.MomentumOptimizer`.
      name: The prefix of the optimizer's operations.
      use_nesterov: As for `tf.train.MomentumOptimizer`.
    """

    def __init__(
        self,
        weight_decay: Any,
        learning_rate: Any,
        momentum: Any,
        use_locking: bool = False,
        name: str = "MomentumW",
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(
            weight_decay,
            learning_rate=learning_rate,
            momentum=momentum,
            use_locking=use_locking,
            name=name,
            use_nesterov=use_nesterov,
        )


class LazyAdamOptimizer(tf1.train.AdamOptimizer):
    """Adam that, for a sparse gradient, updates only the rows that have a gradient.

    `tf.train.AdamOptimizer` also decays the moments of the other rows, and updates these rows.
    """

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return self._update_rows(grad.values, var, grad.indices)

    def _resource_apply_sparse(self, grad: Any, var: Any, indices: Any) -> Any:
        return self._update_rows(grad, var, indices)

    def _update_rows(self, gradient: Any, var: Any, rows: Any) -> Any:
        kind = var.dtype.base_dtype
        adam, locking = private_tensorflow.adam_tensors(self), private_tensorflow.uses_locking(self)
        power1, power2 = tf1.cast(adam.beta1_power, kind), tf1.cast(adam.beta2_power, kind)
        beta1, beta2 = tf1.cast(adam.beta1, kind), tf1.cast(adam.beta2, kind)
        rate = tf1.cast(adam.rate, kind) * tf1.sqrt(1 - power2) / (1 - power1)
        m, v = self.get_slot(var, "m"), self.get_slot(var, "v")
        new_m = beta1 * tf1.gather(m, rows) + (1 - beta1) * gradient
        new_v = beta2 * tf1.gather(v, rows) + (1 - beta2) * tf1.square(gradient)
        step = rate * new_m / (tf1.sqrt(new_v) + tf1.cast(adam.epsilon, kind))
        return tf1.group(
            tf1.scatter_update(m, rows, new_m, locking),
            tf1.scatter_update(v, rows, new_v, locking),
            tf1.scatter_sub(var, rows, step, locking),
        )


class LARSOptimizer(tf1.train.MomentumOptimizer):
    """Momentum with a learning rate for each layer, after its weights and its gradient (LARS).

    The gradient of a variable is multiplied by
    `learning_rate * eeta * |variable| / (|gradient| + weight_decay * |variable| + epsilon)`. Rows
    of a sparse gradient have ordinary momentum. It is described in
    https://arxiv.org/abs/1708.03888.

    Args:
      learning_rate: The learning rate.
      momentum: The momentum.
      weight_decay: The share of the variable that is added to its gradient.
      eeta: The factor above.
      epsilon: A number above 0 where gradients are very small.
      name: The prefix of the optimizer's operations.
      skip_list: Parts of names. A variable whose name has one gets ordinary momentum, without
        weight decay.
      use_nesterov: As for `tf.train.MomentumOptimizer`.

    Raises:
      ValueError: `momentum` or `weight_decay` is negative.
    """

    def __init__(
        self,
        learning_rate: Any,
        momentum: Any = 0.9,
        weight_decay: float = 0.0001,
        eeta: float = 0.001,
        epsilon: float = 0.0,
        name: str = "LARSOptimizer",
        skip_list: Sequence[str] | None = None,
        use_nesterov: bool = False,
    ) -> None:
        for argument, value in (("momentum", momentum), ("weight_decay", weight_decay)):
            if value < 0.0:
                raise ValueError(
                    f"{argument} should be positive: {value}; expected a number from 0; pass "
                    f"`{argument}`=0.0 for none."
                )
        super().__init__(learning_rate, momentum, name=name, use_nesterov=use_nesterov)
        self._given_rate = learning_rate
        self._settings = {"momentum": momentum, "use_nesterov": use_nesterov}
        self._weight_decay = weight_decay
        self._eeta = eeta
        self._epsilon = epsilon
        self._skip_list = skip_list or ()

    def compute_lr(self, grad: Any, var: Any) -> tuple[Any, Any]:
        """Returns the learning rate of a variable, and its gradient with the weight decay."""
        if any(part in var.name for part in self._skip_list):
            return self._given_rate, grad
        size, grad_size = tf1.norm(var, ord=2), tf1.norm(grad, ord=2)
        ratio = self._eeta * size / (grad_size + self._weight_decay * size + self._epsilon)
        ratio = tf1.where(tf1.greater(size, 0), tf1.where(grad_size > 0, ratio, 1.0), 1.0)
        return self._given_rate * ratio, grad + self._weight_decay * var

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        rate, grad = self.compute_lr(grad, var)
        slot = self.get_slot(var, "momentum")
        one = tf1.constant(1.0, var.dtype.base_dtype)
        return tf1.raw_ops.ApplyMomentum(
            var=var, accum=slot, lr=one, grad=grad * rate, **self._settings
        )

    def _resource_apply_dense(self, grad: Any, var: Any) -> Any:
        rate, grad = self.compute_lr(grad, var)
        slot = self.get_slot(var, "momentum")
        one = tf1.constant(1.0, var.dtype.base_dtype)
        return tf1.raw_ops.ResourceApplyMomentum(
            var=var.handle, accum=slot.handle, lr=one, grad=grad * rate, **self._settings
        )
