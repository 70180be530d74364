"""bert-tensorflow 1.0.1: a builder's closure over a config, for TPUEstimator."""

from typing import Any

import tensorflow as tf

from migrate import Target

REQUIREMENTS = ("bert-tensorflow==1.0.1",)
LEGACY = ("bert",)

BATCH, LENGTH, VOCABULARY = 4, 8, 20
CONFIG = {
    "vocab_size": VOCABULARY,
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 16,
}


def sentences(params: Any) -> Any:
    """An input_fn of word ids, their mask, one segment, and a label for each sentence."""
    ids = tf.random.stateless_uniform([BATCH, LENGTH], (1, 2), 0, VOCABULARY, tf.int32)
    features = {
        "input_ids": ids,
        "input_mask": tf.ones_like(ids),
        "segment_ids": tf.zeros_like(ids),
        "label_ids": tf.reduce_sum(ids, axis=1) % 2,
        "is_real_example": tf.ones([BATCH], tf.int32),
    }
    return tf.data.Dataset.from_tensors(features).repeat()


def run_classifier() -> Target:
    from bert import modeling
    from bert.run_classifier import model_fn_builder

    model_fn = model_fn_builder(
        bert_config=modeling.BertConfig.from_dict(CONFIG),
        num_labels=2,
        init_checkpoint=None,
        learning_rate=1e-3,
        num_train_steps=10,
        num_warmup_steps=2,
        use_tpu=False,
        use_one_hot_embeddings=False,
    )
    return Target(model_fn=model_fn, input_fns=sentences, params={"batch_size": BATCH})


TARGETS = {"bert/run_classifier.py:model_fn_builder.model_fn": run_classifier}
