"""Models with attention that are trained and decoded with `tf.contrib.seq2seq`; see `programs`.

A model is trained for 20 steps. Each way to decode builds its own graph and loads the variables by
name, so the names count, too.
"""

import json
import os

import numpy as np
from programs import _constant, plain
from seq2seq_programs import short

_START, _END, _WORDS = 1, 2, 7
_SOURCE = np.array([[3, 4, 5, 6, 3], [6, 5, 4, 0, 0], [5, 3, 6, 4, 0], [4, 0, 0, 0, 0]])
_SOURCE_LENGTHS = np.array([5, 3, 4, 1], np.int32)
_TARGET = np.array([[6, 5, 4, 3, 2], [3, 4, 2, 0, 0], [4, 6, 3, 2, 0], [5, 2, 0, 0, 0]])
_TARGET_LENGTHS = np.array([5, 3, 4, 2], np.int32)


class _Model:
    """An encoder and a decoder with attention.

    Args:
        tf: TensorFlow.
        mechanism: A function of memory and lengths that returns mechanisms.
        cell: The class of cells.
        settings: Arguments of the AttentionWrapper.
    """

    def __init__(self, tf, mechanism, cell="LSTMCell", **settings):
        self.tf, self.mechanism, self.settings = tf, mechanism, settings
        self.cell = getattr(tf.contrib.rnn, cell)

    def encode(self, source, lengths):
        tf = self.tf
        self.embedding = tf.get_variable("embedding", [_WORDS, 4])
        with tf.variable_scope("encoder"):
            cells = self.cell(3), self.cell(3)
            inputs = tf.nn.embedding_lookup(self.embedding, source)
            outputs, states = tf.nn.bidirectional_dynamic_rnn(
                cells[0], cells[1], inputs, sequence_length=lengths, dtype=tf.float32
            )
        return tf.concat(outputs, -1), states[0]

    def decoder_parts(self, memory, lengths, state, batch_size):
        tf = self.tf
        # Layers that are made outside of the decoder's scope have their variables in it.
        wrapper = tf.contrib.seq2seq.AttentionWrapper(
            self.cell(3), self.mechanism(memory, lengths), **self.settings
        )
        first = wrapper.zero_state(batch_size, tf.float32).clone(cell_state=state)
        return wrapper, first, tf.layers.Dense(_WORDS, use_bias=False)

    def train_op(self, impute):
        tf = self.tf
        memory, state = self.encode(_SOURCE, _SOURCE_LENGTHS)
        cell, first, layer = self.decoder_parts(memory, _SOURCE_LENGTHS, state, 4)
        starts = np.full([4, 1], _START)
        inputs = tf.nn.embedding_lookup(
            self.embedding, np.concatenate([starts, _TARGET[:, :-1]], 1)
        )
        helper = tf.contrib.seq2seq.TrainingHelper(inputs, _TARGET_LENGTHS)
        decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, first, output_layer=layer)
        outputs, _, lengths = tf.contrib.seq2seq.dynamic_decode(decoder, impute_finished=impute)
        weights = tf.sequence_mask(_TARGET_LENGTHS, dtype=tf.float32)
        loss = tf.contrib.seq2seq.sequence_loss(outputs.rnn_output, tf.constant(_TARGET), weights)
        variables = tf.trainable_variables()
        gradients, norm = tf.clip_by_global_norm(tf.gradients(loss, variables), 1.0)
        # All gradients come first: a variable that is updated must not be read again.
        with tf.control_dependencies([one for one in gradients if not hasattr(one, "indices")]):
            update = tf.train.AdamOptimizer(0.05).apply_gradients(zip(gradients, variables))
        return update, {"loss": loss, "norm": norm, "ids": outputs.sample_id, "lengths": lengths}

    def trained(self, impute=True, steps=20):
        """Trains the model; returns what each step found, and the variables afterwards."""
        tf = self.tf
        with tf.Graph().as_default(), tf.Session() as session:
            with tf.variable_scope("model", initializer=_constant(tf, 0.5)):
                update, fetches = self.train_op(impute)
            session.run(tf.global_variables_initializer())
            history = []
            for _ in range(steps):
                history.append(session.run(fetches))
                session.run(update)
            names = sorted(one.name for one in tf.global_variables())
            values = session.run({one.op.name: one for one in tf.trainable_variables()})
        return {"history": history, "names": names, "values": plain(values)}

    def decoded(self, values, build):
        """Returns what a graph computes with a trained model."""
        tf = self.tf
        with tf.Graph().as_default(), tf.Session() as session:
            source = tf.placeholder_with_default(_SOURCE, [None, None])
            lengths = tf.placeholder_with_default(_SOURCE_LENGTHS, [None])
            with tf.variable_scope("model"):
                fetches = build(source, lengths)
            for variable in tf.trainable_variables():
                variable.load(np.array(values[variable.op.name], np.float32), session)
            return session.run(fetches)

    def greedy(self, source, lengths, limit=8, **settings):
        tf = self.tf
        memory, state = self.encode(source, lengths)
        batch_size = tf.shape(source)[0]
        cell, first, layer = self.decoder_parts(memory, lengths, state, batch_size)
        helper = tf.contrib.seq2seq.GreedyEmbeddingHelper(
            self.embedding, tf.fill([batch_size], _START), _END
        )
        decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, first, layer)
        outputs, state, found = tf.contrib.seq2seq.dynamic_decode(
            decoder, maximum_iterations=limit, **settings
        )
        history = state.alignment_history
        return {
            "ids": outputs.sample_id,
            "logits": outputs.rnn_output,
            "lengths": found,
            "time": state.time,
            "attention": state.attention,
            "alignments": state.alignments,
            "cell": state.cell_state,
            "history": [one.stack() for one in _list(history) if not isinstance(one, tuple)],
        }

    def beam(self, source, lengths, width=3, limit=8, static=False, **settings):
        tf = self.tf
        if static:
            source, lengths = tf.constant(_SOURCE), tf.constant(_SOURCE_LENGTHS)
        tile = tf.contrib.seq2seq.tile_batch
        memory, state = self.encode(source, lengths)
        batch_size = 4 if static else tf.shape(source)[0]
        cell, first, layer = self.decoder_parts(
            tile(memory, width), tile(lengths, width), tile(state, width), batch_size * width
        )
        decoder = tf.contrib.seq2seq.BeamSearchDecoder(
            cell,
            self.embedding,
            tf.fill([batch_size], _START),
            _END,
            first,
            width,
            output_layer=layer,
            **settings,
        )
        outputs, state, found = tf.contrib.seq2seq.dynamic_decode(decoder, maximum_iterations=limit)
        steps = outputs.beam_search_decoder_output
        history = state.cell_state.alignment_history
        return {
            "ids": outputs.predicted_ids,
            "scores": steps.scores,
            "step_ids": steps.predicted_ids,
            "parents": steps.parent_ids,
            "lengths": [found, state.lengths],
            "log_probs": state.log_probs,
            "finished": tf.cast(state.finished, tf.int32),
            "attended": [state.accumulated_attention_probs] if settings.get(_COVERAGE) else [],
            "cell": state.cell_state.cell_state,
            "history": [
                one.stack() if hasattr(one, "stack") else one
                for one in _list(history)
                if not isinstance(one, tuple)
            ],
        }


