"""`Task`: what is special about a kind of head."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from estimator_compat.heads import exports, losses
from estimator_compat.heads.metric_rows import Row
from estimator_compat.losses import unreduced
from estimator_compat.type_aliases import Features, Labels, Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is special about a kind of head.

    Attributes:
      loss_fn: The program's function for the unreduced loss; None for the task's own.
    """

    loss_fn: Callable[..., Tensor] | None = None

    @property
    def logits_dimension(self) -> Any:
        """The number of logits of an example."""
        raise NotImplementedError

    @property
    def loss_dimension(self) -> int:
        """The last dimension of the unreduced loss."""
        return 1

    @property
    def weights_each_logit(self) -> bool:
        """Whether each logit may have a weight of its own."""
        return False

    @property
    def prediction_keys(self) -> tuple[str, ...]:
        """The names of the predictions, in their order."""
        raise NotImplementedError

    @property
    def exports(self) -> dict[str, str]:
        """The name of the prediction that a signature has, by signature; the default is first."""
        raise NotImplementedError

    @property
    def classes(self) -> tuple[Any, Any]:
        """The number of classes and their words; None for a regression, or without words."""
        return None, None

    def processed_labels(self, labels: Labels, logits: Tensor) -> Tensor:
        """Returns the labels as numbers, checked, `[D0, D1, ... DN, label_dimension]`."""
        raise NotImplementedError

    def own_loss(self, labels: Tensor, logits: Tensor) -> Tensor:
        """Returns the unreduced loss, `[D0, D1, ... DN, loss_dimension]`."""
        raise NotImplementedError

    def unreduced_loss(self, labels: Tensor, logits: Tensor, features: Features) -> Tensor:
        """Returns the unreduced loss: that of `loss_fn`, or the task's own."""
        if self.loss_fn is None:
            found = self.own_loss(labels, logits)
        else:
            dimension = self.loss_dimension
            found = losses.from_function(self.loss_fn, labels, logits, features, dimension)
        unreduced.mark(found)
        return found

    def predictions(self, logits: Tensor, keys: Sequence[str]) -> dict[str, Tensor]:
        """Returns the predictions that are asked for, by name."""
        raise NotImplementedError

    def export_outputs(self, predictions: dict[str, Tensor]) -> dict[str, Any]:
        """Returns the export outputs by signature."""
        return exports.outputs(self.exports, predictions, *self.classes)

    def metric_rows(self) -> list[Row]:
        """Returns the metrics in their order, with `metric_rows.REGULARIZATION` in its place."""
        raise NotImplementedError
