"""Small programs under a strategy, for TensorFlow 2.15.1's Estimator and for ours."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

Facts = dict[str, Any]
CASES: dict[str, Callable[[Any], Facts]] = {}
# Cases that are not recorded: there our Estimator differs on purpose, or is compared with itself.
OURS: dict[str, Callable[[Any], Facts]] = {}

_RANDOM = np.random.RandomState(0)
FEATURES = _RANDOM.randn(28, 2).astype(np.float32)
LABELS = _RANDOM.randn(28, 1).astype(np.float32)
IDS = _RANDOM.randint(0, 6, (28, 1)).astype(np.int64)


def case(function: Callable[[Any], Facts]) -> Callable[[Any], Facts]:
    """Registers a case: a function of the Estimator API that returns what it did."""
    CASES[function.__name__] = function
    return function


def ours(function: Callable[[Any], Facts]) -> Callable[[Any], Facts]:
    """Registers a case that is not recorded."""
    OURS[function.__name__] = function
    return function


def mirrored(replicas: int = 2) -> Any:
    return tf.distribute.MirroredStrategy([f"/cpu:{index}" for index in range(replicas)])


def batches(batch: int = 4, count: int | None = None) -> Any:
    rows = {"x": FEATURES, "id": IDS}, LABELS
    dataset = tf1.data.Dataset.from_tensor_slices(rows).batch(batch)
    return dataset if count is None else dataset.take(count)


def unequal() -> Any:
    """Batches of 3, 2, 3, 2 ... examples."""

    def rows() -> Iterator[Any]:
        start = 0
        for size in (3, 2, 3, 2, 4, 1):
            end = start + size
            yield {"x": FEATURES[start:end], "id": IDS[start:end]}, LABELS[start:end]
            start = end

    shapes = {"x": (None, 2), "id": (None, 1)}, (None, 1)
    return tf1.data.Dataset.from_generator(
        rows, ({"x": tf.float32, "id": tf.int64}, tf.float32), shapes
    )


class Losses(tf1.train.SessionRunHook):
    """Keeps the loss that the Estimator reports for each step."""

    def __init__(self) -> None:
        self.losses: list[float] = []

    def begin(self) -> None:
        self._loss = tf1.get_collection(tf1.GraphKeys.LOSSES)[-1]

    def before_run(self, run_context: Any) -> Any:
        return tf1.train.SessionRunArgs(self._loss)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.losses.append(float(run_values.results))


def config(api: Any, *, evaluated: bool = False, strategy: Any = None, **fields: Any) -> Any:
    strategy = strategy or mirrored()
    return api.RunConfig(
        tf_random_seed=1,
        save_summary_steps=1,
        train_distribute=strategy,
        eval_distribute=strategy if evaluated else None,
        session_config=tf1.ConfigProto(device_count={"CPU": 2}, allow_soft_placement=True),
        **fields,
    )


def dense(x: Any, units: int, **arguments: Any) -> Any:
    values = np.linspace(-0.5, 0.5, int(x.shape[-1]) * units).reshape(int(x.shape[-1]), units)
    start = tf1.constant_initializer(values.astype(np.float32))
    return tf1.layers.dense(x, units, kernel_initializer=start, **arguments)


def summaries(folder: str) -> Facts:
    """Returns the scalars of the event files of a folder: step to tag to value."""
    found: Facts = {}
    for name in sorted(os.listdir(folder)):
        if "tfevents" in name:
            for event in tf1.train.summary_iterator(os.path.join(folder, name)):
                for value in event.summary.value:
                    if value.HasField("simple_value") and "sec" not in value.tag:
                        found.setdefault(str(event.step), {})[value.tag] = value.simple_value
    return found


def variables(estimator: Any) -> Facts:
    return {
        name: np.asarray(estimator.get_variable_value(name)).ravel().tolist()
        for name in sorted(estimator.get_variable_names())
    }


def metrics(results: Any) -> Facts:
    return {name: np.asarray(value).tolist() for name, value in sorted(results.items())}


def trained(estimator: Any, input_fn: Any = batches, steps: int = 3, **arguments: Any) -> Facts:
    """Trains, and returns the losses, the variables and the summaries."""
    losses = Losses()
    hooks = [losses, *arguments.pop("hooks", [])]
    estimator.train(input_fn, hooks=hooks, steps=steps, **arguments)
    return {
        "losses": losses.losses,
        "variables": variables(estimator),
        "summaries": summaries(estimator.model_dir),
    }


def fitted(
    api: Any, loss_of: Any, optimizer: Any = None, evaluated: bool = False, **spec: Any
) -> Any:
    """Returns the model_fn of a small network, for a loss of labels and outputs."""

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        outputs = dense(dense(features["x"], 3, activation=tf.nn.tanh), 1)
        tf1.summary.scalar("mean_output", tf.reduce_mean(outputs))
        if mode == "infer":
            return api.EstimatorSpec(mode, predictions={"output": outputs})
        loss = loss_of(labels, outputs)
        step = tf1.train.get_global_step()
        made = (optimizer or (lambda: tf1.train.GradientDescentOptimizer(0.1)))()
        train_op = made.minimize(loss, step) if mode == "train" else None
        measured = {"mae": tf1.metrics.mean_absolute_error(labels, outputs)}
        return api.EstimatorSpec(
            mode, loss=loss, train_op=train_op, eval_metric_ops=measured, **spec
        )

    return model_fn


def squared(labels: Any, outputs: Any) -> Any:
    return tf1.losses.mean_squared_error(labels, outputs)


def summed(labels: Any, outputs: Any) -> Any:
    reduction = tf1.losses.Reduction.SUM
    return tf1.losses.mean_squared_error(labels, outputs, reduction=reduction)


def estimator(api: Any, model_fn: Any, run_config: Any = None, **arguments: Any) -> Any:
    folder = tempfile.mkdtemp()
    return api.Estimator(model_fn, folder, run_config or config(api), **arguments)


@case
def mean_loss(api: Any) -> Facts:
    return trained(estimator(api, fitted(api, squared)))


@case
def sum_loss(api: Any) -> Facts:
    return trained(estimator(api, fitted(api, summed)))


@case
def own_loss(api: Any) -> Facts:
    """A loss that no function of tf.losses has reduced."""
    model_fn = fitted(api, lambda labels, outputs: tf.reduce_mean(tf.abs(labels - outputs)))
    return trained(estimator(api, model_fn))


@case
def unequal_batches(api: Any) -> Facts:
    model = estimator(api, fitted(api, squared), config(api, evaluated=True))
    return {**trained(model, unequal), "evaluated": metrics(model.evaluate(unequal))}


@case
def adam_and_regularizer(api: Any) -> Facts:
    """A layer's regularizer, clipped gradients, and the slots of Adam."""

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        decay = tf.keras.regularizers.l2(0.1)
        outputs = dense(dense(features["x"], 3, kernel_regularizer=decay), 1)
        loss = squared(labels, outputs)
        total = loss + tf1.losses.get_regularization_loss()
        optimizer = tf1.train.AdamOptimizer(0.05)
        pairs = optimizer.compute_gradients(total)
        clipped, _ = tf.clip_by_global_norm([gradient for gradient, _ in pairs], 0.5)
        step = tf1.train.get_global_step()
        pairs = [(clipped[index], variable) for index, (_, variable) in enumerate(pairs)]
        train_op = optimizer.apply_gradients(pairs, step)
        return api.EstimatorSpec(mode, loss=total, train_op=train_op)

    return trained(estimator(api, model_fn))