_COVERAGE = "coverage_penalty_weight"


def _list(values):
    is_list = isinstance(values, (list, tuple)) and values
    return list(values) if is_list else [values]


def _decoded(recording, name, model, builds, impute=True):
    """Trains a model, and decodes it in each of several ways.

    The weights that are decoded with are those that TensorFlow 1.15.5 found in training.
    """
    trained = model.trained(impute)
    values = trained["values"]
    if hasattr(model.tf, "__real__"):  # the facade
        here = os.path.dirname(os.path.abspath(__file__))
        with open(os.path.join(here, "recordings", recording)) as recorded:
            values = json.load(recorded)[name]["trained"]["values"]
    found = {way: short(model.decoded(values, builds[way])) for way in sorted(builds)}
    return dict(found, trained=trained)


def bahdanau(tf):
    def mechanism(memory, lengths):
        return tf.contrib.seq2seq.BahdanauAttention(4, memory, lengths)

    model = _Model(tf, mechanism, attention_layer_size=5, alignment_history=True)

    def beam(**settings):
        return lambda *source: model.beam(*source, **settings)

    return _decoded(
        "seq2seq_more.json",
        "bahdanau",
        model,
        {
            "greedy": model.greedy,
            "imputed": lambda *source: model.greedy(*source, impute_finished=True),
            "short": lambda *source: model.greedy(*source, limit=tf.constant(2)),
            "by_time": lambda *source: model.greedy(*source, output_time_major=True),
            "beam": beam(),
            "beam_covered": beam(coverage_penalty_weight=0.4, length_penalty_weight=0.5),
            "beam_static": beam(static=True),
            "beam_unsorted": beam(reorder_tensor_arrays=False),
            "beam_of_one": beam(width=1, limit=3),
        },
    )


def luong(tf):
    def mechanism(memory, lengths):
        return tf.contrib.seq2seq.LuongAttention(3, memory, lengths, scale=True)

    model = _Model(tf, mechanism, "GRUCell", output_attention=False)
    return _decoded(
        "seq2seq.json",
        "luong",
        model,
        {
            "imputed": lambda *source: model.greedy(*source, impute_finished=True),
            "beam": lambda *source: model.beam(*source, coverage_penalty_weight=0.2),
        },
        impute=False,
    )


def several_mechanisms(tf):
    seq2seq = tf.contrib.seq2seq

    def mechanisms(memory, lengths):
        normalized = seq2seq.BahdanauAttention(3, memory, lengths, normalize=True)
        return [normalized, seq2seq.LuongAttention(3, memory, lengths)]

    model = _Model(tf, mechanisms, attention_layer_size=[2, 3], alignment_history=True)
    return _decoded(
        "seq2seq_more.json",
        "several_mechanisms",
        model,
        {
            "greedy": model.greedy,
            "beam": lambda *source: model.beam(*source, coverage_penalty_weight=0.2),
        },
    )


QUICK = [luong]
PROGRAMS = [bahdanau, several_mechanisms]
