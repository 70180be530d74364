"""The linear and the deep part of a wide and deep model, as its arguments give them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from estimator_compat.canned import linear
from estimator_compat.canned.dnn_model import DeepLayers

DEEP_RATE = 0.001
_LINEAR_RATE = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of a wide and deep model.

    Attributes:
      linear_columns: The feature columns of the linear part; () for no linear part.
      linear_optimizer: Its optimizer, as the argument gives it.
      sparse_combiner: "sum", "mean" or "sqrtn".
      deep: The layers of the deep part; without columns there is no deep part.
      deep_optimizer: Its optimizer, as the argument gives it.
    """

    linear_columns: tuple[Any, ...]
    linear_optimizer: Any
    sparse_combiner: str
    deep: DeepLayers
    deep_optimizer: Any

    @property
    def linear_rate(self) -> float:
        """The learning rate of the linear part, if its optimizer is given by name."""
        return linear.default_rate(self.linear_columns, _LINEAR_RATE)


def make(
    linear_columns: Sequence[Any] | None,
    linear_optimizer: Any,
    sparse_combiner: str,
    deep_columns: Sequence[Any] | None,
    deep_optimizer: Any,
    hidden_units: Sequence[int] | None,
    activation: Any,
    dropout: float | None,
    batch_norm: bool,
) -> Parts:
    """Makes the parts of the arguments of an estimator.

    Raises:
      ValueError: There are no columns.
    """
    if not linear_columns and not deep_columns:
        raise ValueError(
            "Either linear_feature_columns or dnn_feature_columns must be defined; both are "
            "empty; pass one of the two or both."
        )
    deep = DeepLayers(
        hidden_units=hidden_units or (),
        columns=tuple(deep_columns or ()),
        activation=activation,
        dropout=dropout,
        batch_norm=batch_norm,
    )
    return Parts(
        linear_columns=tuple(linear_columns or ()),
        linear_optimizer=linear_optimizer,
        sparse_combiner=sparse_combiner,
        deep=deep,
        deep_optimizer=deep_optimizer,
    )


def check_hidden_units(layers: DeepLayers) -> None:
    """Raises ValueError if a deep part has no hidden layers."""
    if not layers.hidden_units:
        raise ValueError(
            "dnn_hidden_units must be defined when dnn_feature_columns is specified; expected the "
            "number of units of each hidden layer; pass, for example, [100, 50]."
        )
