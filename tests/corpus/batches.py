"""The generated data of the BERT-like targets: word ids, and labels that follow from them."""

from typing import Any

import numpy as np
import tensorflow as tf

BATCH, LENGTH, VOCABULARY = 4, 8, 20
MASKED = 3  # masked words a sentence
CLASSES = 2
TAGS = 4  # tag 0 is for padding

_BATCHES = 4
_PAD, _MASK, _FIRST_WORD = 0, 1, 2

Features = dict[str, np.ndarray]


def _words() -> Features:
    """Sentences of five to eight words [count, LENGTH], padded, and their masks."""
    random = np.random.RandomState(1)
    count = BATCH * _BATCHES
    ids = random.randint(_FIRST_WORD, VOCABULARY, [count, LENGTH]).astype(np.int32)
    lengths = random.randint(5, LENGTH + 1, [count, 1])
    mask = (np.arange(LENGTH) < lengths).astype(np.int32)
    return {"input_ids": ids * mask, "input_mask": mask, "segment_ids": np.zeros_like(ids)}


def _first_word_is_late(words: Features) -> np.ndarray:
    """The label of a sentence [count]: 1 for a first word of the vocabulary's second half."""
    return (words["input_ids"][:, 0] >= VOCABULARY // 2).astype(np.int32)


def _dataset(features: Features, mode: str) -> Any:
    batches = tf.data.Dataset.from_tensor_slices(features).batch(BATCH, drop_remainder=True)
    return batches.repeat() if mode == "train" else batches


def sentences(mode: str, params: Any) -> Any:
    """An input_fn of sentences with a label each. No example is padding."""
    words = _words()
    labels = _first_word_is_late(words)
    return _dataset({**words, "label_ids": labels, "is_real_example": np.ones_like(labels)}, mode)


def masked_sentences(mode: str, params: Any) -> Any:
    """An input_fn of sentences whose first words are masked; the last one's weight may be 0."""
    words = _words()
    positions = np.tile(np.arange(1, MASKED + 1, dtype=np.int32), [len(words["input_ids"]), 1])
    ids = words["input_ids"].copy()
    ids[:, 1 : MASKED + 1] = _MASK
    weights = np.ones(positions.shape, np.float32)
    weights[::2, -1] = 0.0
    features = {
        **words,
        "input_ids": ids,
        "masked_lm_positions": positions,
        "masked_lm_ids": words["input_ids"][:, 1 : MASKED + 1],
        "masked_lm_weights": weights,
        "next_sentence_labels": _first_word_is_late(words)[:, np.newaxis],
    }
    return _dataset(features, mode)


def questions(mode: str, params: Any) -> Any:
    """An input_fn of answers: from the largest word id to the word after it.

    The first word stands for "no answer". `p_mask` is 1 at the positions that cannot be an answer.
    """
    words = _words()
    last = words["input_mask"].sum(axis=1) - 1
    start = words["input_ids"].argmax(axis=1)
    features = {
        **words,
        "unique_ids": np.arange(len(start), dtype=np.int32),
        "start_positions": start.astype(np.int32),
        "end_positions": np.minimum(start + 1, last).astype(np.int32),
        "is_impossible": (start == 0).astype(np.int32),
        "p_mask": 1 - words["input_mask"],
    }
    return _dataset(features, mode)


def tagged_sentences(mode: str, params: Any) -> Any:
    """An input_fn of sentences with a tag for each word, by the word's id."""
    words = _words()
    tags = (1 + words["input_ids"] % (TAGS - 1)) * words["input_mask"]
    return _dataset({**words, "label_ids": tags.astype(np.int32)}, mode)
