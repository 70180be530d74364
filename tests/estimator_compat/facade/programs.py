"""Small computations with `tf.contrib`, run on TensorFlow 1.15.5 and under the facade.

Each returns a dict of arrays. The code must run on Python 3.7. It uses no random numbers, since op
seeds differ.
"""

from __future__ import annotations

import os
import shutil
import tempfile

import numpy as np

_INPUTS = np.linspace(-1.0, 2.0, 24, dtype=np.float32)
_LENGTHS = np.array([4, 2, 1, 0], dtype=np.int32)


def _constant(tf, scale=0.1):
    """Returns an initializer whose values are neither symmetric nor random."""

    def initializer(shape, dtype=tf.float32, partition_info=None):
        count = int(np.prod(shape))
        values = np.sin(np.arange(1, count + 1, dtype=np.float64)) * scale
        return tf.constant(values.reshape(shape), dtype=dtype)

    return initializer


def _run(tf, fetches, steps=None, steps_count=0):
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.tables_initializer()])
        history = [session.run(steps) for _ in range(steps_count)]
        values = session.run(fetches)
        names = [one.name for one in tf.global_variables()]
        return dict(values, variables=names, history=history)


def layer_norm(tf):
    inputs = tf.constant(_INPUTS.reshape(2, 3, 4))
    whole = tf.contrib.layers.layer_norm(inputs)
    last = tf.contrib.layers.layer_norm(
        inputs, begin_norm_axis=-1, begin_params_axis=-1, activation_fn=tf.nn.relu, scope="mine"
    )
    bare = tf.contrib.layers.layer_norm(inputs, center=False, scale=False)
    names = [one.name for one in tf.get_collection(tf.GraphKeys.MODEL_VARIABLES)]
    return dict(_run(tf, {"whole": whole, "last": last, "bare": bare}), model=names)


def fully_connected(tf):
    regularizer = tf.contrib.layers.l2_regularizer(0.5)
    inputs = tf.constant(_INPUTS.reshape(2, 3, 4))
    settings = {"weights_initializer": _constant(tf), "weights_regularizer": regularizer}
    high = tf.contrib.layers.fully_connected(inputs, 5, outputs_collections="mine", **settings)
    flat = tf.contrib.layers.fully_connected(inputs[:, 0], 2, activation_fn=None, **settings)
    normed = tf.contrib.layers.fully_connected(
        inputs[:, 0], 3, normalizer_fn=tf.contrib.layers.layer_norm, scope="n", **settings
    )
    loss = tf.losses.get_regularization_loss()
    fetches = {"high": high, "flat": flat, "normed": normed, "loss": loss}
    penalties = len(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))
    collected = len(tf.get_collection("mine"))
    return dict(_run(tf, fetches), penalties=penalties, collected=collected)


def regularizers(tf):
    layers = tf.contrib.layers
    weights = tf.constant(_INPUTS)
    made = {
        "l1": layers.l1_regularizer(0.3)(weights),
        "l2": layers.l2_regularizer(0.3)(weights),
        "both": layers.l1_l2_regularizer(0.3, 0.2)(weights),
        "only_l2": layers.l1_l2_regularizer(0.0, 0.2)(weights),
        "applied": layers.apply_regularization(layers.l1_regularizer(0.3), [weights, weights]),
    }
    names = [one.name for one in made.values()]
    return dict(_run(tf, made), nothing=[str(layers.l1_regularizer(0.0)(weights))], names=names)


def initializers(tf):
    """Returns the range of many uniform values, which does not depend on the generator."""
    bounds = {}
    for mode in ("FAN_IN", "FAN_OUT", "FAN_AVG"):
        for shape in ([4000], [40, 100], [3, 3, 10, 100]):
            make = tf.contrib.layers.variance_scaling_initializer(2.0, mode, uniform=True, seed=1)
            name = f"{mode}_{len(shape)}"
            bounds[name] = tf.round(tf.reduce_max(tf.abs(make(shape))) * 100)
    return _run(tf, bounds)


