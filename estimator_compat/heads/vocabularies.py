"""The words of classes: from words to class ids, and back."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.heads.keys import PredictionKeys
from estimator_compat.type_aliases import Tensor

_UNKNOWN_ID = -1
_UNKNOWN_WORD = "UNK"


def ids(words: Tensor, vocabulary: Sequence[str]) -> Tensor:
    """Returns the class ids of words, int64; -1 for a word that the vocabulary lacks."""
    return _table(list(vocabulary), range(len(vocabulary)), _UNKNOWN_ID, "class_id_lookup").lookup(
        words
    )


def words(class_ids: Tensor, vocabulary: Sequence[str]) -> Tensor:
    """Returns the words of class ids, int64."""
    table = _table(range(len(vocabulary)), list(vocabulary), _UNKNOWN_WORD, "class_string_lookup")
    return table.lookup(class_ids)


def _table(keys: Any, values: Any, default: Any, name: str) -> Any:
    """Makes a table. A session of an Estimator initializes the tables of its graph."""
    numbers = [
        tf.constant(list(entries), tf.int64 if isinstance(entries, range) else tf.string)
        for entries in (keys, values)
    ]
    initializer = tf.lookup.KeyValueTensorInitializer(*numbers)
    return tf1.lookup.StaticHashTable(initializer, default, name=name)


def classes(class_ids: Tensor, vocabulary: Sequence[str] | None) -> Tensor:
    """Returns the classes of class ids as strings: their words, or the ids as text."""
    if vocabulary:
        return words(class_ids, vocabulary)
    return tf.strings.as_string(class_ids, name="str_classes")


def all_ids(logits: Tensor, n_classes: Any) -> Tensor:
    """Returns the ids of all classes for each example, `[batch, n_classes]`, int32."""
    return tf.tile(tf.expand_dims(tf.range(n_classes), 0), [tf.shape(logits)[0], 1])


def all_classes(logits: Tensor, n_classes: Any, vocabulary: Sequence[str] | None) -> Tensor:
    """Returns all classes for each example as strings, `[batch, n_classes]`."""
    one = tf.constant(list(vocabulary)) if vocabulary else tf.strings.as_string(tf.range(n_classes))
    return tf.tile(tf.expand_dims(one, 0), [tf.shape(logits)[0], 1])


def class_makers(
    logits: Tensor, scores: Tensor, n_classes: Any, vocabulary: Sequence[str] | None
) -> dict[str, Callable[[], Tensor]]:
    """Returns functions that make the predictions of one class an example, by name.

    Args:
      logits: The logits, whose first dimension is the batch.
      scores: The scores of the classes, `[D0, D1, ... DN, n_classes]`.
      n_classes: The number of classes.
      vocabulary: The words of the classes, or None.
    """

    @functools.cache
    def class_ids() -> Tensor:
        ids_ = tf.argmax(scores, axis=-1, name=PredictionKeys.CLASS_IDS)
        return tf.expand_dims(ids_, axis=-1)

    return {
        PredictionKeys.CLASS_IDS: class_ids,
        PredictionKeys.CLASSES: lambda: classes(class_ids(), vocabulary),
        PredictionKeys.ALL_CLASS_IDS: lambda: all_ids(logits, n_classes),
        PredictionKeys.ALL_CLASSES: lambda: all_classes(logits, n_classes, vocabulary),
    }
