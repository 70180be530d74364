"""Small computations with the cells of `tf.contrib.rnn`; see `programs`.

Each trains the sum of squared outputs for three steps, so that the gradients count, too.
"""

import numpy as np
from programs import _LENGTHS, _constant

_SEQUENCE = np.sin(np.arange(5 * 4 * 3, dtype=np.float32)).reshape(5, 4, 3)


def _train(tf, scope, build):
    """Returns what an RNN computes before and after training, and its variables."""
    inputs = tf.constant(_SEQUENCE)
    with tf.variable_scope(scope, initializer=_constant(tf, 0.5)):
        outputs, state = build(inputs)
    loss = tf.reduce_sum(tf.square(outputs)) + sum(
        tf.reduce_sum(tf.square(part - 0.1)) for part in tf.contrib.framework.nest.flatten(state)
    )
    weights = [one for one in tf.trainable_variables() if one.name.startswith(scope + "/")]
    gradients = tf.gradients(loss, [*weights, inputs])
    # All gradients come first: a variable that is updated must not be read again.
    with tf.control_dependencies(gradients):
        train = tf.train.GradientDescentOptimizer(0.05).apply_gradients(zip(gradients, weights))
    with tf.control_dependencies([train]):
        step = tf.identity(loss)
    parts = tf.contrib.framework.nest.flatten(state)
    fetches = {scope: [loss, outputs, *parts], scope + "_grad": gradients}
    return fetches, step


def _trained(tf, builds):
    """Runs several RNNs in one graph; returns what they compute before and after training."""
    fetches, steps = {}, []
    for scope, build in sorted(builds.items()):
        found, step = _train(tf, scope, build)
        fetches.update(found)
        steps.append(step)
    shapes = [[one.name, one.shape.as_list()] for one in tf.trainable_variables()]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        before = session.run(fetches)
        losses = [session.run(steps) for _ in range(3)]
        after = session.run(fetches)
    return {
        "before": {name: [_sums(one) for one in before[name]] for name in before},
        "after": {name: [_sums(one) for one in after[name]] for name in after},
        "losses": losses,
        "shapes": shapes,
    }


def _sums(values):
    """Returns two sums of an array, in which each element has another weight."""
    flat = np.ravel(np.asarray(values, np.float64))
    weights = np.cos(np.arange(flat.size))
    return [flat.sum(), (flat * weights).sum()]


def block_cells(tf):
    rnn = tf.contrib.rnn
    dynamic = {"dtype": tf.float32, "time_major": True}

    def run(cell, **settings):
        return lambda inputs: tf.nn.dynamic_rnn(cell(), inputs, **dict(dynamic, **settings))

    return _trained(
        tf,
        {
            "plain": run(lambda: rnn.LSTMBlockCell(2)),
            "peeps": run(lambda: rnn.LSTMBlockCell(2, 0.5, 0.3, use_peephole=True)),
            "short": run(lambda: rnn.LSTMBlockCell(2, name="mine"), sequence_length=_LENGTHS),
            "gru": run(lambda: rnn.GRUBlockCell(2)),
            "gru2": run(lambda: rnn.GRUBlockCellV2(num_units=2), sequence_length=_LENGTHS),
            "stack": run(lambda: rnn.MultiRNNCell([rnn.LSTMBlockCell(2), rnn.LSTMBlockCell(3)])),
        },
    )


def fused_cells(tf):
    rnn = tf.contrib.rnn
    zeros = {"dtype": tf.float32}

    def lstm(**settings):
        return rnn.LSTMBlockFusedCell(2, **settings)

    def started(inputs):
        given = (tf.fill([4, 2], 0.3), tf.fill([4, 2], -0.2))
        return lstm()(inputs, initial_state=given, sequence_length=tf.constant(_LENGTHS))

    def both(inputs):
        backward = rnn.TimeReversedFusedRNN(lstm(name="back"))
        forward, state = lstm()(inputs, **zeros)
        reverse, other = backward(inputs, sequence_length=tf.constant(_LENGTHS), **zeros)
        return tf.concat([forward, reverse], 2), (state, other)

    def adapted(dynamic):
        def build(inputs):
            cell = rnn.FusedRNNCellAdaptor(rnn.BasicRNNCell(2), use_dynamic_rnn=dynamic)
            backward = rnn.TimeReversedFusedRNN(cell)
            if dynamic:
                return backward(inputs, **zeros)
            outputs, state = backward(tf.unstack(inputs), **zeros)
            return tf.stack(outputs), state

        return build

    return _trained(
        tf,
        {
            "plain": lambda inputs: lstm()(inputs, **zeros),
            "peeps": lambda inputs: lstm(cell_clip=0.3, use_peephole=True)(inputs, **zeros),
            "reversed": lambda inputs: rnn.TimeReversedFusedRNN(lstm())(inputs, **zeros),
            "started": started,
            "both": both,
            "dynamic": adapted(True),
            "static": adapted(False),
        },
    )


def nas_cells(tf):
    cell = tf.contrib.rnn.NASCell

    def run(make, **settings):
        return lambda inputs: tf.nn.dynamic_rnn(
            make(), inputs, dtype=tf.float32, time_major=True, **settings
        )

    return _trained(
        tf,
        {
            "plain": run(lambda: cell(3)),
            "biased": run(lambda: cell(2, use_bias=True, name="mine"), sequence_length=_LENGTHS),
            "projected": run(lambda: cell(4, 2, use_bias=True)),
            "stack": run(lambda: tf.contrib.rnn.MultiRNNCell([cell(3, num_proj=2), cell(2)])),
        },
    )


def cudnn_cells(tf):
    cudnn = tf.contrib.cudnn_rnn

    def build(inputs):
        cell = cudnn.CudnnCompatibleLSTMCell(3)
        return tf.nn.dynamic_rnn(cell, inputs, dtype=tf.float32, time_major=True)

    from tensorflow.contrib.cudnn_rnn.python.ops import cudnn_rnn_ops as ops

    names = ["LSTM", "GRU", "RNN_RELU", "RNN_TANH", "RNN_UNIDIRECTION", "RNN_BIDIRECTION"]
    names += ["INPUT_LINEAR_MODE", "INPUT_SKIP_MODE", "INPUT_AUTO_MODE"]
    words = {one: getattr(ops, "CUDNN_" + one) for one in names}
    return dict(_trained(tf, {"plain": build}), words=words)


PROGRAMS = [block_cells, fused_cells, nas_cells, cudnn_cells]
