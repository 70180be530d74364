"""Writes feature columns and initializers as the calls of TensorFlow that make them."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from migrate.graph_reading.api_names import api_name

# The function of `tf.feature_column` that makes a class of columns.
_FUNCTIONS = {
    "NumericColumn": "numeric_column",
    "BucketizedColumn": "bucketized_column",
    "HashedCategoricalColumn": "categorical_column_with_hash_bucket",
    "IdentityCategoricalColumn": "categorical_column_with_identity",
    "VocabularyListCategoricalColumn": "categorical_column_with_vocabulary_list",
    "VocabularyFileCategoricalColumn": "categorical_column_with_vocabulary_file",
    "CrossedColumn": "crossed_column",
    "WeightedCategoricalColumn": "weighted_categorical_column",
    "IndicatorColumn": "indicator_column",
    "EmbeddingColumn": "embedding_column",
    "SequenceNumericColumn": "sequence_numeric_column",
}
_SEQUENCE = "SequenceCategoricalColumn"
# Fields that have another name among the arguments of the function.
_ARGUMENTS = {"number_buckets": "num_buckets"}


def is_column(value: Any) -> bool:
    """Tells whether a value is a feature column."""
    return isinstance(value, tuple) and hasattr(value, "parse_example_spec")


def is_initializer(value: Any) -> bool:
    """Tells whether a value is an initializer of TensorFlow's, and not of Keras's."""
    name = api_name(type(value))
    return name.endswith("_initializer") or name.startswith("tf.initializers.")


def source(value: Any, source_of: Callable[[Any], str | None]) -> str | None:
    """Returns the call that makes a feature column or an initializer; None if there is none.

    The call has the arguments that make a difference.

    Args:
      value: The column or initializer.
      source_of: Returns the source of an argument.
    """
    name, function = _maker(value)
    if function is None:
        return None
    arguments = _minimal(function, _fields(value), value)
    if arguments is None:
        return None
    parts = []
    parameters = inspect.signature(function).parameters
    for index, (key, one) in enumerate(arguments.items()):
        text = source_of(one)
        if text is None:
            return None
        is_first = list(parameters)[: index + 1] == list(arguments)[: index + 1]
        required = parameters[key].default is inspect.Parameter.empty
        parts.append(text if is_first and required else f"{key}={text}")
    return f"{name}({', '.join(parts)})"


def _maker(value: Any) -> tuple[str, Callable[..., Any] | None]:
    """Returns the name of the function that makes a value, and the function."""
    if is_initializer(value):
        return api_name(type(value)).replace("tf.", "tf1.", 1), type(value)
    kind, prefix = type(value).__name__, ""
    if kind == _SEQUENCE:
        kind, prefix = type(value.categorical_column).__name__, "sequence_"
    name = prefix + _FUNCTIONS.get(kind, "")
    return f"tf.feature_column.{name}", getattr(tf.feature_column, name, None)


def _fields(value: Any) -> dict[str, Any]:
    if is_initializer(value):
        return dict(value.get_config())
    if type(value).__name__ == _SEQUENCE:
        value = value.categorical_column
    return {_ARGUMENTS.get(one, one): getattr(value, one) for one in value._fields}


def _minimal(
    function: Callable[..., Any], fields: Mapping[str, Any], value: Any
) -> dict[str, Any] | None:
    """Returns the arguments without which a function makes another value; None if it does."""
    parameters = inspect.signature(function).parameters
    arguments = {name: fields[name] for name in parameters if name in fields}
    if not _makes(function, arguments, value):
        return None
    for name in list(arguments):
        if parameters[name].default is not inspect.Parameter.empty:
            fewer = {key: one for key, one in arguments.items() if key != name}
            arguments = fewer if _makes(function, fewer, value) else arguments
    return arguments


def _makes(function: Callable[..., Any], arguments: Mapping[str, Any], value: Any) -> bool:
    try:
        return _is_same(function(**arguments), value)
    except (TypeError, ValueError):
        return False


def _is_same(made: Any, value: Any) -> bool:
    if type(made) is not type(value):
        return False
    if is_initializer(value):
        return bool(made.get_config() == value.get_config())
    if is_column(value):
        return all(_is_same(getattr(made, n), getattr(value, n)) for n in value._fields)
    return bool(made == value)
