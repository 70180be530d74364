"""Logits, labels and weights that a head is called with: their shapes, checked.

In a graph, what the static shapes do not say is checked for each batch. Eager tensors are checked
at once.
"""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.type_aliases import Features, Tensor

_LOGITS = "logits shape must be [D0, D1, ... DN, logits_dimension"
_WEIGHTS = "weights shape must be [D0, D1, ... DN] or [D0, D1, ... DN, 1]"
_LOGIT_WEIGHTS = (
    "weights shape must be [D0, D1, ... DN], [D0, D1, ... DN, 1] or "
    "[D0, D1, ... DN, logits_dimension]"
)
NO_LABELS = (
    "You must provide a labels Tensor. Given: None. Expected labels in training and evaluation; "
    "let the input_fn return (features, labels)."
)


def checked_logits(logits: Any, dimension: Any) -> Tensor:
    """Returns logits as float32.

    Args:
      logits: `[D0, D1, ... DN, dimension]`.
      dimension: An integer, or a scalar tensor.

    Raises:
      ValueError: The logits have another shape.
      tf.errors.InvalidArgumentError: The same, found at run time.
    """
    with tf1.name_scope(None, "logits", [logits]):
        logits = tf.cast(logits, tf.float32)
        shape = logits.shape
        advice = f"{_LOGITS}], got {shape}; expected {dimension} logits for each example"
        if shape.rank is not None and shape.rank < 2:
            raise ValueError(f"{advice}; reshape the logits to [batch, {dimension}].")
        known = shape.as_list()[-1] if shape.rank is not None else None
        if isinstance(dimension, int) and known is not None:
            if known != dimension:
                raise ValueError(f"{advice}; give the last layer of the model {dimension} units.")
            return logits
        dynamic = tf.shape(logits)
        message = f"{_LOGITS}={dimension}]" if isinstance(dimension, int) else f"{_LOGITS}]"
        rank = tf1.debugging.assert_rank_at_least(logits, 2, data=[dynamic], message=message)
        with tf.control_dependencies(_operations(rank)):
            last = dynamic[-1]
        equal = tf1.debugging.assert_equal(dimension, last, data=[dynamic], message=message)
        with tf.control_dependencies(_operations(equal)):
            return tf.identity(logits)


def _operations(assertion: Any) -> list[Any]:
    """Returns the assertion for control dependencies; eager assertions have none."""
    return [] if assertion is None else [assertion]


def dense_labels(labels: Any, logits: Tensor, dimension: Any) -> Tensor:
    """Returns labels of the shape of the logits, but for the last dimension.

    Args:
      labels: `[D0, D1, ... DN, dimension]`; the last dimension may be missing.
      logits: `[D0, D1, ... DN, logits_dimension]`.
      dimension: The number of values of an example's label.

    Raises:
      ValueError: The labels are None, sparse or of another shape.
      tf.errors.InvalidArgumentError: They are of another shape, found at run time.
    """
    if labels is None:
        raise ValueError(NO_LABELS)
    with tf1.name_scope(None, "labels", [labels, logits]):
        labels = tf1.convert_to_tensor_or_sparse_tensor(labels)
        if isinstance(labels, tf.SparseTensor):
            raise ValueError(
                "SparseTensor labels are not supported. Labels must be a Tensor of shape [D0, D1, "
                f"..., DN, {dimension}]; expected {dimension} value(s) for each example; use "
                "tf.sparse.to_dense in the input_fn."
            )
        if _lacks_last_dimension(labels, logits):
            labels = tf.expand_dims(labels, -1)
        return _labels_of_shape(labels, logits, dimension)


def _lacks_last_dimension(tensor: Tensor, logits: Tensor) -> bool:
    """Tells whether a tensor is known to have one dimension less than the logits."""
    ranks = tensor.shape.rank, logits.shape.rank
    return None not in ranks and ranks[0] == ranks[1] - 1


def _labels_of_shape(labels: Tensor, logits: Tensor, dimension: Any) -> Tensor:
    message = (
        f"labels shape must be [D0, D1, ... DN, {dimension}]. Expected one label for each example; "
        "check `n_classes` and the labels of the input_fn."
    )
    shape = labels.shape
    if shape.rank is not None and shape.rank < 2:
        first = "labels must have rank at least 2" if tf.executing_eagerly() else "labels shape"
        raise ValueError(f"{first}. Received shape {shape}. {message}")
    if shape.rank is not None and shape.as_list()[-1] not in (None, dimension):
        received = shape.as_list()[-1]
        raise ValueError(
            f"Mismatched label shape. Expected labels dimension={dimension}. Received {received}; "
            f"expected {dimension} value(s) for each example; check `n_classes`, and whether the "
            "labels are one-hot."
        )
    rank = tf1.debugging.assert_rank_at_least(labels, 2, message=message)
    with tf.control_dependencies(_operations(rank)):
        expected = tf.concat([tf.shape(logits)[:-1], [dimension]], axis=0)
        given = {"expected_labels_shape": expected, "labels_shape": tf.shape(labels)}
        return _of_shape(labels, [expected], message, given)