@case
def batch_norm(api: Any) -> Facts:
    """Moving averages, which each replica updates on its own."""

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        hidden = dense(features["x"], 3)
        hidden = tf1.layers.batch_normalization(hidden, training=mode == "train", momentum=0.8)
        outputs = dense(hidden, 1)
        loss = squared(labels, outputs)
        optimizer = tf1.train.MomentumOptimizer(0.1, 0.9)
        with tf.control_dependencies(tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)):
            train_op = optimizer.minimize(loss, tf1.train.get_global_step())
        return api.EstimatorSpec(mode, loss=loss, train_op=train_op)

    model = estimator(api, model_fn, config(api, evaluated=True))
    return {**trained(model), "evaluated": metrics(model.evaluate(batches, steps=3))}


@case
def embedding(api: Any) -> Facts:
    """Sparse gradients, of rows that both replicas look up."""

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        start = tf1.constant_initializer(np.linspace(-1, 1, 12).reshape(6, 2))
        table = tf1.get_variable("table", [6, 2], initializer=start)
        outputs = dense(tf.nn.embedding_lookup(table, features["id"][:, 0]), 1)
        loss = squared(labels, outputs)
        optimizer = tf1.train.AdagradOptimizer(0.3)
        train_op = optimizer.minimize(loss, tf1.train.get_global_step())
        return api.EstimatorSpec(mode, loss=loss, train_op=train_op)

    return trained(estimator(api, model_fn))


