"""The parsing specs of examples with features, a label and a weight."""

from collections.abc import Iterable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1


def classifier_parse_example_spec(
    feature_columns: Iterable[Any],
    label_key: str,
    label_dtype: Any = tf.int64,
    label_default: Any = None,
    weight_column: Any = None,
) -> dict[str, Any]:
    """Returns the parsing spec of the examples of a classifier.

    Args:
      feature_columns: The feature columns of the model.
      label_key: The name of the label.
      label_dtype: The dtype of the label.
      label_default: The label of an example without one; None if every example has one.
      weight_column: The name of the weight, its numeric column, or None.

    Returns:
      The spec by name, for `tf.io.parse_example`.

    Raises:
      ValueError: The label or the weight is a feature, too, or the weight has another form.
    """
    spec = tf.feature_column.make_parse_example_spec(feature_columns)
    return _with_label(spec, label_key, (1,), label_dtype, label_default, weight_column)


def regressor_parse_example_spec(
    feature_columns: Iterable[Any],
    label_key: str,
    label_dtype: Any = tf.float32,
    label_default: Any = None,
    label_dimension: int = 1,
    weight_column: Any = None,
) -> dict[str, Any]:
    """Returns the parsing spec of the examples of a regressor.

    Args:
      feature_columns: The feature columns of the model.
      label_key: The name of the label.
      label_dtype: The dtype of the label.
      label_default: The label of an example without one; None if every example has one.
      label_dimension: The number of values of a label.
      weight_column: The name of the weight, its numeric column, or None.

    Returns:
      The spec by name, for `tf.io.parse_example`.

    Raises:
      ValueError: The label or the weight is a feature, too, or the weight has another form.
    """
    spec = tf.feature_column.make_parse_example_spec(feature_columns)
    shape = (label_dimension,)
    return _with_label(spec, label_key, shape, label_dtype, label_default, weight_column)


def classifier_parse_example_spec_v1(
    feature_columns: Iterable[Any],
    label_key: str,
    label_dtype: Any = tf.int64,
    label_default: Any = None,
    weight_column: Any = None,
) -> dict[str, Any]:
    """Returns the parsing spec of a classifier, for the feature columns of TensorFlow 1, too."""
    spec = tf1.feature_column.make_parse_example_spec(feature_columns)
    return _with_label(spec, label_key, (1,), label_dtype, label_default, weight_column)


def regressor_parse_example_spec_v1(
    feature_columns: Iterable[Any],
    label_key: str,
    label_dtype: Any = tf.float32,
    label_default: Any = None,
    label_dimension: int = 1,
    weight_column: Any = None,
) -> dict[str, Any]:
    """Returns the parsing spec of a regressor, for the feature columns of TensorFlow 1, too."""
    spec = tf1.feature_column.make_parse_example_spec(feature_columns)
    shape = (label_dimension,)
    return _with_label(spec, label_key, shape, label_dtype, label_default, weight_column)


def _with_label(
    spec: dict[str, Any],
    label_key: str,
    shape: tuple[int, ...],
    dtype: Any,
    default: Any,
    weight_column: Any,
) -> dict[str, Any]:
    """Adds the label and the weight to the spec of the features."""
    if label_key in spec:
        raise ValueError(
            f"label should not be used as feature. label_key: {label_key}, features: "
            f"{list(spec)}; expected another name; leave its column out of `feature_columns`."
        )
    spec[label_key] = tf.io.FixedLenFeature(shape, dtype, default)
    if weight_column is None:
        return spec
    if isinstance(weight_column, str):
        weight_column = tf.feature_column.numeric_column(weight_column)
    if not isinstance(weight_column, type(tf.feature_column.numeric_column("any"))):
        raise ValueError(
            "weight_column should be an instance of tf.feature_column.numeric_column. Given type: "
            f"{type(weight_column)} value: {weight_column}; pass the name of the feature, or its "
            "numeric column."
        )
    if weight_column.key in spec:
        raise ValueError(
            "weight_column should not be used as feature. weight_column: "
            f"{weight_column.key}, features: {list(spec)}; expected another name; leave its column "
            "out of `feature_columns`."
        )
    return {**spec, **weight_column.parse_example_spec}
