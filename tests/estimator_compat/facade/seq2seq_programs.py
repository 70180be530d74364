"""Small computations with the parts of `tf.contrib.seq2seq`; see `programs`.

Random numbers of ops with a seed of their own are those of TensorFlow 1.15.5.
"""

import numpy as np
from programs import _LENGTHS, _constant, _run

_INPUTS = np.sin(np.arange(4 * 4 * 3, dtype=np.float32)).reshape(4, 4, 3)
_MEMORY = np.cos(np.arange(4 * 5 * 3, dtype=np.float32)).reshape(4, 5, 3)
_MEMORY_LENGTHS = np.array([5, 3, 1, 4], np.int32)


def _built(tf, build):
    """Runs what `build` returns, with variables that are the same on every TensorFlow."""
    with tf.variable_scope("built", initializer=_constant(tf, 0.5)):
        fetches = build()
    return short(_run(tf, fetches))


def short(value):
    """Returns a value with two sums in place of each larger array of floats.

    Each element has another weight in the second one.
    """
    if isinstance(value, dict):
        return {name: short(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [short(one) for one in value]
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or value.size <= 6:
        return value
    flat = np.ravel(value).astype(np.float64)
    return {"shape": value.shape, "sums": [flat.sum(), (flat * np.cos(np.arange(flat.size))).sum()]}


def _decode(tf, helper, size=3, **settings):
    """Returns the outputs, samples, state and lengths of a plain cell with a helper."""
    cell = tf.contrib.rnn.BasicRNNCell(size)
    decoder = tf.contrib.seq2seq.BasicDecoder(
        cell, helper, cell.zero_state(helper.batch_size, tf.float32)
    )
    outputs, state, lengths = tf.contrib.seq2seq.dynamic_decode(decoder, **settings)
    samples = outputs.sample_id
    return [outputs.rnn_output, samples, state, lengths]


def _table(tf, size=3):
    return tf.constant(np.sin(np.arange(3.0, 3.0 + 6 * size)).reshape(6, size), tf.float32)


def training_helpers(tf):
    seq2seq = tf.contrib.seq2seq
    tf.set_random_seed(7)

    def build():
        inputs, lengths, table = tf.constant(_INPUTS), tf.constant(_LENGTHS), _table(tf)
        more = tf.constant(np.cos(_INPUTS[:, :, :2]))
        made = {
            "read": seq2seq.TrainingHelper(inputs, lengths),
            "by_time": seq2seq.TrainingHelper(
                tf.transpose(inputs, [1, 0, 2]), lengths, time_major=True
            ),
            "embedded": seq2seq.ScheduledEmbeddingTrainingHelper(
                inputs, lengths, table, 0.5, seed=3, scheduling_seed=4
            ),
            "all_embedded": seq2seq.ScheduledEmbeddingTrainingHelper(
                inputs, lengths, lambda ids: tf.gather(table, ids), 1.0, seed=5
            ),
            "outputs": seq2seq.ScheduledOutputTrainingHelper(inputs, lengths, 0.5, seed=3),
            "changed": seq2seq.ScheduledOutputTrainingHelper(
                inputs, lengths, 0.6, seed=5, next_inputs_fn=lambda one: one * 2 + 1
            ),
            "auxiliary": seq2seq.ScheduledOutputTrainingHelper(
                inputs, lengths, 0.5, seed=3, auxiliary_inputs=more
            ),
            "changed_auxiliary": seq2seq.ScheduledOutputTrainingHelper(
                inputs,
                lengths,
                0.5,
                seed=4,
                auxiliary_inputs=more,
                next_inputs_fn=lambda one: one * 2 + 1,
            ),
        }
        found = {}
        for name in sorted(made):
            imputes = name.startswith("changed")
            found[name] = _decode(tf, made[name], impute_finished=imputes, scope=name)
        found["given"] = [made["read"].inputs, made["read"].sequence_length]
        return found

    return _built(tf, build)


def inference_helpers(tf):
    seq2seq = tf.contrib.seq2seq
    tf.set_random_seed(7)

    def build():
        start = [1, 0, 4, 5]
        table = _table(tf, 6)
        first = tf.constant(_INPUTS[:, 0])
        made = {
            "greedy": seq2seq.GreedyEmbeddingHelper(table, start, 3),
            "sampled": seq2seq.SampleEmbeddingHelper(table, start, 3, seed=2),
            "cold": seq2seq.SampleEmbeddingHelper(table, start, 3, 0.3, seed=2),
            "regression": seq2seq.InferenceHelper(
                lambda outputs: outputs * 3.0,
                sample_shape=[6],
                sample_dtype=tf.float32,
                start_inputs=table[:4],
                end_fn=lambda ids: ids[:, 0] < -1.0,
            ),
            "classes": seq2seq.InferenceHelper(
                lambda outputs: tf.argmax(outputs, -1, output_type=tf.int32),
                sample_shape=[],
                sample_dtype=tf.int32,
                start_inputs=first,
                end_fn=lambda ids: tf.equal(ids, 1),
                next_inputs_fn=lambda ids: tf.one_hot(ids, 3),
            ),
            "custom": seq2seq.CustomHelper(
                initialize_fn=lambda: (tf.tile([False], [4]), first),
                sample_fn=lambda time, outputs, state: (
                    time + tf.argmax(outputs, -1, output_type=tf.int32)
                ),
                next_inputs_fn=lambda time, outputs, state, sample_ids: (
                    sample_ids > 3,
                    first * tf.cast(time, tf.float32),
                    state,
                ),
            ),
        }
        found = {}
        for name in sorted(made):
            # The number of sequences of a custom helper is known once it is initialized.
            if name == "custom":
                made[name].initialize()
            found[name] = _decode(
                tf, made[name], 6, maximum_iterations=5, scope=name, impute_finished=name == "cold"
            )
        found["none"] = _decode(tf, made["greedy"], 6, maximum_iterations=0, scope="greedy_none")[
            3:
        ]
        return found

    return _built(tf, build)


def _attended(tf, mechanism, size=4, **settings):
    """Runs three time steps of a cell with attention, and returns what it found."""
    cell = tf.contrib.seq2seq.AttentionWrapper(
        tf.contrib.rnn.BasicRNNCell(size), mechanism, **settings
    )
    state = cell.zero_state(4, tf.float32)
    found = []
    for step in range(3):
        output, state = cell(tf.constant(_INPUTS[:, step]), state)
        found.append([output, state.attention, state.alignments, state.attention_state])
    sizes = cell.state_size
    return [found, state.time, state.cell_state, tf.constant([cell.output_size, sizes.attention])]


def attention(tf):
    seq2seq = tf.contrib.seq2seq
    memory, lengths = tf.constant(_MEMORY), tf.constant(_MEMORY_LENGTHS)

    def build():
        bahdanau, luong = seq2seq.BahdanauAttention, seq2seq.LuongAttention
        given = tf.constant(np.full([4, 4], 0.25, np.float32))
        ways = [
            ("plain", lambda: bahdanau(3, memory), {}),
            ("normed", lambda: bahdanau(3, memory, lengths, normalize=True), {}),
            ("hard", lambda: bahdanau(3, memory, lengths, probability_fn=seq2seq.hardmax), {}),
            ("masked", lambda: luong(4, memory, lengths, score_mask_value=-2.0), {}),
            ("scaled", lambda: luong(4, memory, lengths, scale=True), {"attention_layer_size": 2}),
            (
                "custom",
                lambda: luong(4, memory, custom_key_value_fn=lambda k, v: (k * 2, v[:, :, :2])),
                {"output_attention": False},
            ),
            (
                "inputs",
                lambda: luong(4, memory, lengths),
                {"cell_input_fn": lambda inputs, one: inputs + one, "initial_cell_state": given},
            ),
            (
                "layer",
                lambda: luong(4, memory),
                {"attention_layer": tf.layers.Dense(5, activation=tf.tanh, name="mine")},
            ),
            (
                "function",
                lambda: luong(4, memory, lengths),
                {"attention_fn": _halved},
            ),
            (
                "several",
                lambda: [bahdanau(3, memory, lengths), bahdanau(2, memory), luong(4, memory)],
                {"attention_layer_size": [2, 3, 4]},
            ),
        ]
        found = {}
        for name, mechanism, settings in ways:
            with tf.variable_scope(name):
                found[name] = _attended(tf, mechanism(), **settings)
        return found

    def _halved(mechanism, output, state, layer):
        assert layer is None
        alignments, state = mechanism(output, state=state)
        context = tf.reduce_sum(alignments[:, :, None] * mechanism.values, 1)
        return context / 2, alignments, state

    return _built(tf, build)


def monotonic(tf):
    seq2seq = tf.contrib.seq2seq
    memory, lengths = tf.constant(_MEMORY), tf.constant(_MEMORY_LENGTHS)
    tf.set_random_seed(7)

    def build():
        found = {}
        choose = tf.constant(np.abs(_MEMORY[:, :, 0]))
        before = tf.nn.softmax(tf.constant(_MEMORY[:, :, 1]))
        for mode in ("recursive", "parallel", "hard"):
            found[mode] = seq2seq.monotonic_attention(choose, before, mode)
            with tf.variable_scope("bahdanau_" + mode):
                mechanism = seq2seq.BahdanauMonotonicAttention(
                    3, memory, lengths, normalize=True, score_bias_init=0.2, mode=mode
                )
                found["bahdanau_" + mode] = _attended(tf, mechanism)
            with tf.variable_scope("luong_" + mode):
                mechanism = seq2seq.LuongMonotonicAttention(
                    4, memory, scale=True, sigmoid_noise=0.5, sigmoid_noise_seed=3, mode=mode
                )
                found["luong_" + mode] = _attended(tf, mechanism, attention_layer_size=2)
        found["product"] = seq2seq.safe_cumprod(choose, axis=1, exclusive=True)
        return found

    return _built(tf, build)


class _Countdown:
    """Makes a decoder without a cell that counts down: each sequence ends at 0."""

    def __new__(cls, tf):
        class Countdown(tf.contrib.seq2seq.Decoder):
            batch_size = 3
            output_size = (tf.TensorShape([]), tf.TensorShape([2]))
            output_dtype = (tf.int32, tf.int32)

            def initialize(self, name=None):
                start = tf.constant([2, 0, 3])
                return tf.equal(start, 0), start, (start, tf.constant(5))

            def step(self, time, inputs, state, name=None):
                left = inputs - 1
                outputs = (left, tf.stack([left, left * 2], 1))
                return outputs, (left, state[1] + time), left, tf.less_equal(left, 0)

        return Countdown()


class _Alternating:
    """Makes a helper without data: every other sequence ends after two time steps."""

    def __new__(cls, tf):
        class Alternating(tf.contrib.seq2seq.Helper):
            batch_size = 4
            sample_ids_shape = tf.TensorShape([])
            sample_ids_dtype = tf.int32

            def initialize(self, name=None):
                return tf.constant([False] * 4), tf.constant(_INPUTS[:, 0])

            def sample(self, time, outputs, state, name=None):
                return tf.fill([4], time)

            def next_inputs(self, time, outputs, state, sample_ids, name=None):
                return (sample_ids > 0) & [True, False, True, False], outputs, state

        return Alternating()


class _Middle:
    """Makes an attention mechanism that always attends to the middle of the memory."""

    def __new__(cls, tf):
        class Middle(tf.contrib.seq2seq.AttentionMechanism):
            dtype, batch_size, alignments_size, state_size = tf.float32, 4, 5, 1
            values = tf.constant(_MEMORY)

            def initial_alignments(self, batch_size, dtype):
                return tf.zeros([batch_size, 5], dtype)

            def initial_state(self, batch_size, dtype):
                return tf.ones([batch_size, 1], dtype)

            def __call__(self, query, state):
                middle = tf.one_hot(tf.fill([4], 2), 5)
                return middle * state, state * 2

        return Middle()


def own_classes(tf):
    def build():
        countdown = _Countdown(tf)
        found = {}
        for name, imputes in (("plain", False), ("imputed", True)):
            outputs, state, lengths = tf.contrib.seq2seq.dynamic_decode(
                countdown, impute_finished=imputes, output_time_major=imputes, scope=name
            )
            found[name] = [outputs, state, lengths]
        found["helper"] = _decode(tf, _Alternating(tf), maximum_iterations=4, impute_finished=True)
        found["mechanism"] = _attended(tf, _Middle(tf), attention_layer_size=2)
        return found

    return _built(tf, build)


def losses_of_mixed_axes(tf):
    loss = tf.contrib.seq2seq.sequence_loss
    logits, targets = tf.constant(_INPUTS[:, :, :3]), tf.constant(np.arange(16).reshape(4, 4) % 3)
    weights = tf.sequence_mask(_LENGTHS, 4, dtype=tf.float32)

    def soft(labels, logits):
        return tf.nn.softmax_cross_entropy_with_logits_v2(tf.one_hot(labels, 3) * 0.9, logits)

    found = {
        "time_first": loss(logits, targets, weights, True, False, False, True),
        "batch_first": loss(logits, targets, weights, False, True, True, False),
        "soft": loss(logits, targets, weights, softmax_loss_function=soft),
    }
    return _run(tf, found)


def _first_words(error):
    """Returns an error's class and how its message begins, without the names of tensors.

    AutoGraph puts the place of an error before its message.
    """
    name, message = type(error).__name__, str(error)
    if "code:\n" in message:
        message = message.rpartition(name + ": ")[2]
    words = message.partition("(")[0].split()[:4]
    return [name, " ".join(word.rstrip(",;.") for word in words if ":" not in word)]


def mistakes(tf):
    """Returns what usual mistakes raise."""
    seq2seq = tf.contrib.seq2seq
    memory, table = tf.constant(_MEMORY), _table(tf)
    cell = tf.contrib.rnn.BasicRNNCell(3)
    luong = seq2seq.LuongAttention(3, memory)
    wrapper = seq2seq.AttentionWrapper(cell, luong)
    zero = wrapper.zero_state(4, tf.float32)
    logits, targets = tf.zeros([2, 3, 4]), tf.zeros([2, 3], tf.int32)
    helper = seq2seq.GreedyEmbeddingHelper(table, [1], 2)
    unknown = tf.placeholder(tf.float32, [None, None, None])
    weights = tf.ones([2, 3])

    def beam(state, **settings):
        arguments = {"start_tokens": [1, 1, 1, 1], "end_token": 2, "beam_width": 2}
        arguments.update(settings)
        return seq2seq.BeamSearchDecoder(wrapper, table, initial_state=state, **arguments)

    def many(**settings):
        return seq2seq.AttentionWrapper(cell, [luong, luong], **settings)

    calls = {
        "tokens": lambda: seq2seq.GreedyEmbeddingHelper(table, 1, 2),
        "end": lambda: seq2seq.GreedyEmbeddingHelper(table, [1], [2]),
        "beam_tokens": lambda: beam(zero, start_tokens=1),
        "beam_end": lambda: beam(zero, end_token=[2]),
        "beam_untiled": lambda: beam(zero),
        "untiled_memory": lambda: wrapper.zero_state(8, tf.float32),
        "untiled_state": lambda: seq2seq.AttentionWrapper(
            cell, luong, initial_cell_state=tf.zeros([8, 3])
        ),
        "untiled_call": lambda: wrapper(
            tf.zeros([8, 3]), zero._replace(cell_state=tf.zeros([8, 3]), attention=tf.zeros([8, 3]))
        ),
        "clone": lambda: zero.clone(cell_state=tf.zeros([4, 5])),
        "depth": lambda: seq2seq.LuongAttention(2, memory)(tf.zeros([4, 3]), None),
        "inner": lambda: seq2seq.BahdanauAttention(3, unknown),
        "probability": lambda: seq2seq.LuongAttention(3, memory, probability_fn=3),
        "state": lambda: wrapper(tf.zeros([4, 3]), tf.zeros([4, 3])),
        "mechanism": lambda: seq2seq.AttentionWrapper(cell, memory),
        "mechanisms": lambda: seq2seq.AttentionWrapper(cell, [luong, memory]),
        "sizes": lambda: many(attention_layer_size=2),
        "layers": lambda: many(attention_layer=tf.layers.Dense(2)),
        "both": lambda: many(attention_layer_size=[2, 2], attention_layer=[None, None]),
        "cell_input": lambda: many(cell_input_fn=3),
        "helper": lambda: seq2seq.BasicDecoder(cell, table, zero),
        "layer": lambda: seq2seq.BasicDecoder(cell, helper, zero, output_layer=table),
        "cell": lambda: seq2seq.BasicDecoder(table, helper, zero),
        "decoder": lambda: seq2seq.dynamic_decode(cell),
        "limit": lambda: seq2seq.dynamic_decode(
            seq2seq.BasicDecoder(cell, helper, tf.zeros([1, 3])), maximum_iterations=[3]
        ),
        "length": lambda: seq2seq.TrainingHelper(tf.zeros([2, 3, 4]), 3),
        "probability_shape": lambda: seq2seq.ScheduledOutputTrainingHelper(
            tf.zeros([2, 3, 4]), [3, 3], [[0.5]]
        ),
        "custom": lambda: seq2seq.CustomHelper(None, None, None).batch_size,
        "mode": lambda: seq2seq.monotonic_attention([[1.0]], [[1.0]], "soft"),
        "tile": lambda: seq2seq.tile_batch(tf.constant(3), 2),
        "logits": lambda: seq2seq.sequence_loss(targets, targets, targets),
        "targets": lambda: seq2seq.sequence_loss(logits, logits, targets),
        "weights": lambda: seq2seq.sequence_loss(logits, targets, logits),
        "time": lambda: seq2seq.sequence_loss(logits, targets, weights, sum_over_timesteps=True),
        "batch": lambda: seq2seq.sequence_loss(logits, targets, weights, sum_over_batch=True),
        "coverage": lambda: seq2seq.BeamSearchDecoder(
            cell, table, [1, 1], 2, tf.zeros([4, 3]), 2, coverage_penalty_weight=0.5
        ).initialize(),
    }
    found = {}
    for name in sorted(calls):
        try:
            calls[name]()
        except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
            found[name] = _first_words(error)
        else:
            found[name] = ["nothing", ""]
    return found


QUICK = [own_classes, losses_of_mixed_axes, mistakes]
PROGRAMS = [training_helpers, inference_helpers, attention, monotonic]
