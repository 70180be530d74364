"""`Head`: the interface of the heads of TensorFlow 2, to subclass."""

import abc
from collections.abc import Callable, Sequence
from typing import Any

from estimator_compat.type_aliases import Features, Labels, Nest, Operation, Tensor, Variable


class Head(abc.ABC):
    """The interface of a head, for heads that a program writes itself.

    A subclass defines the abstract members, and `create_estimator_spec` or
    `_create_tpu_estimator_spec`.
    """

    @property
    @abc.abstractmethod
    def name(self) -> str | None:
        """The name of the head, which its metrics and summaries end in; None for no name."""
        raise NotImplementedError("Calling an abstract method.")

    @property
    @abc.abstractmethod
    def logits_dimension(self) -> Any:
        """The number of logits of an example."""
        raise NotImplementedError("Calling an abstract method.")

    @property
    @abc.abstractmethod
    def loss_reduction(self) -> str:
        """The reduction of the training loss, a value of `tf.losses.Reduction`."""
        raise NotImplementedError("Calling an abstract method.")

    @abc.abstractmethod
    def loss(
        self,
        labels: Labels,
        logits: Nest,
        features: Features = None,
        mode: str | None = None,
        regularization_losses: Sequence[Tensor] | None = None,
    ) -> Tensor:
        """Returns the training loss with the regularization, a scalar."""
        raise NotImplementedError("Calling an abstract method.")

    @abc.abstractmethod
    def predictions(self, logits: Nest, keys: Sequence[str] | None = None) -> dict[Any, Tensor]:
        """Returns the predictions by name: those of `keys`, or all."""
        raise NotImplementedError("Calling an abstract method.")

    @abc.abstractmethod
    def metrics(self, regularization_losses: Sequence[Tensor] | None = None) -> dict[str, Any]:
        """Makes the metrics of Keras 2, by name."""
        raise NotImplementedError("Calling an abstract method.")

    @abc.abstractmethod
    def update_metrics(
        self,
        eval_metrics: dict[str, Any],
        features: Features,
        logits: Nest,
        labels: Labels,
        mode: str | None = None,
        regularization_losses: Sequence[Tensor] | None = None,
    ) -> dict[str, Any]:
        """Updates the metrics with a batch, and returns them."""
        raise NotImplementedError("Calling an abstract method.")

    def _summary_key(self, key: str) -> str:
        """Adds the name of the head to the name of a metric or a summary."""
        return f"{key}/{self.name}" if self.name else key

    def create_estimator_spec(
        self,
        features: Features,
        mode: str,
        logits: Nest,
        labels: Labels = None,
        optimizer: Any = None,
        trainable_variables: Sequence[Variable] | None = None,
        train_op_fn: Callable[[Tensor], Operation] | None = None,
        update_ops: Sequence[Operation] | None = None,
        regularization_losses: Sequence[Tensor] | None = None,
    ) -> Any:
        """Returns the `EstimatorSpec` of a mode.

        Args:
          features: The features by name.
          mode: One of `ModeKeys`.
          logits: The logits, `[D0, D1, ... DN, logits_dimension]`.
          labels: The labels, or None in PREDICT.
          optimizer: An optimizer of Keras 2, for TRAIN; None for `train_op_fn`.
          trainable_variables: The variables that the optimizer trains.
          train_op_fn: A function from the loss to the train_op, for TRAIN; None for `optimizer`.
          update_ops: Ops that run in each training step, or None.
          regularization_losses: Scalars that are added to the training loss, or None.

        Raises:
          NotImplementedError: The subclass defines neither this method nor
            `_create_tpu_estimator_spec`.
          ValueError: An argument is missing, or has another type or shape.
        """
        try:
            spec = self._create_tpu_estimator_spec(
                features=features,
                mode=mode,
                logits=logits,
                labels=labels,
                optimizer=optimizer,
                trainable_variables=trainable_variables,
                train_op_fn=train_op_fn,
                update_ops=update_ops,
                regularization_losses=regularization_losses,
            )
            return spec.as_estimator_spec()
        except NotImplementedError:
            raise NotImplementedError(
                "Subclasses of Head must implement `create_estimator_spec()` or "
                f"_create_tpu_estimator_spec(); {type(self).__name__} has neither; define one of "
                "these methods."
            ) from None

    def _create_tpu_estimator_spec(
        self,
        features: Features,
        mode: str,
        logits: Nest,
        labels: Labels = None,
        optimizer: Any = None,
        trainable_variables: Sequence[Variable] | None = None,
        train_op_fn: Callable[[Tensor], Operation] | None = None,
        update_ops: Sequence[Operation] | None = None,
        regularization_losses: Sequence[Tensor] | None = None,
    ) -> Any:
        """Returns the `TPUEstimatorSpec` of a mode; the arguments are as above."""
        raise NotImplementedError(f"TPUEstimatorSpec not available for {type(self).__name__}.")
