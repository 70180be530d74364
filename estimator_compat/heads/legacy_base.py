"""`Head` of TensorFlow 1, which was `canned.head._Head`: an interface, which computes nothing."""

from collections.abc import Callable
from typing import Any, NamedTuple

from estimator_compat.type_aliases import Features, Labels, Tensor


class LossSpec(NamedTuple):
    """The loss of a head of TensorFlow 1, and its parts.

    Attributes:
      training_loss: The loss without the regularization, a scalar.
      unreduced_loss: `[D0, D1, ... DN, loss_dimension]`.
      weights: The weights of the examples, or 1.0.
      processed_labels: The labels as numbers, checked.
    """

    training_loss: Any
    unreduced_loss: Any
    weights: Any
    processed_labels: Any


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
