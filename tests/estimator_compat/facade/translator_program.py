"""A sequence-to-sequence translator with attention, as programs for TensorFlow 1 wrote it.

It learns to turn a sequence of words around. It prints its evaluation and its predictions
as JSON.
"""

import json

import numpy as np
import tensorflow as tf
from tensorflow.contrib import seq2seq
from tensorflow.contrib.rnn import LSTMCell, LSTMStateTuple, MultiRNNCell
from tensorflow.python.layers.core import Dense

START, END, WORDS = 1, 2, 12


def pairs(count, seed):
    random = np.random.RandomState(seed)
    for _ in range(count):
        source = random.randint(3, WORDS, size=random.randint(2, 7)).astype(np.int32)
        yield source, np.append(source[::-1], END).astype(np.int32)


def input_fn(count, batch_size, seed, epochs=1):
    data = tf.data.Dataset.from_generator(
        lambda: pairs(count, seed), (tf.int32, tf.int32), ([None], [None])
    )
    data = data.map(
        lambda source, target: (
            {"source": source, "source_length": tf.size(source)},
            {"target": target, "target_length": tf.size(target)},
        )
    )
    shapes = (
        {"source": [None], "source_length": []},
        {"target": [None], "target_length": []},
    )
    return data.repeat(epochs).padded_batch(batch_size, shapes)


def train_input_fn():
    return input_fn(40, 8, seed=1, epochs=None)


def eval_input_fn():
    return input_fn(20, 8, seed=2)


def make_cell(params, mode):
    cells = []
    for _ in range(2):
        cell = LSTMCell(params["units"])
        if mode == tf.estimator.ModeKeys.TRAIN:
            cell = tf.contrib.rnn.DropoutWrapper(cell, input_keep_prob=params["keep"])
        cells.append(cell)
    return MultiRNNCell(cells)


def encode(features, embedding, params, mode):
    with tf.variable_scope("encoder"):
        inputs = tf.nn.embedding_lookup(embedding, features["source"])
        (forward, backward), states = tf.nn.bidirectional_dynamic_rnn(
            make_cell(params, mode),
            make_cell(params, mode),
            inputs,
            sequence_length=features["source_length"],
            dtype=tf.float32,
        )
        outputs = tf.concat([forward, backward], -1)
        # The decoder starts with the mean of both directions' states.
        state = tuple(
            LSTMStateTuple((one.c + other.c) / 2, (one.h + other.h) / 2)
            for one, other in zip(*states)
        )
    return outputs, state


def model_fn(features, labels, mode, params):
    predicts = mode == tf.estimator.ModeKeys.PREDICT
    width = params["beam_width"] if predicts else 0
    batch_size = tf.shape(features["source"])[0]
    lengths = features["source_length"]
    embedding = tf.get_variable("embedding", [WORDS, params["units"]])
    memory, state = encode(features, embedding, params, mode)
    if width:
        memory = seq2seq.tile_batch(memory, multiplier=width)
        lengths = seq2seq.tile_batch(lengths, multiplier=width)
        state = seq2seq.tile_batch(state, multiplier=width)

    with tf.variable_scope("decode"):
        if params["attention"] == "luong":
            mechanism = seq2seq.LuongAttention(
                params["units"], memory, memory_sequence_length=lengths, scale=True
            )
        else:
            mechanism = seq2seq.BahdanauAttention(
                params["units"], memory, memory_sequence_length=lengths, normalize=True
            )
        cell = seq2seq.AttentionWrapper(
            make_cell(params, mode), mechanism, attention_layer_size=params["units"]
        )
        projection = Dense(WORDS, use_bias=False, name="output_projection")
        rows = batch_size * width if width else batch_size
        initial = cell.zero_state(rows, tf.float32).clone(cell_state=state)

        if width:
            decoder = seq2seq.BeamSearchDecoder(
                cell=cell,
                embedding=embedding,
                start_tokens=tf.fill([batch_size], START),
                end_token=END,
                initial_state=initial,
                beam_width=width,
                output_layer=projection,
                length_penalty_weight=0.6,
            )
        elif predicts:
            helper = seq2seq.GreedyEmbeddingHelper(
                embedding, start_tokens=tf.fill([batch_size], START), end_token=END
            )
            decoder = seq2seq.BasicDecoder(cell, helper, initial, projection)
        else:
            starts = tf.fill([batch_size, 1], START)
            shifted = tf.concat([starts, labels["target"][:, :-1]], 1)
            helper = seq2seq.TrainingHelper(
                tf.nn.embedding_lookup(embedding, shifted), labels["target_length"]
            )
            decoder = seq2seq.BasicDecoder(cell, helper, initial, projection)

        limit = 2 * tf.reduce_max(features["source_length"]) if predicts else None
        outputs, _, _ = seq2seq.dynamic_decode(
            decoder, impute_finished=not width, maximum_iterations=limit, scope="decoder"
        )

    if predicts:
        ids = outputs.predicted_ids[:, :, 0] if width else outputs.sample_id
        return tf.estimator.EstimatorSpec(mode, predictions={"ids": ids})

    weights = tf.sequence_mask(labels["target_length"], dtype=tf.float32)
    loss = seq2seq.sequence_loss(outputs.rnn_output, labels["target"], weights)
    if mode == tf.estimator.ModeKeys.EVAL:
        accuracy = tf.metrics.accuracy(labels["target"], outputs.sample_id, weights)
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops={"accuracy": accuracy})

    optimizer = tf.train.AdamOptimizer(params["learning_rate"])
    gradients, variables = zip(*optimizer.compute_gradients(loss))
    gradients, norm = tf.clip_by_global_norm(gradients, 5.0)
    tf.summary.scalar("gradient_norm", norm)
    train_op = optimizer.apply_gradients(
        zip(gradients, variables), global_step=tf.train.get_global_step()
    )
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


PARAMS = {"units": 16, "keep": 0.9, "attention": "bahdanau", "beam_width": 3, "learning_rate": 0.02}


def main(_):
    tf.logging.set_verbosity(tf.logging.INFO)
    config = tf.estimator.RunConfig(
        tf_random_seed=3, save_summary_steps=10, log_step_count_steps=10
    )
    flags = tf.flags.FLAGS
    estimator = tf.estimator.Estimator(
        model_fn, flags.model_dir, config, dict(PARAMS, attention=flags.attention)
    )
    estimator.train(train_input_fn, max_steps=flags.steps)
    evaluation = {name: float(x) for name, x in estimator.evaluate(eval_input_fn).items()}
    predictions = [found["ids"].tolist() for found in estimator.predict(eval_input_fn)]
    print(json.dumps({"evaluation": evaluation, "predictions": predictions}))


if __name__ == "__main__":
    tf.flags.DEFINE_string("model_dir", None, "Where checkpoints go.")
    tf.flags.DEFINE_string("attention", "bahdanau", "bahdanau or luong.")
    tf.flags.DEFINE_integer("steps", 60, "How long to train.")
    tf.app.run()
