"""The losses of Keras by their names: functions, classes, and where a class takes its reduction."""

from __future__ import annotations

import ast

from migrate.scanning.syntax import argument

# Where `reduction` stands among the arguments of a class, in legacy Keras and in Keras 3.
_REDUCTION_AT = {
    **dict.fromkeys(("CategoricalHinge", "CTC", "Dice", "Hinge", "KLDivergence", "LogCosh"), 0),
    **dict.fromkeys(("MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError"), 0),
    **dict.fromkeys(("MeanSquaredLogarithmicError", "Poisson", "SquaredHinge"), 0),
    **dict.fromkeys(("CosineSimilarity", "Huber"), 1),
    **dict.fromkeys(("SparseCategoricalCrossentropy", "Tversky"), 2),
    **dict.fromkeys(("BinaryCrossentropy", "CategoricalCrossentropy", "Circle"), 3),
    "CategoricalFocalCrossentropy": 5,
    "BinaryFocalCrossentropy": 6,
}
# Functions whose names are written like those of classes.
_CAPITALS = frozenset({"KLD", "MAE", "MAPE", "MSE", "MSLE"})
# Functions of TensorFlow 2's `tf.losses`, which TensorFlow 1 does not have by these names.
_OF_V2_ALONE = frozenset(
    {
        *("binary_crossentropy", "categorical_crossentropy", "categorical_hinge", "hinge", "huber"),
        *("kl_divergence", "kld", "log_cosh", "mae", "mape", "mean_absolute_error"),
        *("mean_absolute_percentage_error", "mean_squared_logarithmic_error", "mse", "msle"),
        *("poisson", "sparse_categorical_crossentropy", "squared_hinge"),
    }
)


def is_keras_function(name: str) -> bool:
    """Tells whether a name is a loss function of Keras: it returns a loss for each example."""
    last = name.removeprefix("losses.")
    if last != name:
        return last in _OF_V2_ALONE or last in _CAPITALS
    last = name.removeprefix("keras.losses.")
    if last == name or last in ("deserialize", "get", "serialize"):
        return False
    return last[:1].islower() or last in _CAPITALS


def is_keras_class(name: str) -> bool:
    """Tells whether a name is a class of Keras losses.

    TensorFlow 2 has them in `tf.losses`, too; TensorFlow 1's `tf.losses` has no such classes.
    """
    last = name.removeprefix("keras.").removeprefix("losses.")
    return (
        name in (f"losses.{last}", f"keras.losses.{last}")
        and last[:1].isupper()
        and last not in ("Loss", "Reduction", *_CAPITALS)
        and "." not in last
    )


def reduction_at(last: str) -> int | None:
    """Returns where the reduction stands among the arguments of a class; None if it is not known.

    Args:
      last: The name of the class, without its module.
    """
    return _REDUCTION_AT.get(last)


def reduction_argument(call: ast.Call, name: str) -> ast.expr | None:
    """Returns the reduction that a class of Keras losses is given; None if it is the default.

    Args:
      call: The call that makes the object.
      name: The class, as `is_keras_class` takes it.
    """
    last = name.rpartition(".")[2]
    given = argument(call, "reduction", reduction_at(last))
    if given is None and last == "SparseCategoricalCrossentropy":
        # Before TensorFlow 2.10 it was the second; now that is `ignore_class`, a number.
        second = argument(call, "", 1)
        is_text = isinstance(second, ast.Constant) and isinstance(second.value, str)
        is_number = isinstance(second, ast.UnaryOp | ast.Constant) and not is_text
        return None if is_number else second
    return given
