"""A sentence classifier in the style of BERT's: a builder, a first checkpoint, a scaffold_fn.

There are eleven sentences of eight words in batches of four. The last batch of an evaluation is
short, and two of its examples are padding. The host_call writes summaries of `tf.summary` into its
own folder. It uses `write`, because `scalar` needs TensorBoard.
"""

import os

import numpy as np
import tensorflow.compat.v1 as tf

ITERATIONS_PER_LOOP = 2
BATCH_SIZES = {"train_batch_size": 4, "eval_batch_size": 4, "predict_batch_size": 3}
STEPS = (7, 12)
SEEN: list = []

_random = np.random.RandomState(11)
WORDS, HIDDEN, LABELS = 20, 6, 3
IDS = _random.randint(1, WORDS, [11, 8]).astype(np.int32)
MASK = (np.arange(8) < _random.randint(3, 9, [11, 1])).astype(np.int32)
LABEL_IDS = _random.randint(0, LABELS, [11]).astype(np.int32)
IS_REAL = np.array([1] * 9 + [0, 0], np.int32)


def _input_fn_builder(is_training, drop_remainder):
    def input_fn(params):
        SEEN.append(("input_fn", is_training, dict(params)))
        dataset = tf.data.Dataset.from_tensor_slices(
            {
                "input_ids": IDS,
                "input_mask": MASK,
                "label_ids": LABEL_IDS,
                "is_real_example": IS_REAL,
            }
        )
        if is_training:
            dataset = dataset.shuffle(11, seed=3).repeat()
        return dataset.batch(params["batch_size"], drop_remainder=drop_remainder)

    return input_fn


train_input_fn = _input_fn_builder(True, True)
eval_input_fn = _input_fn_builder(False, False)
predict_input_fn = _input_fn_builder(False, False)


def _create_model(features, is_training):
    with tf.variable_scope("bert"):
        table = tf.get_variable(
            "word_embeddings",
            [WORDS, HIDDEN],
            initializer=tf.truncated_normal_initializer(stddev=0.02),
        )
        mask = tf.cast(features["input_mask"], tf.float32)[:, :, tf.newaxis]
        words = tf.gather(table, features["input_ids"]) * mask
        pooled = tf.reduce_sum(words, axis=1) / tf.reduce_sum(mask, axis=1)
        kernel = tf.get_variable(
            "pooler/kernel",
            [HIDDEN, HIDDEN],
            initializer=tf.truncated_normal_initializer(stddev=0.02),
        )
        pooled = tf.nn.relu(tf.matmul(pooled, kernel))
    weights = tf.get_variable(
        "output_weights", [LABELS, HIDDEN], initializer=tf.truncated_normal_initializer(stddev=0.02)
    )
    bias = tf.get_variable("output_bias", [LABELS], initializer=tf.zeros_initializer())
    if is_training:
        pooled = tf.nn.dropout(pooled, keep_prob=0.9)
    logits = tf.nn.bias_add(tf.matmul(pooled, weights, transpose_b=True), bias)
    log_probs = tf.nn.log_softmax(logits, axis=-1)
    one_hot = tf.one_hot(features["label_ids"], depth=LABELS, dtype=tf.float32)
    per_example_loss = -tf.reduce_sum(one_hot * log_probs, axis=-1)
    return tf.reduce_mean(per_example_loss), per_example_loss, logits, tf.nn.softmax(logits)


def _create_train_op(loss, learning_rate):
    variables = tf.trainable_variables()
    gradients, _ = tf.clip_by_global_norm(tf.gradients(loss, variables), clip_norm=1.0)
    optimizer = tf.train.AdamOptimizer(learning_rate)
    # The host_call's and the schedule's reads of the step come before the move of the step.
    with tf.control_dependencies([learning_rate]):
        return optimizer.apply_gradients(
            zip(gradients, variables), global_step=tf.train.get_global_step()
        )


def _host_call_fn_builder(folder):
    def host_call_fn(global_step, loss, learning_rate):
        writer = tf.compat.v2.summary.create_file_writer(folder, max_queue=1000)
        with writer.as_default(), tf.compat.v2.summary.record_if(True):
            tf.compat.v2.summary.write("host/loss", loss[0], step=global_step[0])
            tf.compat.v2.summary.write("host/learning_rate", learning_rate[0], step=global_step[0])
            return tf.summary.all_v2_summary_ops()

    return host_call_fn


def _metric_fn(per_example_loss, label_ids, logits, is_real_example):
    predicted = tf.argmax(logits, axis=-1, output_type=tf.int32)
    return {
        "eval_accuracy": tf.metrics.accuracy(label_ids, predicted, weights=is_real_example),
        "eval_loss": tf.metrics.mean(per_example_loss, weights=is_real_example),
    }


def model_fn_builder(init_checkpoint, host_folder, num_train_steps=20):
    def model_fn(features, labels, mode, params):
        SEEN.append(("model_fn", mode, dict(params)))
        is_training = mode == tf.estimator.ModeKeys.TRAIN
        total_loss, per_example_loss, logits, probabilities = _create_model(features, is_training)

        known = {name for name, _ in tf.train.list_variables(init_checkpoint)}
        names = [v.op.name for v in tf.trainable_variables()]
        assignment_map = {name: name for name in names if name in known}

        def scaffold_fn():
            tf.train.init_from_checkpoint(init_checkpoint, assignment_map)
            return tf.train.Scaffold()

        Spec = tf.estimator.tpu.TPUEstimatorSpec
        if mode == tf.estimator.ModeKeys.TRAIN:
            global_step = tf.identity(tf.train.get_global_step())
            learning_rate = tf.train.polynomial_decay(0.1, global_step, num_train_steps, 0.0)
            train_op = _create_train_op(total_loss, learning_rate)
            one = [tf.reshape(t, [1]) for t in (global_step, total_loss, learning_rate)]
            return Spec(
                mode=mode,
                loss=total_loss,
                train_op=train_op,
                scaffold_fn=scaffold_fn,
                host_call=(_host_call_fn_builder(host_folder), one),
            )
        if mode == tf.estimator.ModeKeys.EVAL:
            tensors = [per_example_loss, features["label_ids"], logits, features["is_real_example"]]
            return Spec(
                mode=mode,
                loss=total_loss,
                eval_metrics=(_metric_fn, tensors),
                scaffold_fn=scaffold_fn,
            )
        predictions = {"probabilities": probabilities, "logits": logits}
        return Spec(mode=mode, predictions=predictions, scaffold_fn=scaffold_fn)

    return model_fn


def _pretrained(folder):
    """Writes the checkpoint that training starts from."""
    values = np.random.RandomState(12)
    with tf.Graph().as_default(), tf.variable_scope("bert"), tf.Session() as session:
        for name, shape in (
            ("word_embeddings", [WORDS, HIDDEN]),
            ("pooler/kernel", [HIDDEN, HIDDEN]),
        ):
            tf.get_variable(name, initializer=values.normal(size=shape).astype(np.float32))
        session.run(tf.global_variables_initializer())
        return tf.train.Saver().save(session, os.path.join(folder, "pretrained.ckpt"))


def make_model_fn(folder):
    """Makes what the program runs; `folder` holds what is neither model nor data."""
    host_folder = os.path.join(folder, "model", "host")
    return model_fn_builder(_pretrained(os.path.join(folder, "pretrained")), host_folder)