def _of_shape(
    tensor: Tensor, shapes: Sequence[Tensor], message: str, given: dict[str, Tensor]
) -> Tensor:
    """Returns a tensor whose shape is one of some shapes.

    Args:
      tensor: The tensor.
      shapes: The possible shapes, as int32 tensors.
      message: The error's message.
      given: The shapes that the message shows, by name.
    """
    actual = tf.shape(tensor)
    if tf.executing_eagerly():
        possible = [tuple(shape.numpy().tolist()) for shape in shapes]
        if tuple(tensor.shape.as_list()) not in possible:
            shown = " ".join(f"{name}: {shape.numpy()}." for name, shape in given.items())
            raise ValueError(f"{message} {shown}")
        return tensor
    data = [message, *(part for name, shape in given.items() for part in (f"{name}: ", shape))]
    if len(shapes) == 1:
        check = tf1.debugging.assert_equal(shapes[0], actual, message=message, data=data[1:])
    else:
        fits = [
            tf.reduce_all(tf.raw_ops.Equal(x=shape, y=actual, incompatible_shape_error=False))
            for shape in shapes
        ]
        check = tf.debugging.Assert(tf.reduce_any(fits), data)
    with tf.control_dependencies([check]):
        return tf.identity(tensor)


def weights(
    features: Features, column: Any, logits: Tensor, *, per_logit: bool = False, dense: bool = False
) -> Any:
    """Returns the weights of the examples, `[D0, D1, ... DN, 1]` or as the logits; 1.0 for none.

    Args:
      features: The features by name.
      column: The name of a feature, a numeric feature column, or None for no weights.
      logits: `[D0, D1, ... DN, logits_dimension]`.
      per_logit: Whether each logit may have a weight of its own.
      dense: Whether `column` may be any dense feature column.

    Raises:
      TypeError: `column` is something else.
      ValueError: The weights are not numbers, or their shape does not fit.
      tf.errors.InvalidArgumentError: Their shape does not fit, found at run time.
    """
    if column is None:
        return 1.0
    with tf1.name_scope(None, "weights", [*features.values(), logits]):
        values = _column_values(features, column, dense)
        batch = tf.shape(logits)[:-1]
        message = _LOGIT_WEIGHTS if per_logit else _WEIGHTS
        given = {"logits_shape": tf.shape(logits), "weights_shape": tf.shape(values)}
        if _lacks_last_dimension(values, logits):
            return tf.expand_dims(_of_shape(values, [batch], message, given), -1)
        shapes = [tf.concat([batch, [1]], axis=0)]
        if per_logit:
            shapes.append(tf.shape(logits))
        return _of_shape(values, shapes, message, given)


def _column_values(features: Features, column: Any, dense: bool) -> Tensor:
    if isinstance(column, str):
        column = tf.feature_column.numeric_column(key=column, shape=(1,))
    allowed: Any = type(tf.feature_column.numeric_column("any"))
    if dense:
        allowed = private_tensorflow.DENSE_COLUMN
    if not isinstance(column, allowed):
        raise TypeError(
            "Weight column must be either a string or "
            f"{'_DenseColumn' if dense else 'NumericColumn'}. Given type: {type(column)}; expected "
            "the name of a feature; pass the name, or tf.feature_column.numeric_column(name)."
        )
    values = private_tensorflow.dense_feature(column, features)
    if not (values.dtype.is_floating or values.dtype.is_integer):
        raise ValueError(
            f"Weight column should be castable to float. Given dtype: {values.dtype}; expected "
            "numbers; parse the feature as float32 in the input_fn."
        )
    return tf.cast(values, tf.float32)


def in_range(labels: Tensor, n_classes: Any, message: str | None = None) -> Tensor:
    """Returns labels that are at least 0 and below `n_classes`.

    Args:
      labels: Numbers.
      n_classes: The number of classes.
      message: The error's message; None for one of this function.

    Raises:
      ValueError: An eager label is not in the range.
      tf.errors.InvalidArgumentError: The same, found at run time.
    """
    with tf1.name_scope(None, "check_label_range", [labels]):
        last = tf.cast(n_classes - 1, labels.dtype)
        if tf.executing_eagerly():
            if not tf.reduce_all(labels <= last):
                raise ValueError(message or f"Labels must be <= {n_classes} - 1{_RANGE}")
            if not tf.reduce_all(labels >= tf.cast(0, labels.dtype)):
                raise ValueError(message or f"Labels must be >= 0{_RANGE}")
            return labels
        above = f"Labels must be <= n_classes - 1{_RANGE}"
        checks = (
            tf1.debugging.assert_less_equal(labels, last, message=message or above),
            tf1.debugging.assert_non_negative(
                labels, message=message or f"Labels must be >= 0{_RANGE}"
            ),
        )
        with tf.control_dependencies(checks):
            return tf.identity(labels)


_RANGE = "; expected ids of classes; check `n_classes` and the labels, or pass `label_vocabulary`."
