"""Small computations with the names of NAMES.md that the other programs do not call.

See `programs`.
"""

import os
import tempfile

import numpy as np
from programs import _constant, _run

_SEQUENCE = np.sin(np.arange(2 * 3 * 4, dtype=np.float32)).reshape(2, 3, 4)


def cells(tf):
    rnn = tf.contrib.rnn

    class Own(rnn.RNNCell):
        state_size = output_size = 4

        def call(self, inputs, state):
            return inputs + state, inputs * 2.0

    inputs = tf.constant(_SEQUENCE)
    made = {
        "basic": rnn.BasicLSTMCell(3),
        "lstm": rnn.LSTMCell(3, use_peepholes=True, num_proj=2),
        "gru": rnn.GRUCell(3),
        "plain": rnn.BasicRNNCell(3),
        "multi": rnn.MultiRNNCell([rnn.BasicLSTMCell(2), rnn.GRUCell(3)]),
        "kept": rnn.DropoutWrapper(rnn.GRUCell(3), input_keep_prob=1.0),
        "residual": rnn.ResidualWrapper(rnn.BasicRNNCell(4)),
        "own": Own(),
    }
    found = {}
    for name in sorted(made):
        with tf.variable_scope(name, initializer=_constant(tf, 0.5)):
            outputs, state = tf.nn.dynamic_rnn(made[name], inputs, dtype=tf.float32)
        found[name] = outputs
        found[name + "_state"] = tf.contrib.framework.nest.flatten(state)
        weights = [one for one in tf.trainable_variables() if one.name.startswith(name + "/")]
        if weights:
            loss = tf.reduce_sum(tf.square(outputs))
            found[name + "_grad"] = [tf.reduce_sum(g) for g in tf.gradients(loss, weights)]
    with tf.variable_scope("static", initializer=_constant(tf, 0.5)):
        start = rnn.LSTMStateTuple(tf.fill([2, 3], 0.1), tf.fill([2, 3], 0.2))
        steps, last = rnn.static_rnn(
            rnn.BasicLSTMCell(3), tf.unstack(inputs, axis=1), initial_state=start
        )
    found["static"] = [steps[-1], last.c, last.h]
    return _run(tf, found)


def metrics(tf):
    metrics = tf.contrib.metrics
    values, labels = tf.constant([1.0, 2.5, 2.0, 4.0]), tf.constant([1.5, 2.0, 3.0, 5.0])
    made = {
        "pearson": metrics.streaming_pearson_correlation(values, labels),
        "root": metrics.streaming_root_mean_squared_error(values, labels),
        "concat": metrics.streaming_concat(values, max_size=6),
        "mean": metrics.streaming_mean(values),
        "accuracy": metrics.streaming_accuracy(tf.constant([1, 0, 1]), tf.constant([1, 1, 1])),
        "precision": metrics.streaming_precision(tf.constant([1, 0, 1]), tf.constant([1, 1, 0])),
        "recall": metrics.streaming_recall(tf.constant([1, 0, 1]), tf.constant([1, 1, 0])),
        "auc": metrics.streaming_auc(
            tf.constant([0.1, 0.6, 0.7]), tf.constant([False, True, True])
        ),
        "iou": metrics.streaming_mean_iou(tf.constant([1, 0, 1]), tf.constant([1, 1, 0]), 2),
        "absolute": metrics.streaming_mean_absolute_error(values, labels),
        "covariance": metrics.streaming_covariance(values, labels),
    }
    names, updates = metrics.aggregate_metric_map(made)
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        for _ in range(2):
            session.run(updates)
        return session.run(names)


def checkpoints(tf):
    framework = tf.contrib.framework
    folder = tempfile.mkdtemp()
    step = framework.get_or_create_global_step()
    weights = tf.get_variable("w", initializer=[1.0, 2.0])
    same = framework.get_global_step() is step
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(session, os.path.join(folder, "model"))
        session.run(weights.assign([5.0, 6.0]))
        framework.assign_from_checkpoint_fn(path, [weights])(session)
        found = session.run(weights)
    return {
        "same": str(same),
        "found": found,
        "listed": [[name, shape] for name, shape in framework.list_variables(path)],
        "loaded": framework.load_checkpoint(path).get_tensor("w"),
        "next": [
            os.path.basename(one)
            for one in tf.contrib.training.checkpoints_iterator(folder, timeout=0)
        ],
        "is": str(framework.nest.is_sequence((1,))),
    }


