"""The table of the optimizer SDCA: four numbers for each example, kept in checkpoints."""

import tensorflow as tf

from estimator_compat.type_aliases import Operation, Tensor

# The table's name in checkpoints.
_NAME = "ShardedMutableHashTable"


class ExampleTable:
    """The state of each example by the fingerprint of its id, in one or more tables.

    The four numbers of an example are its dual variable, its primal loss, its dual loss and its
    weight.

    Args:
      num_shards: The number of tables.
    """

    def __init__(self, num_shards: int) -> None:
        with tf.name_scope(_NAME):
            self._shards = [
                tf.lookup.experimental.DenseHashTable(
                    key_dtype=tf.int64,
                    value_dtype=tf.float32,
                    default_value=[0.0, 0.0, 0.0, 0.0],
                    # No fingerprint has 0 or 1 in its first number.
                    empty_key=[0, 0],
                    deleted_key=[1, 1],
                    name=f"{_NAME}-{shard + 1}-of-{num_shards}",
                )
                for shard in range(num_shards)
            ]

    def size(self) -> Tensor:
        """Returns the number of examples."""
        return tf.add_n([shard.size() for shard in self._shards])

    def values(self) -> list[Tensor]:
        """Returns the numbers of the examples of each table, `[rows, 4]`; absent rows are 0."""
        return [shard.export()[1] for shard in self._shards]

    def lookup(self, keys: Tensor) -> Tensor:
        """Returns the numbers of examples, `[batch, 4]`, by fingerprints, `[batch, 2]`."""
        if len(self._shards) == 1:
            return self._shards[0].lookup(keys)
        places = self._places(keys)
        rows = tf.dynamic_partition(tf.range(tf.shape(keys)[0]), places, len(self._shards))
        parts = tf.dynamic_partition(keys, places, len(self._shards))
        found = [shard.lookup(part) for shard, part in zip(self._shards, parts, strict=True)]
        return tf.dynamic_stitch(rows, found)

    def insert(self, keys: Tensor, values: Tensor) -> Operation:
        """Returns the op that keeps numbers of examples."""
        if len(self._shards) == 1:
            return self._shards[0].insert(keys, values)
        places = self._places(keys)
        parts = tf.dynamic_partition(keys, places, len(self._shards))
        numbers = tf.dynamic_partition(values, places, len(self._shards))
        pairs = zip(self._shards, parts, numbers, strict=True)
        return tf.group(*(shard.insert(part, number) for shard, part, number in pairs))

    def _places(self, keys: Tensor) -> Tensor:
        """Returns the table of each fingerprint."""
        return tf.cast(tf.math.floormod(tf.abs(keys[:, 0]), len(self._shards)), tf.int32)