@case
def keras_optimizer(api: Any) -> Facts:
    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        layer = tf.keras.layers.Dense(1, kernel_initializer="ones")
        outputs = layer(features["x"])
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        loss = tf.reduce_mean(tf.square(labels - outputs)) / replicas
        optimizer = tf.keras.optimizers.legacy.Adam(0.1)
        optimizer.iterations = tf1.train.get_or_create_global_step()
        train_op = optimizer.get_updates(loss, layer.trainable_weights)[0]
        return api.EstimatorSpec(mode, loss=loss, train_op=train_op)

    return trained(estimator(api, model_fn))


@case
def own_variables(api: Any) -> Facts:
    """Variables of each aggregation that the model assigns."""

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        outputs = dense(features["x"], 1)
        loss = squared(labels, outputs)

        def counter(name: str, aggregation: Any, synchronization: Any) -> Any:
            return tf1.get_variable(
                name,
                [],
                initializer=tf1.zeros_initializer(),
                trainable=False,
                aggregation=aggregation,
                synchronization=synchronization,
            )

        kinds, times = tf.VariableAggregation, tf.VariableSynchronization
        seen = tf.reduce_sum(features["x"])
        updates = [
            counter("summed", kinds.SUM, times.AUTO).assign_add(seen),
            counter("averaged", kinds.MEAN, times.AUTO).assign_add(seen),
            counter("first", kinds.ONLY_FIRST_REPLICA, times.AUTO).assign_add(seen),
            counter("summed_on_read", kinds.SUM, times.ON_READ).assign_add(seen),
            counter("averaged_on_read", kinds.MEAN, times.ON_READ).assign_add(seen),
        ]
        optimizer = tf1.train.GradientDescentOptimizer(0.1)
        average = tf1.train.ExponentialMovingAverage(0.5)
        train_op = optimizer.minimize(loss, tf1.train.get_global_step())
        with tf.control_dependencies([train_op, *updates]):
            train_op = average.apply(tf1.trainable_variables())
        return api.EstimatorSpec(mode, loss=loss, train_op=train_op)

    return trained(estimator(api, model_fn))


@case
def many_metrics(api: Any) -> Facts:
    """The metrics of the batches of all replicas."""

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        outputs = dense(features["x"], 1)
        loss = summed(labels, outputs)
        positive = tf.cast(labels > 0, tf.int64)
        guessed = tf.cast(outputs > 0, tf.int64)
        keras = tf.keras.metrics.MeanAbsoluteError("of_keras")
        keras.update_state(labels, outputs)
        measured = {
            "accuracy": tf1.metrics.accuracy(positive, guessed),
            "auc": tf1.metrics.auc(positive, tf.sigmoid(outputs)),
            "mean": tf1.metrics.mean(outputs, weights=tf.abs(labels)),
            "precision": tf1.metrics.precision(positive, guessed),
            "rmse": tf1.metrics.root_mean_squared_error(labels, outputs),
            "of_keras": keras,
        }
        train_op = None
        if mode == "train":
            optimizer = tf1.train.GradientDescentOptimizer(0.01)
            train_op = optimizer.minimize(loss, tf1.train.get_global_step())
        return api.EstimatorSpec(mode, loss=loss, train_op=train_op, eval_metric_ops=measured)

    model = estimator(api, model_fn, config(api, evaluated=True))
    model.train(unequal, steps=2)
    return {
        "evaluated": metrics(model.evaluate(unequal)),
        "of_steps": metrics(model.evaluate(batches, steps=2, name="two")),
        "summaries": summaries(model.eval_dir("two")),
    }


@case
def input_context(api: Any) -> Facts:
    seen = []

    def input_fn(input_context: Any, mode: str) -> Any:
        seen.append(
            [
                mode,
                input_context.num_input_pipelines,
                input_context.input_pipeline_id,
                input_context.num_replicas_in_sync,
            ]
        )
        return batches(input_context.get_per_replica_batch_size(6))

    facts = trained(estimator(api, fitted(api, squared)), input_fn)
    return {**facts, "seen": seen}