def _trained(tf, **settings):
    weights = tf.get_variable("w", [4, 2], initializer=_constant(tf, 0.7))
    bias = tf.get_variable("b", [2], initializer=_constant(tf, 0.2))
    step = tf.train.get_or_create_global_step()
    inputs = tf.constant(_INPUTS.reshape(6, 4))
    loss = tf.reduce_sum(tf.square(tf.matmul(inputs, weights) + bias - 1.5))
    train = tf.contrib.layers.optimize_loss(loss, step, **settings)
    summaries = tf.get_collection(tf.GraphKeys.SUMMARIES)
    found = _run(tf, {"w": weights, "b": bias, "step": step}, train, 4)
    return dict(found, op=train.name, summaries=[one.name for one in summaries])


def optimize_loss(tf):
    return _trained(tf, learning_rate=0.01, optimizer="SGD", clip_gradients=1.0)


def optimize_loss_in_full(tf):
    def decay(rate, step):
        return tf.train.exponential_decay(rate, step, 1, 0.5)

    return _trained(
        tf,
        learning_rate=0.1,
        optimizer=lambda rate: tf.train.MomentumOptimizer(rate, 0.9),
        learning_rate_decay_fn=decay,
        gradient_multipliers={"w": 0.5, "b:0": 2.0},
        summaries=["loss", "learning_rate", "gradients", "gradient_norm"],
        name="mine",
    )


def optimize_loss_without_rate(tf):
    return _trained(
        tf,
        learning_rate=None,
        optimizer=tf.train.AdagradOptimizer(0.1),
        increment_global_step=False,
    )


def _optimized(tf, optimizer, **settings):
    dense = tf.get_variable("dense", [3], initializer=_constant(tf, 0.7))
    table = tf.get_variable("table", [4, 3], initializer=_constant(tf, 0.7))
    rows = tf.nn.embedding_lookup(table, [1, 3])
    loss = tf.reduce_sum(tf.square(dense - 1.0)) + tf.reduce_sum(tf.square(rows - dense))
    made = settings.pop("decayed", None)
    if made:
        settings["decay_var_list"] = [dense]
    gradients = optimizer.compute_gradients(loss)
    # Without this dependency, the decay of a variable could run before the variable is read.
    read = [one.values if hasattr(one, "values") else one for one, _ in gradients]
    with tf.control_dependencies([loss, *read]):
        train = optimizer.apply_gradients(gradients, **settings)
    return _run(tf, {"dense": dense, "table": table}, [loss, train], 4)


def adamw(tf):
    found = _optimized(tf, tf.contrib.opt.AdamWOptimizer(0.01, learning_rate=0.1))
    return dict(found, history=[one[0] for one in found["history"]])


def momentumw_of_some(tf):
    found = _optimized(tf, tf.contrib.opt.MomentumWOptimizer(0.01, 0.1, 0.9), decayed=True)
    return dict(found, history=[one[0] for one in found["history"]])


def lazy_adam(tf):
    found = _optimized(tf, tf.contrib.opt.LazyAdamOptimizer(0.1))
    return dict(found, history=[one[0] for one in found["history"]])


def lars(tf):
    make = tf.contrib.opt.LARSOptimizer
    cases = [
        ("plain", make(0.5)),
        ("skips", make(0.1, 0.8, 0.01, eeta=0.02, epsilon=0.1, skip_list=["dense"])),
        ("nesterov", make(0.5, use_nesterov=True, name="mine")),
    ]
    found = {}
    for name, optimizer in cases:
        with tf.Graph().as_default():
            one = _optimized(tf, optimizer)
        found[name] = dict(one, history=[step[0] for step in one["history"]])
    with tf.Graph().as_default(), tf.variable_scope("", use_resource=True):
        one = _optimized(tf, make(0.5, 0.7))
        found["resources"] = dict(one, history=[step[0] for step in one["history"]])
    return found


