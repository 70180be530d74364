"""Text: vocabulary tables, padded batches, mean of embeddings, class names out."""

import tensorflow as tf

PARAMS = {"dim": 4}

WORDS = ["<pad>", "good", "bad", "film", "plot", "very"]
CLASSES = ["neg", "pos"]


def generator():
    for words, label in [
        (["good", "film"], "pos"),
        (["bad", "plot", "very"], "neg"),
        (["very", "good", "unknown"], "pos"),
        (["bad"], "neg"),
        (["plot", "film", "good", "very"], "pos"),
    ]:
        yield {"tokens": words, "length": len(words)}, label


_SHAPES: tuple[dict[str, list[None]], list[int]] = ({"tokens": [None], "length": []}, [])


def train_input_fn():
    types = ({"tokens": tf.string, "length": tf.int32}, tf.string)
    defaults = ({"tokens": "<pad>", "length": 0}, "")
    ds = tf.data.Dataset.from_generator(generator, output_types=types, output_shapes=_SHAPES)
    return ds.padded_batch(2, _SHAPES, defaults).repeat(6)


def model_fn(features, labels, mode, params):
    words = tf.contrib.lookup.index_table_from_tensor(tf.constant(WORDS), num_oov_buckets=1)
    ids = words.lookup(features["tokens"])
    embedding = tf.get_variable("embedding", [len(WORDS) + 1, params["dim"]], tf.float32)
    vectors = tf.nn.embedding_lookup(embedding, ids)
    mask = tf.sequence_mask(features["length"], maxlen=tf.shape(ids)[1], dtype=tf.float32)
    mean = (
        tf.reduce_sum(vectors * mask[:, :, None], 1)
        / tf.cast(features["length"], tf.float32)[:, None]
    )
    logits = tf.layers.dense(mean, len(CLASSES))
    pred_ids = tf.argmax(logits, -1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        reverse = tf.contrib.lookup.index_to_string_table_from_tensor(tf.constant(CLASSES))
        return tf.estimator.EstimatorSpec(
            mode, predictions={"label": reverse.lookup(pred_ids), "probs": tf.nn.softmax(logits)}
        )
    table = tf.contrib.lookup.index_table_from_tensor(tf.constant(CLASSES))
    label_ids = table.lookup(labels)
    loss = tf.losses.sparse_softmax_cross_entropy(label_ids, logits)
    metrics = {"acc": tf.metrics.accuracy(label_ids, pred_ids)}
    for name, op in metrics.items():
        tf.summary.scalar(name, op[1])
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics)
    train_op = tf.train.FtrlOptimizer(0.1, l1_regularization_strength=0.01).minimize(
        loss, tf.train.get_or_create_global_step()
    )
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def eval_input_fn():
    return train_input_fn()


def predict_input_fn():
    return train_input_fn().map(lambda features, labels: features)