@case
def features_only(api: Any) -> Facts:
    def model_fn(features: Any, mode: str) -> Any:
        loss = tf.reduce_mean(tf.square(dense(features, 1)))
        optimizer = tf1.train.GradientDescentOptimizer(0.1)
        train_op = optimizer.minimize(loss, tf1.train.get_global_step())
        return api.EstimatorSpec(mode, loss=loss, train_op=train_op)

    return trained(
        estimator(api, model_fn),
        lambda: tf1.data.Dataset.from_tensor_slices(FEATURES).batch(4),
    )


@case
def hooks_and_scaffold(api: Any) -> Facts:
    """The hooks of the first replica, an init_fn, a local_init_op and a saver of the model."""
    calls: list[Any] = []

    class Note(tf1.train.SessionRunHook):
        def __init__(self, name: str) -> None:
            self._name = name

        def begin(self) -> None:
            calls.append([self._name, "begin"])

        def before_run(self, run_context: Any) -> Any:
            return tf1.train.SessionRunArgs(tf1.train.get_global_step())

        def after_run(self, run_context: Any, run_values: Any) -> None:
            calls.append([self._name, "after_run"])

    class Listener(tf1.train.CheckpointSaverListener):
        def after_save(self, session: Any, global_step_value: int) -> None:
            calls.append(["saved", int(global_step_value)])

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        number = int(tf.get_static_value(replica))
        outputs = dense(features["x"], 1)
        local = tf1.get_variable(
            "local",
            [],
            initializer=tf1.zeros_initializer(),
            collections=[tf1.GraphKeys.LOCAL_VARIABLES],
            trainable=False,
        )
        loss = squared(labels, outputs) + local

        def init_fn(scaffold: Any, session: Any) -> None:
            calls.append(["init_fn", number])

        scaffold = tf1.train.Scaffold(
            init_fn=init_fn,
            local_init_op=tf1.local_variables_initializer(),
            saver=tf1.train.Saver(max_to_keep=1) if number == 0 else None,
        )
        optimizer = tf1.train.GradientDescentOptimizer(0.1)
        train_op = optimizer.minimize(loss, tf1.train.get_global_step())
        return api.EstimatorSpec(
            mode,
            loss=loss,
            train_op=train_op,
            training_hooks=[Note(f"training {number}")],
            training_chief_hooks=[Note(f"chief {number}")],
            evaluation_hooks=[Note(f"evaluation {number}")],
            scaffold=scaffold,
        )

    run_config = config(api, evaluated=True, save_checkpoints_steps=2)
    model = estimator(api, model_fn, run_config)
    facts = trained(model, hooks=[Note("given")], saving_listeners=[Listener()])
    checkpoints = sorted(n for n in os.listdir(model.model_dir) if n.endswith(".index"))
    model.evaluate(batches, steps=1, hooks=[Note("given")])
    return {**facts, "calls": calls, "checkpoints": checkpoints}


@case
def warm_start(api: Any) -> Facts:
    first = estimator(api, fitted(api, squared))
    first.train(batches, steps=2)
    second = estimator(api, fitted(api, summed), warm_start_from=first.model_dir)
    return trained(second, steps=1)


@case
def goes_on_without(api: Any) -> Facts:
    """A checkpoint of two replicas goes on on one device, and back."""
    model_fn = fitted(api, squared, lambda: tf1.train.AdamOptimizer(0.1))
    first = estimator(api, model_fn)
    first.train(batches, steps=2)
    alone = api.Estimator(model_fn, first.model_dir, api.RunConfig(tf_random_seed=1))
    alone.train(batches, steps=2)
    return trained(first, steps=2)


@case
def one_replica(api: Any) -> Facts:
    run_config = config(api, strategy=mirrored(1), evaluated=True)
    model = estimator(api, fitted(api, squared), run_config)
    return {**trained(model), "evaluated": metrics(model.evaluate(batches))}


@case
def one_device(api: Any) -> Facts:
    run_config = config(api, strategy=tf.distribute.OneDeviceStrategy("/cpu:0"), evaluated=True)
    model = estimator(api, fitted(api, squared), run_config)
    return {**trained(model), "evaluated": metrics(model.evaluate(batches))}