def image_transforms(tf):
    image = tf.contrib.image
    images = tf.constant(np.sin(np.arange(48, dtype=np.float32)).reshape(2, 4, 6, 1) * 9)
    angles = [0.3, -1.2]
    turns = image.angles_to_projective_transforms(angles, 4, 6)
    moves = image.translations_to_projective_transforms([[1, 0], [-2, 1.5]])
    both = image.compose_transforms(turns, moves)
    bent = [1.0, 0.1, -0.5, 0.2, 0.9, 0.3, 0.01, -0.02]
    smooth = image.transform(images, bent, "bilinear")
    fetches = {
        "both": both,
        "smooth": smooth,
        "grown": image.transform(images[0], bent, output_shape=[5, 7]),
        "composed": image.transform(images, both),
        "turned": image.rotate(images, angles, interpolation="BILINEAR"),
        "turned one": image.rotate(images[1, :, :, 0], 0.5),
        "moved": image.translate(images, [1, 1]),
        "integers": image.translate(tf.cast(images, tf.int32), [[1, 1], [0, -1]]),
        "matrices": image.flat_transforms_to_matrices(bent),
        "flat": image.matrices_to_flat_transforms(np.arange(1, 10, dtype=np.float32).reshape(3, 3)),
        "gradient": tf.gradients(tf.reduce_sum(smooth * smooth), images)[0],
    }
    return _run(tf, fetches)


def _crf(tf):
    potentials = tf.constant(np.sin(np.arange(4 * 4 * 3, dtype=np.float32)).reshape(4, 4, 3))
    transitions = tf.constant(np.cos(np.arange(9, dtype=np.float32)).reshape(3, 3))
    tags = tf.constant(np.arange(16, dtype=np.int32).reshape(4, 4) % 3)
    return potentials, tags, tf.constant(_LENGTHS), transitions


def crf(tf):
    potentials, tags, lengths, transitions = _crf(tf)
    likelihood, _ = tf.contrib.crf.crf_log_likelihood(potentials, tags, lengths, transitions)
    gradient, moved = tf.gradients(likelihood, [potentials, transitions])
    decoded, score = tf.contrib.crf.crf_decode(potentials, transitions, lengths)
    fetches = {"likelihood": likelihood, "gradient": gradient, "moved": moved}
    return _run(tf, dict(fetches, decoded=decoded, score=score))


def crf_of_single_steps(tf):
    potentials, tags, lengths, transitions = _crf(tf)
    potentials, tags, lengths = potentials[:, :1], tags[:, :1], tf.minimum(lengths, 1)
    likelihood, _ = tf.contrib.crf.crf_log_likelihood(potentials, tags, lengths, transitions)
    decoded, score = tf.contrib.crf.crf_decode(potentials, transitions, lengths)
    return _run(tf, {"likelihood": likelihood, "decoded": decoded, "score": score})


def viterbi(tf):
    scores = np.sin(np.arange(12, dtype=np.float32)).reshape(4, 3)
    transitions = np.cos(np.arange(9, dtype=np.float32)).reshape(3, 3)
    path, score = tf.contrib.crf.viterbi_decode(scores, transitions)
    return {"path": path, "score": score}


def sequence_loss(tf):
    logits = tf.constant(_INPUTS.reshape(2, 3, 4))
    targets = tf.constant([[0, 1, 2], [3, 0, 1]])
    weights = tf.constant([[1.0, 0.5, 0.0], [2.0, 0.0, 0.0]])
    loss = tf.contrib.seq2seq.sequence_loss
    made = {}
    for time in (False, True):
        for batch in (False, True):
            made[f"mean_{time}{batch}"] = loss(
                logits,
                targets,
                weights,
                average_across_timesteps=time,
                average_across_batch=batch,
            )
            made[f"sum_{time}{batch}"] = loss(
                logits,
                targets,
                weights,
                average_across_timesteps=False,
                average_across_batch=False,
                sum_over_timesteps=time,
                sum_over_batch=batch,
            )
    tiled = tf.contrib.seq2seq.tile_batch({"a": logits, "b": weights}, 3)
    return _run(tf, dict(made, tiled_a=tiled["a"], tiled_b=tiled["b"]))


