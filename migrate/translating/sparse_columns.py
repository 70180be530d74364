"""Categorical feature columns of several ids an example, as TF2 source.

Their ids are a SparseTensor. A dense feature holds "" or -1 where an example has no value.
"""

from migrate.translating.facts import ColumnFact, TensorFact

PRESENT = '''\
def present(values: tf.Tensor) -> tf.SparseTensor:
    """The values that are not missing: "" or -1 stands for no value."""
    places = tf.where(values != ("" if values.dtype == tf.string else -1))
    shape = tf.shape(values, out_type=tf.int64)
    return tf.SparseTensor(places, tf.gather_nd(values, places), shape)'''
KINDS = (
    "VocabularyListCategoricalColumn",
    "HashedCategoricalColumn",
    "IdentityCategoricalColumn",
)


def values(key: str, fact: TensorFact) -> str:
    """Returns the values of a feature, a SparseTensor of two axes.

    Args:
      key: The name of the feature.
      fact: What the run showed of it; a SparseTensor has no name.
    """
    feature = f"features[{key!r}]"
    if not fact.name:
        return feature
    return f"present({feature}{'[:, None]' if len(fact.shape or ()) == 1 else ''})"


def ids(column: ColumnFact, given: str, table: str, dtype: str) -> str:
    """Returns the ids of a column, a SparseTensor.

    Args:
      column: The column, of one of `KINDS`.
      given: The values.
      table: The table of its vocabulary; "" for other columns.
      dtype: The dtype of the values.
    """
    if table and dtype not in ("string", "int64"):
        given = f"tf.cast({given}, tf.int64)"
    if table:
        return f"{table}.lookup({given})"
    if column.kind == "IdentityCategoricalColumn":
        return f"tf.cast({given}, tf.int64)"
    words = f"{given}.values"
    if dtype != "string":
        words = f"tf.strings.as_string({words})"
    size = column.fields["hash_bucket_size"]
    return f"{given}.with_values(tf.strings.to_hash_bucket_fast({words}, {size}))"


def looked_up(table: str, name: str, combiner: str, max_norm: float | None = None) -> str:
    """Returns the rows of a table that the ids of each example choose, joined."""
    limit = f", max_norm={max_norm!r}" if max_norm is not None else ""
    return (
        f"tf.nn.safe_embedding_lookup_sparse({table}.value, {name}, combiner={combiner!r}{limit})"
    )


def indicator(name: str, size: int) -> str:
    """Returns how often each example has each id."""
    dense = f"tf.sparse.to_dense({name}, default_value=-1)"
    return f"tf.reduce_sum(tf.one_hot({dense}, {size}), axis=1)"
