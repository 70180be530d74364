"""The beams of each example, as an axis of their own or as examples: `[batch, beams, ...]`."""

from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.facade.contrib.seq2seq import gather_tree, sizes
from estimator_compat.type_aliases import Nest, Tensor


class Beams:
    """Reshapes tensors between `[batch, beams, ...]` and `[batch * beams, ...]`.

    Args:
      batch_size: The number of examples, a scalar tensor.
      width: The number of beams of each.
    """

    def __init__(self, batch_size: Tensor, width: int) -> None:
        self._batch_size, self._width = batch_size, width
        self._static_batch: int | None = tf1.get_static_value(batch_size)

    @property
    def static_batch(self) -> int | None:
        """The number of examples; None if only a run knows it."""
        return self._static_batch

    def merge(self, tensor: Tensor, size: Any) -> Tensor:
        """Returns a tensor as `[batch * beams, ...]`.

        Args:
          tensor: `[batch, beams, ...]`.
          size: What follows the two axes, as far as it is known.
        """
        tail = tf1.shape(tensor)[2:]
        merged = tf1.reshape(tensor, tf1.concat([[self._batch_size * self._width], tail], 0))
        both = None if self._static_batch is None else self._static_batch * self._width
        merged.set_shape(tf.TensorShape([both]).concatenate(sizes.static_shape(size)))
        return merged

    def split(self, tensor: Tensor, size: Any) -> Tensor:
        """Returns a tensor as `[batch, beams, ...]`.

        Args:
          tensor: `[batch * beams, ...]`.
          size: What follows the first axis, as far as it is known.

        Raises:
          ValueError: The tensor has another number of rows, or another size.
        """
        self._check_rows(tensor)
        tail = tf1.shape(tensor)[1:]
        made = tf1.reshape(tensor, tf1.concat([[self._batch_size, self._width], tail], 0))
        both = tf.TensorShape([self._static_batch, self._width])
        expected = both.concatenate(sizes.static_shape(size))
        if not made.shape.is_compatible_with(expected):
            raise ValueError(
                "Unexpected behavior when reshaping between beam width and batch size. The "
                f"reshaped tensor has shape: {made.shape}; expected (batch_size, beam_width, "
                f"depth) == {expected}; create the `zero_state` with batch_size=encoder_batch_size "
                "* beam_width, and repeat the encoder's state with `tf.contrib.seq2seq.tile_batch`."
            )
        made.set_shape(expected)
        return made

    def _check_rows(self, tensor: Tensor) -> None:
        """Raises a ValueError if the rows of a tensor are not the beams of the examples."""
        rows, batch = tensor.shape.as_list()[0], self._static_batch
        if batch is not None and rows not in (None, batch * self._width):
            raise ValueError(
                f"Cannot reshape a tensor of shape {tensor.shape} to [batch_size, beam_width, ...] "
                f"== [{batch}, {self._width}, ...]; expected {batch * self._width} rows; repeat "
                "the encoder's outputs, lengths and state with `tf.contrib.seq2seq.tile_batch(..., "
                "multiplier=beam_width)`."
            )

    def merge_state(self, state: Nest, state_size: Nest) -> Nest:
        """Merges the beams of a cell's state; what has no beams stays as it is."""
        return tf1.nest.map_structure(
            lambda one, size: self.merge(one, size) if _rank(one) >= 2 else one, state, state_size
        )

    def split_state(self, state: Nest, state_size: Nest) -> Nest:
        """Splits the beams of a cell's state; what has no batch axis stays as it is."""
        return tf1.nest.map_structure(
            lambda one, size: self.split(one, size) if _rank(one) >= 1 else one, state, state_size
        )

    def sort_arrays(self, state: Nest, parent_ids: Tensor, lengths: Tensor) -> Nest:
        """Replaces the arrays in a cell's state by tensors that are sorted by final beam.

        Args:
          state: The state.
          parent_ids: The index of each beam's parent, `[time, batch, beams]`.
          lengths: The lengths of the final beams, `[batch, beams]`.
        """

        def sort(value: Any) -> Any:
            if not isinstance(value, tf1.TensorArray) or not self._can_sort(value):
                return value
            stacked = value.stack()
            with tf1.control_dependencies([self._check(stacked)]):
                return gather_tree.sorted_by_beam(stacked, parent_ids, lengths)

        return tf1.nest.map_structure(sort, state)

    def _can_sort(self, array: Any) -> bool:
        """Tells whether the elements of an array may have beams, and logs a warning if not."""
        shape = array.element_shape
        first, second = [*(shape.as_list() if shape.ndims else []), None, None][:2]
        batch, width = self._static_batch, self._width
        fits = bool(shape.ndims)
        if fits and batch is not None and first is not None:
            # As in TensorFlow 1.15, which does not sort elements of an entirely known shape.
            fits = first == batch * width and (second is None or (first, second) == (batch, width))
        if not fits:
            tf1.logging.warn(
                "A TensorArray in the cell state has elements of shape %s, which cannot be sorted "
                "by beam; it is returned as it is. `reorder_tensor_arrays=False` avoids this "
                "warning.",
                shape,
            )
        return fits

    def _check(self, stacked: Tensor) -> Any:
        """Returns a check that the elements of an array have beams."""
        shape = tf1.shape(stacked)
        merged = tf1.equal(shape[1], self._batch_size * self._width)
        if stacked.shape.ndims is not None and stacked.shape.ndims > 2:
            apart = tf1.reduce_all(tf1.equal(shape[1:3], [self._batch_size, self._width]))
            merged = tf1.logical_or(merged, apart)
        message = (
            "TensorArray reordering expects elements to be reshapable to [batch_size, beam_size, "
            f"-1], which {stacked.name} is not; set `reorder_tensor_arrays` to False."
        )
        return tf1.debugging.Assert(merged, [message])


def _rank(value: Any) -> int:
    """Returns the rank of a tensor; that of an array, which has no beams, is 0.

    Raises:
      ValueError: The rank is unknown.
    """
    if isinstance(value, tf1.TensorArray):
        return 0
    if value.shape.ndims is None:
        raise ValueError(
            f"Expected tensor ({value}) to have known rank, but ndims == None; call `set_shape` "
            "first."
        )
    rank: int = value.shape.ndims
    return rank


def gathered(state: Nest, parents: Tensor) -> Nest:
    """Returns the state of the chosen beams, or the chosen values of a matrix.

    Args:
      state: A nest of tensors, `[batch, beams, ...]`; arrays and scalars stay as they are.
      parents: The indices of the chosen beams, int32 `[batch, beams]`.
    """

    def gather(value: Any) -> Any:
        if _rank(value) < 2:
            return value
        chosen = tf1.gather(value, parents, axis=1, batch_dims=1)
        chosen.set_shape(parents.shape[:2].concatenate(value.shape[2:]))
        return chosen

    return tf1.nest.map_structure(gather, state)
