"""What programs take from the private files of the canned estimators, to build their own on.

`get_optimizer_instance` of `canned/optimizers.py`, and the base class of the heads of
`canned/head.py`: an interface, which computes nothing itself.
"""

from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf1

_OPTIMIZERS = {
    "Adagrad": tf1.train.AdagradOptimizer,
    "Adam": tf1.train.AdamOptimizer,
    "Ftrl": tf1.train.FtrlOptimizer,
    "RMSProp": tf1.train.RMSPropOptimizer,
    "SGD": tf1.train.GradientDescentOptimizer,
}


def get_optimizer_instance(opt: Any, learning_rate: float | None = None) -> Any:
    """Returns the optimizer that a canned estimator's argument means.

    Args:
      opt: A `tf.train.Optimizer`, a function of no arguments that makes one, or one of the names
        Adagrad, Adam, Ftrl, RMSProp and SGD.
      learning_rate: Of an optimizer that is given by its name; not used with others.

    Raises:
      ValueError: `opt` is none of them, or a name without a learning rate.
    """
    if isinstance(opt, str):
        return _named(opt, learning_rate)
    made = opt() if callable(opt) else opt
    if not isinstance(made, tf1.train.Optimizer):
        raise ValueError(
            f"The given object is not an Optimizer instance. Given: {made}; expected a "
            "tf.train.Optimizer, a function that returns one, or a name; pass "
            "tf.train.AdagradOptimizer(0.05), for example."
        )
    return made


def _named(name: str, learning_rate: float | None) -> Any:
    if name not in _OPTIMIZERS:
        raise ValueError(
            f"Unsupported optimizer name: {name}. Supported names are: {tuple(_OPTIMIZERS)}; pass "
            "one of them, or an optimizer."
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
        raise NotImplementedError(_abstract(self, "name"))

    @property
    def logits_dimension(self) -> int:
        raise NotImplementedError(_abstract(self, "logits_dimension"))

    def create_loss(self, features: Any, mode: str, logits: Any, labels: Any) -> Any:
        raise NotImplementedError(_abstract(self, "create_loss"))

    def create_estimator_spec(
        self,
        features: Any,
        mode: str,
        logits: Any,
        labels: Any = None,
        optimizer: Any = None,
        train_op_fn: Callable[[Any], Any] | None = None,
        regularization_losses: Any = None,
    ) -> Any:
        """Returns the EstimatorSpec of what `_create_tpu_estimator_spec` returns."""
        try:
            spec = self._create_tpu_estimator_spec(
                features, mode, logits, labels, optimizer, train_op_fn, regularization_losses
            )
            return spec.as_estimator_spec()
        except NotImplementedError:
            raise NotImplementedError(
                "Subclasses of _Head must implement `create_estimator_spec()` or "
                f"_create_tpu_estimator_spec(); {type(self).__name__} has neither; write one."
            ) from None

    def _create_tpu_estimator_spec(
        self,
        features: Any,
        mode: str,
        logits: Any,
        labels: Any = None,
        optimizer: Any = None,
        train_op_fn: Callable[[Any], Any] | None = None,
        regularization_losses: Any = None,
    ) -> Any:
        raise NotImplementedError(_abstract(self, "_create_tpu_estimator_spec"))


def _abstract(head: Head, name: str) -> str:
    return (
        f"`{name}` of {type(head).__name__} is not written; expected a subclass of _Head to have "
        "it; write it there."
    )