def datasets(tf):
    at = tf.contrib.data
    numbers = tf.data.Dataset.range(6)
    made = {
        "shuffled": numbers.apply(at.shuffle_and_repeat(4, 2, seed=3)),
        "grouped": numbers.apply(
            at.group_by_window(lambda x: x % 2, lambda _, window: window.batch(2), 2)
        ),
        "mapped": numbers.map(lambda x: x + 1, num_parallel_calls=at.AUTOTUNE),
        "batched": numbers.apply(at.map_and_batch(lambda x: x * 2, 4)),
        "dropped": numbers.apply(at.batch_and_drop_remainder(4)),
        "woven": numbers.apply(
            at.parallel_interleave(lambda x: tf.data.Dataset.from_tensors(x), cycle_length=1)
        ),
    }
    found = {}
    for name in sorted(made):
        element = made[name].make_one_shot_iterator().get_next()
        values = []
        with tf.Session() as session:
            try:
                while True:
                    values.append(np.asarray(session.run(element)).tolist())
            except tf.errors.OutOfRangeError:
                pass
        # The order of a shuffle depends on the fused op; each number comes twice.
        found[name] = sorted(values) if name == "shuffled" else values
    found["autotune"] = at.AUTOTUNE
    return found


def summaries_of_steps(tf):
    folder = tempfile.mkdtemp()
    step = tf.train.get_or_create_global_step()
    at = tf.contrib.summary
    with at.create_file_writer(folder).as_default():
        with at.record_summaries_every_n_global_steps(2, global_step=step):
            at.scalar("loss", tf.cast(step, tf.float32) * 10.0, step=step)
        with at.always_record_summaries():
            at.scalar("all", tf.cast(step, tf.float32), step=step)
        written = at.all_summary_ops()
        count = tf.assign_add(step, 1)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            at.initialize(graph=None, session=session)
            for _ in range(4):
                session.run(written)
                session.run(count)
            session.run(at.flush())
    found = []
    for name in os.listdir(folder):
        for event in tf.train.summary_iterator(os.path.join(folder, name)):
            found += [[one.tag, event.step, one.simple_value] for one in event.summary.value]
    return {"found": sorted(found)}


def lookup_from_file(tf):
    path = os.path.join(tempfile.mkdtemp(), "words.txt")
    with open(path, "w") as out:
        out.write("b\na\nc\n")
    at = tf.contrib.lookup
    words = tf.constant(["a", "zebra", "b"])
    return _run(
        tf,
        {
            "plain": at.index_table_from_file(path).lookup(words),
            "buckets": at.index_table_from_file(path, num_oov_buckets=3).lookup(words),
            "size": at.index_table_from_file(path, vocab_size=2, default_value=7).lookup(words),
            "tensor": at.index_table_from_tensor(["a", "b"]).lookup(words),
            "back": at.index_to_string_table_from_file(path).lookup(tf.constant([1, 5], tf.int64)),
        },
    )


def optimizers(tf):
    """Training with the optimizers of `tf.contrib.opt`, and with clipped gradients."""
    opt, found, steps = tf.contrib.opt, {}, []
    Own = opt.extend_with_decoupled_weight_decay(tf.train.AdagradOptimizer)
    clip = tf.contrib.estimator.clip_gradients_by_norm
    for name, optimizer in (
        ("adamw", opt.AdamWOptimizer(0.01, learning_rate=0.1)),
        ("lazy", opt.LazyAdamOptimizer(0.1)),
        ("own", Own(0.01, learning_rate=0.1)),
        ("clipped", clip(tf.train.GradientDescentOptimizer(0.1), 0.5)),
        ("sharded", tf.train.MomentumOptimizer(0.1, 0.9)),
    ):
        weights = tf.get_variable(name, [3], initializer=_constant(tf, 0.7))
        gradients = optimizer.compute_gradients(tf.reduce_sum(tf.square(weights - 1.0)), [weights])
        with tf.control_dependencies([gradients[0][0]]):
            steps.append(optimizer.apply_gradients(gradients))
        found[name] = weights
    return dict(_run(tf, found, steps, 3), history=[])