@case
def evaluation_and_prediction(api: Any) -> Facts:
    """`train_and_evaluate`, an evaluation without the strategy, and predictions."""
    model = estimator(api, fitted(api, squared), config(api, save_checkpoints_steps=2))
    spec = api.TrainSpec(batches, max_steps=3)
    results, _ = api.train_and_evaluate(model, spec, api.EvalSpec(batches, throttle_secs=0))
    predictions = [row["output"].tolist() for row in model.predict(lambda: batches(4, 1))]
    return {
        "evaluated": metrics(results),
        "predictions": predictions,
        "summaries": summaries(model.eval_dir()),
    }


class Distribute(NamedTuple):
    """Stands for `tf.contrib.distribute.DistributeConfig`."""

    train_distribute: Any
    eval_distribute: Any
    remote_cluster: Any = None


@case
def distribute_config(api: Any) -> Facts:
    """`experimental_distribute`, which sets both strategies of the RunConfig."""
    strategy = mirrored()
    run_config = api.RunConfig(
        tf_random_seed=1,
        session_config=tf1.ConfigProto(device_count={"CPU": 2}, allow_soft_placement=True),
        experimental_distribute=Distribute(strategy, strategy),
    )
    model = estimator(api, fitted(api, squared), run_config)
    facts = trained(model)
    return {
        **facts,
        "evaluated": metrics(model.evaluate(batches, steps=2)),
        "is_set": [
            run_config.train_distribute is strategy,
            run_config.eval_distribute is strategy,
        ],
    }


def _columns() -> list[Any]:
    return [tf.feature_column.numeric_column("x", shape=(2,))]


def _classes(batch: int = 4) -> Any:
    rows = {"x": FEATURES}, (LABELS > 0).astype(np.int64)
    return tf1.data.Dataset.from_tensor_slices(rows).batch(batch)


def _canned(model: Any, input_fn: Any) -> Facts:
    return {**trained(model, input_fn), "evaluated": metrics(model.evaluate(input_fn, steps=2))}


@case
def linear_classifier(api: Any) -> Facts:
    model = api.LinearClassifier(
        _columns(), model_dir=tempfile.mkdtemp(), config=config(api, evaluated=True)
    )
    return _canned(model, _classes)


@case
def linear_regressor(api: Any) -> Facts:
    model = api.LinearRegressor(
        _columns(),
        model_dir=tempfile.mkdtemp(),
        optimizer=lambda: tf.keras.optimizers.legacy.Adagrad(0.2),
        config=config(api, evaluated=True),
    )
    return _canned(model, unequal)


@case
def linear_regressor_of_version_1(api: Any) -> Facts:
    model = api.v1.LinearRegressor(
        _columns(), model_dir=tempfile.mkdtemp(), config=config(api, evaluated=True)
    )
    return _canned(model, unequal)


@case
def baseline_classifier(api: Any) -> Facts:
    model = api.BaselineClassifier(
        model_dir=tempfile.mkdtemp(),
        n_classes=2,
        optimizer=lambda: tf.keras.optimizers.legacy.SGD(0.2),
        config=config(api, evaluated=True),
    )
    return _canned(model, _classes)


@case
def dnn_classifier(api: Any) -> Facts:
    """Its weights start at zero where its model_fn is called, so that no draw matters."""
    run_config = config(api, evaluated=True)
    dnn = api.DNNClassifier(
        [3], _columns(), model_dir=tempfile.mkdtemp(), config=run_config, batch_norm=True
    )
    model = estimator(api, dnn.model_fn, run_config)
    facts = _canned(model, _classes)
    return {"names": sorted(facts["variables"]), "metrics": sorted(facts["evaluated"])}


@case
def condition_on_a_tensor(api: Any) -> Facts:
    """AutoGraph converts the model_fn of a MirroredStrategy, and of no OneDeviceStrategy."""

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        x = features["x"]
        if tf.reduce_sum(x) > 0:
            x = -x
        loss = squared(labels, dense(x, 1))
        optimizer = tf1.train.GradientDescentOptimizer(0.1)
        train_op = optimizer.minimize(loss, tf1.train.get_global_step())
        return api.EstimatorSpec(mode, loss=loss, train_op=train_op)

    facts = trained(estimator(api, model_fn))
    one_device = config(api, strategy=tf.distribute.OneDeviceStrategy("/cpu:0"))
    try:
        estimator(api, model_fn, one_device).train(batches, steps=1)
    except TypeError as error:
        facts["refused"] = str(error)[:49]
    return facts


