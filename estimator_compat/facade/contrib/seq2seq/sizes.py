"""Sizes of outputs and states: what follows an array's batch axis.

A size is an integer, a `TensorShape`, or a scalar tensor where a length is known at run time only.
"""

from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Tensor


def known_dimension(tensor: Tensor, axis: int) -> Any:
    """Returns a dimension of a tensor: an integer if it is known, otherwise a scalar tensor."""
    size = tensor.shape.as_list()[axis] if tensor.shape.ndims is not None else None
    return tf1.shape(tensor)[axis] if size is None else size


def static_shape(size: Any) -> tf.TensorShape:
    """Returns a size as a `TensorShape`, in which a length is None if only a run knows it."""
    return tf.TensorShape([tf1.get_static_value(size)] if tf1.is_tensor(size) else size)


def zeros(size: Any, batch_size: Any, dtype: Any) -> Tensor:
    """Returns zeros of a size for each example of a batch.

    Args:
      size: The size.
      batch_size: The number of examples, an integer or a scalar tensor.
      dtype: The dtype.
    """
    lengths = [size] if tf1.is_tensor(size) else tf.TensorShape(size).as_list()
    made = tf1.zeros(tf1.stack([batch_size, *lengths]), dtype)
    batch = tf1.get_static_value(batch_size) if tf1.is_tensor(batch_size) else batch_size
    tail = [tf1.get_static_value(one) if tf1.is_tensor(one) else one for one in lengths]
    made.set_shape([batch, *tail])
    return made


def of_outputs(cell: Any, output_layer: Any) -> Any:
    """Returns the sizes of a decoder's outputs: those of the cell, or of the layer after it."""
    if output_layer is None:
        return cell.output_size

    def after_layer(size: Any) -> Any:
        shape = tf.TensorShape([None]).concatenate(tf.TensorShape(size))
        return tf.TensorShape(output_layer.compute_output_shape(shape))[1:]

    return tf1.nest.map_structure(after_layer, cell.output_size)
