"""The heads of TensorFlow 1, as `tf.contrib.estimator` and `canned.head` made them.

The functions of `tf.contrib.estimator` reduce a loss by SUM_OVER_BATCH_SIZE unless told otherwise,
those of `canned.head` by SUM.
"""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.heads import arguments, binary_class, multi_label, regression
from estimator_compat.heads.legacy_head import LegacyHead
from estimator_compat.heads.multi_class import MultiClass
from estimator_compat.type_aliases import Tensor

_MEAN = tf1.losses.Reduction.SUM_OVER_BATCH_SIZE
_SUM = tf1.losses.Reduction.SUM
LossFn = Callable[..., Tensor]


def binary_classification_head(
    weight_column: Any = None,
    thresholds: Sequence[float] | None = None,
    label_vocabulary: Sequence[str] | None = None,
    loss_reduction: str = _MEAN,
    loss_fn: LossFn | None = None,
    name: str | None = None,
) -> LegacyHead:
    """Returns a head for one of two classes; the arguments are those of `BinaryClassHead`."""
    task = binary_class.checked_task(thresholds, label_vocabulary, loss_fn, TypeError)
    return LegacyHead(task, weight_column=weight_column, loss_reduction=loss_reduction, name=name)


def multi_class_head(
    n_classes: int,
    weight_column: Any = None,
    label_vocabulary: Sequence[str] | None = None,
    loss_reduction: str = _MEAN,
    loss_fn: LossFn | None = None,
    name: str | None = None,
) -> LegacyHead:
    """Returns a head for one of several classes; the arguments are those of `MultiClassHead`."""
    arguments.check_vocabulary_type(label_vocabulary)
    task = MultiClass(
        n_classes=arguments.checked_class_count(n_classes),
        vocabulary=label_vocabulary,
        loss_fn=loss_fn,
        regularization_is_last=True,
    )
    return LegacyHead(task, weight_column=weight_column, loss_reduction=loss_reduction, name=name)


def multi_label_head(
    n_classes: int,
    weight_column: Any = None,
    thresholds: Sequence[float] | None = None,
    label_vocabulary: Sequence[str] | None = None,
    loss_reduction: str = _MEAN,
    loss_fn: LossFn | None = None,
    classes_for_class_based_metrics: Sequence[Any] | None = None,
    name: str | None = None,
) -> LegacyHead:
    """Returns a head for any of several classes; the arguments are those of `MultiLabelHead`."""
    task = multi_label.checked_task(
        n_classes,
        thresholds,
        label_vocabulary,
        loss_fn,
        classes_for_class_based_metrics,
        predicts_classes=False,
    )
    return LegacyHead(task, weight_column=weight_column, loss_reduction=loss_reduction, name=name)


def regression_head(
    weight_column: Any = None,
    label_dimension: int = 1,
    loss_reduction: str = _MEAN,
    loss_fn: LossFn | None = None,
    inverse_link_fn: Callable[[Tensor], Tensor] | None = None,
    name: str | None = None,
) -> LegacyHead:
    """Returns a head for numbers; the arguments are those of `RegressionHead`."""
    arguments.check_label_dimension(label_dimension)
    task = regression.Regression(
        label_dimension=label_dimension, loss_fn=loss_fn, inverse_link_fn=inverse_link_fn
    )
    return LegacyHead(task, weight_column=weight_column, loss_reduction=loss_reduction, name=name)


def poisson_regression_head(
    weight_column: Any = None,
    label_dimension: int = 1,
    loss_reduction: str = _MEAN,
    compute_full_loss: bool = True,
    name: str | None = None,
) -> LegacyHead:
    """Returns a head for counts; the arguments are those of `PoissonRegressionHead`."""
    loss_fn = regression.poisson_loss(full=compute_full_loss)
    return regression_head(weight_column, label_dimension, loss_reduction, loss_fn, tf.exp, name)


def logistic_regression_head(
    weight_column: Any = None, loss_reduction: str = _MEAN, name: str | None = None
) -> LegacyHead:
    """Returns a head for labels from 0 to 1; it has the arguments of `LogisticRegressionHead`."""
    loss_fn = regression.logistic_loss
    return regression_head(weight_column, 1, loss_reduction, loss_fn, tf.sigmoid, name)


def canned_regression_head(
    weight_column: Any = None,
    label_dimension: int = 1,
    loss_reduction: str = _SUM,
    loss_fn: LossFn | None = None,
    inverse_link_fn: Callable[[Tensor], Tensor] | None = None,
    name: str | None = None,
) -> LegacyHead:
    """Returns the head that was `canned.head._regression_head`."""
    return regression_head(
        weight_column, label_dimension, loss_reduction, loss_fn, inverse_link_fn, name
    )


def canned_binary_head(
    weight_column: Any = None,
    thresholds: Sequence[float] | None = None,
    label_vocabulary: Sequence[str] | None = None,
    loss_reduction: str = _SUM,
    loss_fn: LossFn | None = None,
    name: str | None = None,
) -> LegacyHead:
    """Returns `canned.head._binary_logistic_head_with_sigmoid_cross_entropy_loss`."""
    return binary_classification_head(
        weight_column, thresholds, label_vocabulary, loss_reduction, loss_fn, name
    )


def canned_multi_class_head(
    n_classes: int,
    weight_column: Any = None,
    label_vocabulary: Sequence[str] | None = None,
    loss_reduction: str = _SUM,
    loss_fn: LossFn | None = None,
    name: str | None = None,
) -> LegacyHead:
    """Returns `canned.head._multi_class_head_with_softmax_cross_entropy_loss`."""
    return multi_class_head(
        n_classes, weight_column, label_vocabulary, loss_reduction, loss_fn, name
    )


def binary_or_multi_class_head(
    n_classes: int,
    weight_column: Any,
    label_vocabulary: Sequence[str] | None,
    loss_reduction: str,
) -> LegacyHead:
    """Returns the head of a classifier: for one of two classes, or for one of several."""
    if n_classes == 2:
        return canned_binary_head(
            weight_column, label_vocabulary=label_vocabulary, loss_reduction=loss_reduction
        )
    return canned_multi_class_head(n_classes, weight_column, label_vocabulary, loss_reduction)
