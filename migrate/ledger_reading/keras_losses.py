"""The losses of Keras: functions, and classes that reduce when their objects are called."""

from __future__ import annotations

from migrate.ledger_reading.heads import Reduced
from migrate.ledger_reading.values import Kind, Value
from migrate.scanning.keras_losses import is_keras_class, is_keras_function, reduction_at

# What their classes compute for each example, after a mean over the last axis.
_CLASSES = {
    "BinaryCrossentropy": "mean(binary_crossentropy, axis=-1)",
    "CategoricalCrossentropy": "categorical_crossentropy()",
    "CategoricalHinge": "categorical_hinge()",
    "CosineSimilarity": "cosine_similarity()",
    "Hinge": "mean(hinge, axis=-1)",
    "Huber": "mean(huber, axis=-1)",
    "KLDivergence": "kl_divergence()",
    "LogCosh": "mean(log_cosh, axis=-1)",
    "MeanAbsoluteError": "mean(absolute_difference, axis=-1)",
    "MeanAbsolutePercentageError": "mean(absolute_percentage_error, axis=-1)",
    "MeanSquaredError": "mean(squared_difference, axis=-1)",
    "MeanSquaredLogarithmicError": "mean(squared_logarithmic_error, axis=-1)",
    "Poisson": "mean(poisson, axis=-1)",
    "SparseCategoricalCrossentropy": "sparse_categorical_crossentropy()",
    "SquaredHinge": "mean(squared_hinge, axis=-1)",
}
# What their functions compute, by the class that computes the same.
_FUNCTIONS = {
    "binary_crossentropy": "BinaryCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "categorical_hinge": "CategoricalHinge",
    "hinge": "Hinge",
    "huber": "Huber",
    "kl_divergence": "KLDivergence",
    "kld": "KLDivergence",
    "log_cosh": "LogCosh",
    "mae": "MeanAbsoluteError",
    "mape": "MeanAbsolutePercentageError",
    "mean_absolute_error": "MeanAbsoluteError",
    "mean_absolute_percentage_error": "MeanAbsolutePercentageError",
    "mean_squared_error": "MeanSquaredError",
    "mean_squared_logarithmic_error": "MeanSquaredLogarithmicError",
    "mse": "MeanSquaredError",
    "msle": "MeanSquaredLogarithmicError",
    "poisson": "Poisson",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "squared_hinge": "SquaredHinge",
}
_REDUCTIONS = {
    "auto": "sum_over_batch_size",
    "none": "none",
    "sum": "sum",
    "sum_over_batch_size": "sum_over_batch_size",
}


def losses(value: Value) -> Reduced | None:
    """Returns what the call of a Keras loss computes; None for other values."""
    made = _made(value)
    op = "" if made is None else _CLASSES.get(made.name.rpartition(".")[2], "")
    if made is None or not op:
        return None
    reduction = reduction_of(made)
    if not reduction or _has_axis(made):
        return Reduced(losses=value, why="its `axis`" if reduction else "its `reduction`")
    weights = value.argument("sample_weight", position=3)
    if weights is not None and weights.is_none:
        weights = None
    return Reduced(losses=value, op=op, weights=weights, reduction=reduction)


def reduction_of(made: Value) -> str:
    """Returns the reduction of the call that makes a Keras loss; "" if it is not known."""
    name = made.name.rpartition(".")[2]
    given = made.argument("reduction", position=reduction_at(name))
    if given is None and name == "SparseCategoricalCrossentropy":
        second = made.argument("", position=1)  # before TensorFlow 2.10 it was the second
        is_class = second is None or second.number is not None or second.is_none
        given = None if is_class else second
    return "sum_over_batch_size" if given is None else named(given)


def named(given: Value) -> str:
    """Returns the reduction that a value names, in lower case; "" if it is not known."""
    if given.kind not in (Kind.CONSTANT, Kind.SYMBOL):
        return ""
    return _REDUCTIONS.get(str(given.data).rpartition(".")[2].lower(), "")


def op_of_elements(value: Value) -> str:
    """Returns what a function, or an object that does not reduce, computes; "" for other values."""
    made = _made(value)
    if made is None:
        is_function = is_keras_function(value.name) and not _has_axis(value)
        last = value.name.rpartition(".")[2].lower() if is_function else ""
        return _CLASSES.get(_FUNCTIONS.get(last, ""), "")
    if value.argument("sample_weight", position=3) is not None or _has_axis(made):
        return ""
    op = _CLASSES.get(made.name.rpartition(".")[2], "")
    return op if reduction_of(made) == "none" else ""


def outputs(value: Value) -> tuple[Value, ...]:
    """Returns the labels and predictions of a call of a Keras loss; none for other values."""
    if _made(value) is not None:
        return value.args[1:3]
    return value.args[:2] if is_keras_function(value.name) else ()


def is_reduced(value: Value) -> bool:
    """Returns whether a value is the number that an object of a Keras loss returns."""
    made = _made(value)
    return made is not None and reduction_of(made) not in ("", "none")


def _made(value: Value) -> Value | None:
    """Returns the call that made the object of a Keras loss that is called; None for others."""
    if value.name != "object" or not value.args or not is_keras_class(value.args[0].name):
        return None
    return value.args[0]


def _has_axis(call: Value) -> bool:
    axis = call.argument("axis")
    return axis is not None and axis.number != -1