def tpu_names_on_a_cpu(tf):
    tpu = tf.contrib.tpu
    with tpu.bfloat16_scope():
        weights = tf.get_variable("w", [2], tf.bfloat16, initializer=tf.ones_initializer())
    outside = tpu.outside_compilation(lambda x: x * 2.0, tf.constant(3.0))
    jit = tf.contrib.compiler.jit.experimental_jit_scope
    with jit():
        compiled = tf.constant(2.0) * tf.constant(4.0)
    resolver = tf.contrib.cluster_resolver.TPUClusterResolver("grpc://10.0.0.1:8470")
    with tf.Graph().as_default():  # only a TPU can run them
        started, stopped = tpu.initialize_system(), tpu.shutdown_system()
    found = _run(tf, {"weights": tf.cast(weights, tf.float32), "out": outside, "jit": compiled})
    strategy = tf.contrib.distribute.MirroredStrategy(["/cpu:0"])
    with strategy.scope():
        mirrored = tf.get_variable("m", initializer=3.0)
    kept = tf.contrib.distribute.MirroredStrategy(["/cpu:0"]).num_replicas_in_sync
    with tf.Graph().as_default() as graph:
        tpu.replicate(lambda x: x + 1.0, [[tf.constant(1.0)]])
        tpu.rewrite(lambda x: x + 1.0, [tf.constant(1.0)])
        kinds = {op.type for op in graph.get_operations()}
    return dict(
        found,
        master=resolver.master(),
        system=[str(started.dtype.name), stopped.type],
        mirrored=[mirrored.shape.as_list(), kept],
        kinds=[str(kind in kinds) for kind in ("TPUReplicateMetadata", "TPUReplicatedInput")],
    )


def projector(tf):
    from tensorflow.contrib.tensorboard.plugins import projector

    folder = tempfile.mkdtemp()
    config = projector.ProjectorConfig()
    embedding = config.embeddings.add()
    embedding.tensor_name, embedding.metadata_path = "w:0", "words.tsv"
    projector.visualize_embeddings(tf.summary.FileWriter(folder), config)
    with open(os.path.join(folder, "projector_config.pbtxt")) as written:
        return {"text": written.read()}


def prediction_from_a_saved_model(tf):
    """A predictor from an Estimator's export."""

    def model_fn(features, labels, mode):
        weights = tf.get_variable("w", initializer=3.0)
        outputs = {"y": features["x"] * weights}
        loss = tf.reduce_sum(tf.square(weights))
        train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
        export = {"serving_default": tf.estimator.export.PredictOutput(outputs)}
        return tf.estimator.EstimatorSpec(mode, outputs, loss, train_op, export_outputs=export)

    def input_fn():
        return {"x": tf.constant([1.0])}, tf.constant([1.0])

    estimator = tf.estimator.Estimator(model_fn, tempfile.mkdtemp())
    estimator.train(input_fn, steps=1)
    serving = tf.estimator.export.build_raw_serving_input_receiver_fn(
        {"x": tf.placeholder(tf.float32, [None], name="x")}
    )
    path = estimator.export_savedmodel(tempfile.mkdtemp(), serving)
    path = path.decode() if isinstance(path, bytes) else path
    predict = tf.contrib.predictor.from_saved_model(path)
    return {"y": predict({"x": [1.0, 2.0]})["y"]}


def learn_modes(tf):
    keys = tf.contrib.learn.ModeKeys
    keys.validate("train")
    return {"keys": [keys.TRAIN, keys.EVAL, keys.INFER]}


PROGRAMS = [
    cells,
    metrics,
    checkpoints,
    datasets,
    summaries_of_steps,
    lookup_from_file,
    optimizers,
    tpu_names_on_a_cpu,
    projector,
    prediction_from_a_saved_model,
    learn_modes,
]
