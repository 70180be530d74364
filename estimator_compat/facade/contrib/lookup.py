"""The vocabulary tables of `tf.contrib.lookup`, on the public `tf.lookup`.

Differs from TensorFlow 1.15: words out of the vocabulary are hashed by `FastHashSpec` only.
"""

from typing import Any

import tensorflow.compat.v1 as tf

_Index = tf.lookup.TextFileIndex


def index_table_from_file(
    vocabulary_file: Any = None,
    num_oov_buckets: int = 0,
    vocab_size: int | None = None,
    default_value: int = -1,
    hasher_spec: Any = None,
    key_dtype: Any = tf.string,
    name: str | None = None,
    key_column_index: int = _Index.WHOLE_LINE,
    value_column_index: int = _Index.LINE_NUMBER,
    delimiter: str = "\t",
) -> Any:
    """Makes a table from the words of a file to their line numbers (int64).

    Args:
      vocabulary_file: One word a line.
      num_oov_buckets: How many ids after the vocabulary's are given to other words, by hash.
      vocab_size: How many lines count; None: all.
      default_value: The id of other words where there are no buckets.
      hasher_spec: Refused, unless None.
      key_dtype: The words' type, a string or an integer.
      name: The table's name.
      key_column_index: The words' column, or the whole line.
      value_column_index: The ids' column, or the line number.
      delimiter: What separates columns.

    Raises:
      ValueError: There is no file, a count is out of range, or a hasher is asked for.
    """
    if not vocabulary_file:
        raise ValueError("vocabulary_file must be specified; expected a path; pass one.")
    if vocab_size is not None and vocab_size < 1:
        raise ValueError(f"vocab_size must be greater than 0, got {vocab_size}; pass None for all.")
    with tf.name_scope(name, "string_to_index"):
        initializer = tf.lookup.TextFileInitializer(
            vocabulary_file,
            _key_type(key_dtype),
            key_column_index,
            tf.int64,
            value_column_index,
            vocab_size=vocab_size,
            delimiter=delimiter,
        )
        return _index(initializer, num_oov_buckets, default_value, hasher_spec, key_dtype)


def index_table_from_tensor(
    mapping: Any,
    num_oov_buckets: int = 0,
    default_value: int = -1,
    hasher_spec: Any = None,
    dtype: Any = tf.string,
    name: str | None = None,
) -> Any:
    """Makes a table from words to their positions in `mapping`; see `index_table_from_file`."""
    if mapping is None:
        raise ValueError("mapping must be specified; expected a list of words; pass one.")
    with tf.name_scope(name, "string_to_index"):
        keys = tf.cast(mapping, _key_type(dtype)) if dtype != tf.string else mapping
        keys = tf.convert_to_tensor(keys)
        values = tf.range(tf.size(keys, out_type=tf.int64))
        initializer = tf.lookup.KeyValueTensorInitializer(keys, values)
        return _index(initializer, num_oov_buckets, default_value, hasher_spec, dtype)


def index_to_string_table_from_file(
    vocabulary_file: Any,
    vocab_size: int | None = None,
    default_value: str = "UNK",
    name: str | None = None,
    key_column_index: int = _Index.LINE_NUMBER,
    value_column_index: int = _Index.WHOLE_LINE,
    delimiter: str = "\t",
) -> Any:
    """Makes a table from line numbers (int64) to the words of a file."""
    if not vocabulary_file:
        raise ValueError("vocabulary_file must be specified; expected a path; pass one.")
    with tf.name_scope(name, "index_to_string"):
        initializer = tf.lookup.TextFileInitializer(
            vocabulary_file,
            tf.int64,
            key_column_index,
            tf.string,
            value_column_index,
            vocab_size=vocab_size,
            delimiter=delimiter,
        )
        return tf.lookup.StaticHashTable(initializer, default_value)


def index_to_string_table_from_tensor(
    mapping: Any, default_value: str = "UNK", name: str | None = None
) -> Any:
    """Makes a table from positions in `mapping` (int64) to its words."""
    if mapping is None:
        raise ValueError("mapping must be specified; expected a list of words; pass one.")
    with tf.name_scope(name, "index_to_string"):
        words = tf.convert_to_tensor(mapping, tf.string)
        initializer = tf.lookup.KeyValueTensorInitializer(
            tf.range(tf.size(words, out_type=tf.int64)), words
        )
        return tf.lookup.StaticHashTable(initializer, default_value)


def _key_type(dtype: Any) -> Any:
    return tf.int64 if tf.as_dtype(dtype).is_integer else dtype


def _index(initializer: Any, buckets: int, default: int, hasher: Any, dtype: Any) -> Any:
    if buckets < 0:
        raise ValueError(
            f"num_oov_buckets must be greater or equal than 0, got {buckets}; pass 0 for none."
        )
    if hasher is not None:
        raise ValueError(
            f"`hasher_spec` ({hasher}) is not supported in this facade; expected the default "
            "FastHashSpec; leave it out."
        )
    if not buckets:
        return tf.lookup.StaticHashTable(initializer, default)
    return tf.lookup.StaticVocabularyTable(initializer, buckets, lookup_key_dtype=dtype)