def gather_tree(tf):
    # Tokens and parents are [time, batch, beams]; 9 ends a beam.
    tokens = [[[1, 2, 3], [1, 2, 3]], [[4, 5, 6], [9, 5, 6]], [[7, 8, 9], [7, 8, 9]]]
    parents = [[[0, 0, 0], [0, 0, 0]], [[0, 2, 1], [2, 1, 0]], [[2, 1, 0], [0, 0, 1]]]
    found = {}
    for lengths in ([3, 3], [2, 3], [0, 9]):
        name = "_".join(map(str, lengths))
        found[name] = tf.contrib.seq2seq.gather_tree(tokens, parents, lengths, 9)
    return _run(tf, found)


def lookup(tf):
    words = tf.constant(["b", "zebra", "a", "yak", "b"])
    at = tf.contrib.lookup
    made = {
        "default": at.index_table_from_tensor(["a", "b"]).lookup(words),
        "buckets": at.index_table_from_tensor(["a", "b"], num_oov_buckets=5).lookup(words),
        "integers": at.index_table_from_tensor([7, 9], 3, dtype=tf.int64).lookup(
            tf.constant([9, 1, 7, 4], tf.int64)
        ),
        "words": at.index_to_string_table_from_tensor(["a", "b"]).lookup(
            tf.constant([1, 5, 0], tf.int64)
        ),
    }
    return _run(tf, made)


def data(tf):
    numbers = tf.data.Dataset.range(7)
    batched = numbers.apply(tf.contrib.data.batch_and_drop_remainder(3))
    mapped = numbers.apply(tf.contrib.data.map_and_batch(lambda x: x * 2, 3))
    woven = numbers.apply(
        tf.contrib.data.parallel_interleave(
            lambda x: tf.data.Dataset.from_tensors(x).repeat(2), cycle_length=2
        )
    )
    found = {}
    for name, dataset in (("batched", batched), ("mapped", mapped), ("woven", woven)):
        element = dataset.make_one_shot_iterator().get_next()
        found[name] = []
        with tf.Session() as session:
            try:
                while True:
                    found[name].append(np.asarray(session.run(element)).tolist())
            except tf.errors.OutOfRangeError:
                pass
    return found


def hparams(tf):
    make = tf.contrib.training.HParams(rate=0.1, units=[8, 4], name="a", on=False, count=3)
    make.parse("rate=2,units=[1,2,3],name=b,on=true,count=5")
    found = {"text": str(make), "shown": repr(make), "json": make.to_json(sort_keys=True)}
    refused = []
    for bad in ("rate=x", "unknown=1", "count=1.5", "count=1,count=2", "units=3", "rate"):
        try:
            make.parse(bad)
            refused.append("")
        except ValueError:
            refused.append("ValueError")
    kinds = {"a": int, "b": int, "c": float}
    values = tf.contrib.training.parse_values("a=1,b[0]=2,b[3]=4,c=[1,2]", kinds)
    return dict(found, refused=refused, values=[values["a"], sorted(values["b"]), values["c"]])


def summary(tf):
    folder = tempfile.mkdtemp()
    step = tf.train.get_or_create_global_step()
    at = tf.contrib.summary
    with at.create_file_writer(folder, max_queue=10).as_default():
        with at.always_record_summaries():
            at.scalar("loss", tf.constant([2.5])[0], step=7)
            at.scalar("mine", tf.constant(3), family="f", step=step)
            with tf.name_scope("outer"):
                at.histogram("weights", tf.constant(_INPUTS), step=step)
            at.image("picture", tf.zeros([1, 2, 2, 1]), step=step)
        with at.never_record_summaries():
            at.scalar("silent", tf.constant(1.0))
        written = at.all_summary_ops()
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), at.summary_writer_initializer_op()])
        session.run(written)
        session.run(at.flush())
    found = {}
    for name in os.listdir(folder):
        for event in tf.train.summary_iterator(os.path.join(folder, name)):
            for value in event.summary.value:
                found[value.tag] = [event.step, value.WhichOneof("value"), value.simple_value]
    shutil.rmtree(folder)
    return found


