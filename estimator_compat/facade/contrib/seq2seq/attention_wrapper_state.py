"""`AttentionWrapperState`, the state of an `AttentionWrapper`."""

from typing import Any, NamedTuple

import tensorflow.compat.v1 as tf1


class AttentionWrapperState(NamedTuple):
    """The state of an `AttentionWrapper` after a time step, or the sizes of it.

    Where the wrapper got a list of mechanisms, each of the last three is a tuple.

    Attributes:
      cell_state: The state of the wrapped cell.
      attention: The attention, `[batch, attention_size]`.
      time: The number of time steps, an int32 scalar.
      alignments: The probability of each entry of the memory, `[batch, memory_time]`.
      alignment_history: A TensorArray with the alignments of all time steps; () without history.
      attention_state: The state of the mechanism.
    """

    cell_state: Any
    attention: Any
    time: Any
    alignments: Any
    alignment_history: Any
    attention_state: Any

    def clone(self, **kwargs: Any) -> "AttentionWrapperState":
        """Returns a state with other values for some of the fields.

        Args:
          **kwargs: The new values, by field.

        Raises:
          ValueError: The shape of a new tensor differs from that of the old one.
        """
        changed = self._replace(**kwargs)
        made: AttentionWrapperState = tf1.nest.map_structure(_as_shaped, self, changed)
        return made


def _as_shaped(old: Any, new: Any) -> Any:
    """Returns a new tensor, once its shape is known to be that of the old one."""
    if not tf1.is_tensor(old) or not tf1.is_tensor(new):
        return new
    if not new.shape.is_compatible_with(old.shape):
        raise ValueError(
            f"Invalid shape for tensor {new.name}, expected {old.shape}, got {new.shape}; pass a "
            "state of the wrapped cell to `clone(cell_state=...)`. For a BeamSearchDecoder, tile "
            "it with `tf.contrib.seq2seq.tile_batch`."
        )
    if new.shape.is_fully_defined() and old.shape.is_fully_defined():
        return new
    expected = old.shape.as_list() if old.shape.is_fully_defined() else tf1.shape(old)
    check = tf1.debugging.assert_equal(
        tf1.shape(new), expected, message=f"Wrong shape for {new.name}."
    )
    with tf1.control_dependencies([check]):
        checked = tf1.identity(new)
    checked.set_shape(old.shape)
    return checked
