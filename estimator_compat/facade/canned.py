"""Private names of the original's canned estimators, which programs use for their own estimators.

`get_optimizer_instance` is from `canned/optimizers.py`. `Head`, the base class of all heads, is
from `canned/head.py`: an interface, which computes nothing itself.
"""

from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Features, Labels, Tensor

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


class Head:
    """The interface of `canned.head._Head`, for heads that a program writes itself."""

    @property
    def name(self) -> Any:
        """The name of the head, or None."""
        raise NotImplementedError(_not_defined(self, "name"))

    @property
    def logits_dimension(self) -> int:
        """The number of logits of an example."""
        raise NotImplementedError(_not_defined(self, "logits_dimension"))

    def create_loss(self, features: Features, mode: str, logits: Tensor, labels: Labels) -> Any:
        """Returns the loss and its parts, as the subclass defines them."""
        raise NotImplementedError(_not_defined(self, "create_loss"))

    def create_estimator_spec(
        self,
        features: Features,
        mode: str,
        logits: Tensor,
        labels: Labels = None,
        optimizer: Any = None,
        train_op_fn: Callable[[Tensor], Any] | None = None,
        regularization_losses: Any = None,
    ) -> Any:
        """Returns the EstimatorSpec of a mode, made of the head's TPUEstimatorSpec.

        Args:
          features: The features.
          mode: One of `ModeKeys`.
          logits: The logits, `[batch, logits_dimension]`.
          labels: The labels, or None in PREDICT mode.
          optimizer: The optimizer of a TRAIN graph, or None for `train_op_fn`.
          train_op_fn: Returns the train_op of a loss, or None for `optimizer`.
          regularization_losses: Scalar tensors that are added to the loss, or None.

        Raises:
          NotImplementedError: The subclass defines neither this method nor
            `_create_tpu_estimator_spec`.
        """
        try:
            spec = self._create_tpu_estimator_spec(
                features, mode, logits, labels, optimizer, train_op_fn, regularization_losses
            )
            return spec.as_estimator_spec()
        except NotImplementedError:
            raise NotImplementedError(
                "Subclasses of _Head must implement `create_estimator_spec()` or "
                f"_create_tpu_estimator_spec(); {type(self).__name__} has neither; define one of "
                "these methods."
            ) from None

    def _create_tpu_estimator_spec(
        self,
        features: Features,
        mode: str,
        logits: Tensor,
        labels: Labels = None,
        optimizer: Any = None,
        train_op_fn: Callable[[Tensor], Any] | None = None,
        regularization_losses: Any = None,
    ) -> Any:
        raise NotImplementedError(_not_defined(self, "_create_tpu_estimator_spec"))


def _not_defined(head: Head, name: str) -> str:
    return (
        f"`{name}` of {type(head).__name__} is not defined; expected a subclass of _Head to define "
        "it; define it there."
    )
