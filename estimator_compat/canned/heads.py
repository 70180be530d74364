"""The heads of canned classifiers."""

from collections.abc import Sequence
from typing import Any

from estimator_compat.heads.base import Head
from estimator_compat.heads.binary_class import BinaryClassHead
from estimator_compat.heads.multi_class import MultiClassHead


def classifier(
    n_classes: int,
    weight_column: Any,
    label_vocabulary: Sequence[str] | None,
    loss_reduction: str,
) -> Head:
    """Returns the head of a classifier: for one of two classes, or for one of several."""
    if n_classes == 2:
        return BinaryClassHead(
            weight_column=weight_column,
            label_vocabulary=label_vocabulary,
            loss_reduction=loss_reduction,
        )
    return MultiClassHead(
        n_classes,
        weight_column=weight_column,
        label_vocabulary=label_vocabulary,
        loss_reduction=loss_reduction,
    )
