"""The vocabulary tables of `tf.contrib.lookup`, made with the public `tf.lookup`.

Differs from TensorFlow 1.15: `FastHashSpec` is the only hash of words that are not in the
vocabulary.
"""

from typing import Any

import tensorflow.compat.v1 as tf1

_Index = tf1.lookup.TextFileIndex


def index_table_from_file(
    vocabulary_file: Any = None,
    num_oov_buckets: int = 0,
    vocab_size: int | None = None,
    default_value: int = -1,
    hasher_spec: Any = None,
    key_dtype: Any = tf1.string,
    name: str | None = None,
    key_column_index: int = _Index.WHOLE_LINE,
    value_column_index: int = _Index.LINE_NUMBER,
    delimiter: str = "\t",
) -> Any:
    """Returns a table from the words of a file to their line numbers, int64.

    Args:
      vocabulary_file: The path of a file with one word on each line.
      num_oov_buckets: The number of ids for words that are not in the file. These ids follow the
        ids of the file's words. A hash of a word decides which of these ids it gets.
      vocab_size: How many lines of the file are read; None for all.
      default_value: The id of other words if `num_oov_buckets` is 0.
      hasher_spec: None; another hash is refused.
      key_dtype: The dtype of the words: a string or an integer.
      name: The name scope of the operations.
      key_column_index: The column of the words, or `TextFileIndex.WHOLE_LINE`.
      value_column_index: The column of the ids, or `TextFileIndex.LINE_NUMBER`.
      delimiter: The separator of columns.

    Raises:
      ValueError: There is no path, a number is out of range, or there is a `hasher_spec`.
    """
    if not vocabulary_file:
        raise ValueError(
            "vocabulary_file must be specified; expected a path; pass the file's path."
        )
    if vocab_size is not None and vocab_size < 1:
        raise ValueError(f"vocab_size must be greater than 0, got {vocab_size}; pass None for all.")
    with tf1.name_scope(name, "string_to_index"):
        initializer = tf1.lookup.TextFileInitializer(
            vocabulary_file,
            _key_type(key_dtype),
            key_column_index,
            tf1.int64,
            value_column_index,
            vocab_size=vocab_size,
            delimiter=delimiter,
        )
        return _index_table(initializer, num_oov_buckets, default_value, hasher_spec, key_dtype)


def index_table_from_tensor(
    mapping: Any,
    num_oov_buckets: int = 0,
    default_value: int = -1,
    hasher_spec: Any = None,
    dtype: Any = tf1.string,
    name: str | None = None,
) -> Any:
    """Returns a table from words to their positions in a list, int64.

    Args:
      mapping: The words.
      num_oov_buckets: As for `index_table_from_file`.
      default_value: As for `index_table_from_file`.
      hasher_spec: As for `index_table_from_file`.
      dtype: The dtype of the words: a string or an integer.
      name: The name scope of the operations.

    Raises:
      ValueError: There are no words, a number is out of range, or there is a `hasher_spec`.
    """
    if mapping is None:
        raise ValueError("mapping must be specified; expected a list of words; pass the words.")
    with tf1.name_scope(name, "string_to_index"):
        keys = tf1.cast(mapping, _key_type(dtype)) if dtype != tf1.string else mapping
        keys = tf1.convert_to_tensor(keys)
        values = tf1.range(tf1.size(keys, out_type=tf1.int64))
        initializer = tf1.lookup.KeyValueTensorInitializer(keys, values)
        return _index_table(initializer, num_oov_buckets, default_value, hasher_spec, dtype)


def index_to_string_table_from_file(
    vocabulary_file: Any,
    vocab_size: int | None = None,
    default_value: str = "UNK",
    name: str | None = None,
    key_column_index: int = _Index.LINE_NUMBER,
    value_column_index: int = _Index.WHOLE_LINE,
    delimiter: str = "\t",
) -> Any:
    """Returns a table from line numbers, int64, to the words of a file.

    Args:
      vocabulary_file: The path of a file with one word on each line.
      vocab_size: How many lines of the file are read; None for all.
      default_value: The word for numbers that have no line.
      name: The name scope of the operations.
      key_column_index: The column of the ids, or `TextFileIndex.LINE_NUMBER`.
      value_column_index: The column of the words, or `TextFileIndex.WHOLE_LINE`.
      delimiter: The separator of columns.

    Raises:
      ValueError: There is no path.
    """
    if not vocabulary_file:
        raise ValueError(
            "vocabulary_file must be specified; expected a path; pass the file's path."
        )
    with tf1.name_scope(name, "index_to_string"):
        initializer = tf1.lookup.TextFileInitializer(
            vocabulary_file,
            tf1.int64,
            key_column_index,
            tf1.string,
            value_column_index,
            vocab_size=vocab_size,
            delimiter=delimiter,
        )
        return tf1.lookup.StaticHashTable(initializer, default_value)


def index_to_string_table_from_tensor(
    mapping: Any, default_value: str = "UNK", name: str | None = None
) -> Any:
    """Returns a table from positions in a list, int64, to the words of the list.

    Args:
      mapping: The words.
      default_value: The word for other positions.
      name: The name scope of the operations.

    Raises:
      ValueError: There are no words.
    """
    if mapping is None:
        raise ValueError("mapping must be specified; expected a list of words; pass the words.")
    with tf1.name_scope(name, "index_to_string"):
        words = tf1.convert_to_tensor(mapping, tf1.string)
        initializer = tf1.lookup.KeyValueTensorInitializer(
            tf1.range(tf1.size(words, out_type=tf1.int64)), words
        )
        return tf1.lookup.StaticHashTable(initializer, default_value)


def _key_type(dtype: Any) -> Any:
    return tf1.int64 if tf1.as_dtype(dtype).is_integer else dtype


def _index_table(initializer: Any, buckets: int, default: int, hasher: Any, dtype: Any) -> Any:
    """Returns the table of an initializer, with buckets for other words if there are any."""
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
        return tf1.lookup.StaticHashTable(initializer, default)
    return tf1.lookup.StaticVocabularyTable(initializer, buckets, lookup_key_dtype=dtype)
