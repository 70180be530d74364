"""`tile_batch`."""

import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Nest, Tensor


def tile_batch(t: Nest, multiplier: int, name: str | None = None) -> Nest:
    """Repeats each example `multiplier` times in a row, in every tensor of a nest.

    Args:
      t: A nest of tensors, `[batch, ...]`.
      multiplier: The number of copies.
      name: The name scope of the operations.

    Raises:
      ValueError: A tensor has no batch axis, or its rank is unknown.
    """

    def tile(value: Tensor) -> Tensor:
        tensor = tf1.convert_to_tensor(value, name="t")
        if not tensor.shape.ndims:
            raise ValueError(
                f"t must have statically known rank and a batch axis, but its shape is "
                f"{tensor.shape}; call `set_shape` first, or leave scalars out."
            )
        tiled = tf1.repeat(tensor, multiplier, axis=0)
        batch = tensor.shape.as_list()[0]
        static = [None if batch is None else batch * multiplier, *tensor.shape.as_list()[1:]]
        tiled.set_shape(static)
        return tiled

    with tf1.name_scope(name, "tile_batch"):
        return tf1.nest.map_structure(tile, t)
