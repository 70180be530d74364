"""Checks of the arguments of heads, when a head is made."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import user_functions
from estimator_compat.type_aliases import Tensor

REDUCTIONS_V2 = ("auto", "sum", "sum_over_batch_size")
_LOSS_FN_ARGUMENTS = {"labels", "logits", "features", "loss_reduction"}


def check_reduction(loss_reduction: str, allowed: Sequence[str]) -> None:
    """Raises ValueError if a reduction does not make a scalar of a batch's losses.

    Args:
      loss_reduction: The argument of the head.
      allowed: The reductions that the head can use.
    """
    if loss_reduction not in allowed:
        raise ValueError(
            f"Invalid loss_reduction: {loss_reduction}; expected one of {', '.join(allowed)}; pass "
            "one of these, since a training loss is one number."
        )


def check_loss_fn(loss_fn: Callable[..., Any] | None) -> None:
    """Raises ValueError if a head cannot call a `loss_fn`, by the names of its arguments."""
    if loss_fn is None:
        return
    names = user_functions.argument_names(loss_fn)
    for name in ("labels", "logits"):
        if name not in names:
            raise ValueError(
                f"loss_fn must contain argument: {name}. Given arguments: {names}; expected a "
                "function of `labels` and `logits`, and of `features` if it likes; add the "
                "argument."
            )
    if unknown := [name for name in names if name not in _LOSS_FN_ARGUMENTS]:
        raise ValueError(
            f"loss_fn has unexpected args: {unknown}; expected `labels`, `logits` and `features` "
            "only; bind the others with functools.partial or a lambda."
        )


def checked_thresholds(thresholds: Sequence[float] | None, *, message: str) -> tuple[float, ...]:
    """Returns the thresholds as a tuple.

    Args:
      thresholds: Probabilities above 0 and below 1, or None.
      message: The first words of the error; `{all}` and `{one}` stand for the thresholds.

    Raises:
      ValueError: A threshold is not above 0 and below 1.
    """
    numbers = tuple(thresholds) if thresholds else ()
    for number in numbers:
        if not 0.0 < number < 1.0:
            raise ValueError(
                f"{message.format(all=(numbers,), one=number)}; expected probabilities above 0 and "
                "below 1; leave this threshold out."
            )
    return numbers


def check_vocabulary_type(
    vocabulary: Any, *, message: str = "should be a list or a tuple", error: type = ValueError
) -> None:
    """Raises an error if a vocabulary is neither a list, a tuple nor None."""
    if vocabulary is not None and not isinstance(vocabulary, list | tuple):
        raise error(
            f"label_vocabulary {message}. Given type: {type(vocabulary)}; expected the words of "
            "the classes in the order of their ids; pass a list."
        )


def checked_class_count(n_classes: Any) -> Any:
    """Returns the number of classes of a multi-class head: an integer or a scalar tensor.

    Raises:
      ValueError: It is None, or an integer below 3.
    """
    if n_classes is None:
        raise ValueError(
            "n_classes cannot be None; expected the number of classes; count the classes of the "
            "labels."
        )
    if isinstance(n_classes, int):
        if n_classes <= 2:
            raise ValueError(
                f"n_classes must be > 2: {n_classes}; expected at least three classes; use "
                "BinaryClassHead for two."
            )
        return n_classes
    tensor = tf.convert_to_tensor(n_classes)
    message = "n_classes must be greater than 2"
    tf1.debugging.assert_greater(tensor, 2, message=message)
    return n_classes


def checked_metric_classes(
    classes: Sequence[Any] | None, n_classes: int, vocabulary: Sequence[str] | None
) -> tuple[int, ...]:
    """Returns the ids of the classes that get metrics of their own.

    Args:
      classes: Ids, or words of the vocabulary; None for no classes.
      n_classes: The number of all classes.
      vocabulary: The words of the classes, or None.

    Raises:
      ValueError: A class is not among the head's classes, or there are words without a vocabulary.
    """
    given = tuple(classes or ())
    if given and isinstance(given[0], str):
        if not vocabulary:
            raise ValueError(
                "label_vocabulary must be provided when classes_for_class_based_metrics are "
                f"strings. Given: {given}; expected ids; pass ids or the vocabulary."
            )
        return tuple(vocabulary.index(word) for word in given)
    for class_id in given:
        if not 0 <= class_id < n_classes:
            raise ValueError(
                f"All classes_for_class_based_metrics must be in range [0, {n_classes - 1}]. "
                f"Given: {class_id}; expected ids of classes; leave this id out."
            )
    return given


def check_label_dimension(label_dimension: int) -> None:
    """Raises ValueError if a regression has no label."""
    if label_dimension < 1:
        raise ValueError(
            f"Invalid label_dimension {label_dimension}; expected the number of values of an "
            "example's label; pass 1 or more."
        )


def check_prediction_keys(keys: Sequence[str], known: Sequence[str]) -> None:
    """Raises ValueError if a head does not have a prediction."""
    for key in keys:
        if key not in known:
            raise ValueError(
                f"Prediction key must be in PredictionKeys, given: {key}; expected some of "
                f"{', '.join(known)}; leave the others out."
            )


def loss_fn_takes_features(loss_fn: Callable[..., Tensor]) -> bool:
    """Tells whether a `loss_fn` has the argument `features`."""
    return "features" in user_functions.argument_names(loss_fn)