def rnn(tf):
    def cells():
        make = tf.contrib.rnn.GRUCell
        return [make(3, kernel_initializer=_constant(tf, 0.5)) for _ in range(2)]

    inputs = tf.constant(_INPUTS.reshape(2, 3, 4))
    outputs, forward, backward = tf.contrib.rnn.stack_bidirectional_dynamic_rnn(
        cells(), cells(), inputs, dtype=tf.float32, sequence_length=tf.constant([3, 2])
    )
    fetches = {"outputs": outputs, "forward": forward, "backward": backward}
    return _run(tf, dict(fetches, moved=tf.contrib.rnn.transpose_batch_time(inputs)))


def layer_norm_cell(tf):
    inputs = tf.constant(_INPUTS.reshape(2, 3, 4))
    found = {}
    for name, settings in (("normed", {"norm_shift": 0.1}), ("bare", {"layer_norm": False})):
        cell = tf.contrib.rnn.LayerNormBasicLSTMCell(3, **settings)
        with tf.variable_scope(name, initializer=_constant(tf, 0.5)):
            outputs, state = tf.nn.dynamic_rnn(cell, inputs, dtype=tf.float32)
        found.update({name: outputs, name + "_c": state.c, name + "_h": state.h})
    return _run(tf, found)


def embed_sequence(tf):
    ids = tf.constant([[0, 2], [1, 1]])
    settings = {"vocab_size": 3, "embed_dim": 2, "initializer": _constant(tf, 0.5)}
    first = tf.contrib.layers.embed_sequence(ids, scope="mine", **settings)
    again = tf.contrib.layers.embed_sequence(ids, scope="mine", reuse=True, **settings)
    return _run(tf, {"first": first, "again": again})


def nest(tf):
    nest = tf.contrib.framework.nest
    nested = {"a": [1, 2], "b": (3,)}
    doubled = nest.map_structure(lambda x: 2 * x, nested)
    return {"flat": nest.flatten(nested), "doubled": doubled, "is": nest.is_sequence([1])}


PROGRAMS = [
    summary,
    rnn,
    embed_sequence,
    layer_norm_cell,
    nest,
    layer_norm,
    fully_connected,
    regularizers,
    initializers,
    optimize_loss,
    optimize_loss_in_full,
    optimize_loss_without_rate,
    adamw,
    momentumw_of_some,
    lazy_adam,
    lars,
    image_transforms,
    crf,
    crf_of_single_steps,
    viterbi,
    sequence_loss,
    gather_tree,
    lookup,
    data,
    hparams,
]


def plain(value):
    """Returns a value as JSON can hold it."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    return value.decode() if isinstance(value, bytes) else value


def families():
    """Returns the programs by the name of their recording."""
    import canned_programs
    import estimator_programs
    import head_programs
    import layer_programs
    import name_programs
    import private_programs
    import rnn_programs
    import seq2seq_model_programs
    import seq2seq_programs

    return {
        "canned": canned_programs.PROGRAMS,
        "contrib": PROGRAMS + private_programs.PROGRAMS,
        "estimator": estimator_programs.PROGRAMS,
        "heads": head_programs.PROGRAMS,
        "layers": layer_programs.PROGRAMS,
        "names": name_programs.PROGRAMS,
        "rnn": rnn_programs.PROGRAMS,
        "seq2seq": seq2seq_programs.QUICK + seq2seq_model_programs.QUICK,
        "seq2seq_more": seq2seq_programs.PROGRAMS + seq2seq_model_programs.PROGRAMS,
    }


def run_all(tf, family):
    """Runs every program of a family in a separate graph, and returns the results by name."""
    results = {}
    for program in families()[family]:
        with tf.Graph().as_default():
            results[program.__name__] = plain(program(tf))
    return results