@case
def in_memory_evaluator(api: Any) -> Facts:
    """An evaluation in the training of the same strategy."""
    model = estimator(api, fitted(api, squared), config(api, evaluated=True))
    hook = api.experimental.InMemoryEvaluatorHook(model, batches, steps=2, every_n_iter=1)
    model.train(batches, steps=2, hooks=[hook])
    return {"summaries": summaries(model.eval_dir())}


@ours
def default_session(api: Any) -> Facts:
    """As `mean_loss`, in a session that is not told how many CPUs the strategy has."""
    run_config = api.RunConfig(
        tf_random_seed=1, save_summary_steps=1, train_distribute=mirrored(), eval_distribute=None
    )
    return trained(estimator(api, fitted(api, squared), run_config))


@ours
def replica_and_none(api: Any) -> Facts:
    """Dropout, a shuffled input and Adam: with one replica, and without a strategy."""

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        hidden = tf1.layers.dense(features["x"], 4, activation=tf.nn.relu)
        hidden = tf1.layers.dropout(hidden, 0.4, training=mode == "train")
        loss = squared(labels, tf1.layers.dense(hidden, 1))
        optimizer = tf1.train.AdamOptimizer(0.1)
        train_op = optimizer.minimize(loss, tf1.train.get_global_step())
        return api.EstimatorSpec(mode, loss=loss, train_op=train_op)

    def shuffled() -> Any:
        return batches().unbatch().shuffle(28).repeat().batch(4)

    facts = {}
    strategies = {
        "none": None,
        "one": mirrored(1),
        "device": tf.distribute.OneDeviceStrategy("/cpu:0"),
    }
    for name, strategy in strategies.items():
        run_config = api.RunConfig(
            tf_random_seed=1, train_distribute=strategy, eval_distribute=strategy
        )
        model = estimator(api, model_fn, run_config)
        losses = Losses()
        model.train(shuffled, hooks=[losses], steps=5)
        evaluated = metrics(model.evaluate(batches))
        facts[name] = [losses.losses, variables(model), evaluated]
    return facts


@ours
def end_of_the_input(api: Any) -> Facts:
    """Three batches for two replicas: nothing is computed with the last one."""

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        hidden = tf1.layers.batch_normalization(features["x"], training=True, momentum=0.5)
        loss = squared(labels, dense(hidden, 1))
        optimizer = tf1.train.GradientDescentOptimizer(0.1)
        with tf.control_dependencies(tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)):
            train_op = optimizer.minimize(loss, tf1.train.get_global_step())
        measured = {"mean": tf1.metrics.mean(labels)}
        return api.EstimatorSpec(mode, loss=loss, train_op=train_op, eval_metric_ops=measured)

    facts = {}
    for count in (2, 3):
        model = estimator(api, model_fn, config(api, evaluated=True))
        model.train(lambda count=count: batches(4, count))
        evaluated = metrics(model.evaluate(lambda count=count: batches(4, count)))
        facts[str(count)] = [variables(model), evaluated]
    return facts


@ours
def loss_summaries(api: Any) -> Facts:
    """`with_loss_summaries`: the mean over the examples of all replicas, 5 and 3 of them."""

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        weight = tf1.get_variable("weight", [], initializer=tf1.zeros_initializer())
        loss = tf1.losses.mean_squared_error(labels, weight * features)
        optimizer = tf1.train.GradientDescentOptimizer(0.0)
        train_op = optimizer.minimize(loss, tf1.train.get_global_step())
        return api.EstimatorSpec(mode, loss=loss, train_op=train_op)

    def rows() -> Iterator[Any]:
        yield np.ones((5, 1), np.float32), np.full((5, 1), 1.0, np.float32)
        yield np.ones((3, 1), np.float32), np.full((3, 1), 3.0, np.float32)

    def input_fn() -> Any:
        shape = (None, 1)
        return tf1.data.Dataset.from_generator(rows, (tf.float32,) * 2, (shape,) * 2)

    model = estimator(api, api.with_loss_summaries(model_fn), config(api, evaluated=True))
    model.train(input_fn)
    return {"evaluated": metrics(model.evaluate(input_fn)), "summaries": summaries(model.model_dir)}
