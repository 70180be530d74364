"""The losses of Keras: classes that reduce, when their objects are called."""

from __future__ import annotations

from migrate.ledger_reading.heads import Reduced
from migrate.ledger_reading.values import Value

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
_REDUCTIONS = {"auto": "sum_over_batch_size", "sum": "sum"} | dict.fromkeys(
    ["sum_over_batch_size"], "sum_over_batch_size"
)


def losses(value: Value) -> Reduced | None:
    """Returns what the call of a Keras loss computes; None for other values."""
    if value.name != "object" or not value.args:
        return None
    made = value.args[0]
    if not made.name.startswith(("keras.losses.", "losses.")):
        return None
    op = _CLASSES.get(made.name.rpartition(".")[2])
    if op is None:
        return None
    given = made.argument("reduction")
    last = "auto" if given is None else str(given.data).rpartition(".")[2].lower()
    reduction = _REDUCTIONS.get(last)
    if reduction is None:
        return Reduced(losses=value, why="its `reduction`")
    weights = value.argument("sample_weight", position=3)
    if weights is not None and weights.is_none:
        weights = None
    return Reduced(losses=value, op=op, weights=weights, reduction=reduction)
