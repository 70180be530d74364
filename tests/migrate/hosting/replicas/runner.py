"""Trains on two replicas and prints the results; each run is a separate process.

python -m tests.migrate.hosting.replicas.runner CASE
"""

import dataclasses
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

import estimator_compat
from migrate.hosting.host import host
from migrate.hosting.replicas import batches as replica_batches
from tests.migrate.hosting.replicas import sequences
from tests.migrate.hosting.replicas.models import BY_HAND, EVEN, REFUSED, UNEVEN, VALUES, model
from tests.migrate.hosting.replicas.programs import LINEAR, PROGRAMS, input_fn
from tests.migrate.hosting.replicas.record import two_devices
from tests.recording.values import hex_of

CONFIG = estimator_compat.RunConfig(tf_random_seed=1)
MODELS = {name: program(estimator_compat.EstimatorSpec) for name, program in PROGRAMS.items()}


def recorded(strategy: Any) -> dict[str, Any]:
    """Trains the recorded programs, as in `record_replicas`."""
    return {name: _trained(MODELS[name], input_fn, strategy, split=False) for name in MODELS}


def one_batch(strategy: Any) -> dict[str, Any]:
    """Trains on global batches: on two replicas with the global mean, and on one."""
    models = {name: (MODELS[name], input_fn) for name in LINEAR}
    models["sequences"] = (sequences.model_fn, sequences.input_fn)
    return {
        name: [_trained(*model, one, global_mean=True) for one in (strategy, None)]
        for name, model in models.items()
    }


def _trained(model_fn: Any, input_fn: Any, strategy: Any, **options: Any) -> dict[str, Any]:
    hosted = host(model_fn, input_fn=input_fn, config=CONFIG, strategy=strategy, **options)
    steps = len(list(hosted.graph("train").built.input_form.elements(input_fn())))
    losses = hosted.train(input_fn(), steps, steps_per_loop=4)
    variables = {name: hex_of(variable.numpy()) for name, variable in hosted.variables.items()}
    return {"losses": hex_of(losses), "variables": variables}


def _step(strategy: Any, model_fn: Any, weights: list[int], *, global_mean: bool) -> Any:
    """Makes one step; returns the loss and the gradient, or the text of the error."""
    data = (np.array(weights, np.float32), VALUES[: len(weights)])
    hosted = host(
        model_fn,
        input_fn=lambda: tf.data.Dataset.from_tensors(data),
        config=CONFIG,
        strategy=strategy,
        global_mean=global_mean,
    )
    try:
        loss = hosted.train_step(*data).loss
    except ValueError as error:
        return str(error)
    return [float(loss), 1 - float(hosted.variables["scale"])]


def told(strategy: Any) -> dict[str, Any]:
    """Returns the values of one step of the models of `by_hand`, with and without `global_mean`."""
    found: dict[str, Any] = {}
    for name, (loss, weights) in BY_HAND.items():
        data = (np.array(weights, np.float32), VALUES[: len(weights)])
        for way in (False, True):
            hosted = host(
                model(loss),
                input_fn=lambda data=data: tf.data.Dataset.from_tensors(data),
                config=CONFIG,
                strategy=strategy,
                global_mean=way,
            )
            found.setdefault(name, []).append(_fields(hosted.train_step(*data)))
    return found


def told_of_one_batch(strategy: Any) -> dict[str, Any]:
    """Returns a step's values on a global batch, on two replicas with `global_mean`, and on one."""
    models = {name: (MODELS[name], input_fn) for name in ("momentum_mean", "momentum_total")}
    models["sequences"] = (sequences.model_fn, sequences.input_fn)
    found: dict[str, Any] = {}
    for name, (model_fn, data) in models.items():
        for one in (strategy, None):
            hosted = host(model_fn, input_fn=data, config=CONFIG, strategy=one, global_mean=True)
            result = hosted.train_step(*next(iter(data())))
            found.setdefault(name, []).append(_fields(result))
    return found


def told_of_two_batches(strategy: Any) -> dict[str, Any]:
    """Returns a step's values if each replica has a batch of its own."""
    data = np.array(EVEN, np.float32), VALUES
    hosted = host(
        model(BY_HAND["mean"][0]),
        input_fn=lambda: tf.data.Dataset.from_tensor_slices(data).batch(3),
        config=CONFIG.replace(train_distribute=strategy),
    )
    parts = slice(3, 5), slice(0, 3)
    batches = tuple(tuple(tf.constant(one[part]) for one in data) for part in parts)
    return _fields(hosted.train_step(batches))


def _fields(result: Any) -> dict[str, Any]:
    fields = dataclasses.asdict(result).items()
    return {name: None if one is None else one.numpy().tolist() for name, one in fields}


def summarized(strategy: Any) -> dict[str, Any]:
    """Returns step, tag and value of each summary; of a histogram, its count and sum."""
    found = {}
    for name in ("weighted_mean", "two_terms", "own_tags"):
        function = model(BY_HAND[name.replace("own_tags", "mean")][0])
        if name == "own_tags":
            function = estimator_compat.with_loss_summaries(function)
        data = (np.array(UNEVEN, np.float32), VALUES)
        with tempfile.TemporaryDirectory() as folder:
            hosted = host(
                function,
                input_fn=lambda data=data: tf.data.Dataset.from_tensors(data).repeat(2),
                config=CONFIG.replace(model_dir=folder, save_summary_steps=1),
                strategy=strategy,
            )
            hosted.train()
            found[name] = [
                (event.step, value.tag, *_written(value))
                for path in Path(folder).glob("events*")
                for event in tf.compat.v1.train.summary_iterator(str(path))
                for value in event.summary.value
            ]
    return found


def _written(value: Any) -> tuple[float, ...]:
    if value.HasField("histo"):
        return (value.histo.num, value.histo.sum)
    return (value.simple_value,)


def of_the_config(strategy: Any) -> dict[str, Any]:
    """Trains a recorded program on what the RunConfig names, of TensorFlow 1's kind, too."""
    devices = [device.name for device in tf.config.list_logical_devices("CPU")]
    strategies = {
        "2": strategy,
        "1": tf.compat.v1.distribute.MirroredStrategy(
            devices, cross_device_ops=tf.distribute.ReductionToOneDevice()
        ),
    }
    found = {}
    for name, one in strategies.items():
        config = estimator_compat.RunConfig(tf_random_seed=1, train_distribute=one)
        hosted = host(MODELS["batch_norm"], input_fn=input_fn, config=config)
        losses = hosted.train()
        variables = {name: hex_of(value.numpy()) for name, value in hosted.variables.items()}
        found[name] = {"losses": hex_of(losses), "variables": variables}
    return found


def with_metrics(strategy: Any) -> dict[str, Any]:
    """Trains a recorded program that makes its metrics in every mode, also in this one."""

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        spec = MODELS["batch_norm"](features, labels, mode)
        tf.compat.v1.metrics.mean(spec.loss)
        return spec

    return _trained(model_fn, input_fn, strategy, split=False)


def by_hand(strategy: Any) -> dict[str, Any]:
    return {
        name: [_step(strategy, model(loss), weights, global_mean=way) for way in (False, True)]
        for name, (loss, weights) in BY_HAND.items()
    }


def refused(strategy: Any) -> dict[str, Any]:
    found = {
        name: _step(strategy, model_fn, UNEVEN, global_mean=True)
        for name, model_fn in REFUSED.items()
    }
    hosted = host(
        REFUSED["opaque"],
        input_fn=lambda: tf.data.Dataset.from_tensors(({"x": EVEN, "rate": 0.5}, VALUES)),
        config=CONFIG,
        strategy=strategy,
    )
    try:
        hosted.graph("train")
    except ValueError as error:
        found["scalar"] = str(error)
    return found


def splits(strategy: Any) -> dict[str, Any]:
    """Splits batches of 5, 4 and 1 with `split` and with TensorFlow, and a sparse batch."""
    data = tf.data.Dataset.range(10).batch(5).concatenate(tf.data.Dataset.range(4).batch(4))
    data = data.concatenate(tf.data.Dataset.range(1).batch(1))
    theirs = strategy.experimental_distribute_dataset(data)
    sparse = tf.sparse.from_dense([[1, 0], [0, 2], [3, 4]])
    groups = replica_batches.consecutive(tf.data.Dataset.range(7).batch(2), 3)
    return {
        "ours": [_lists(replica_batches.split(one, 2)) for one in data],
        "theirs": [_lists(strategy.experimental_local_results(one)) for one in theirs],
        "sparse": _lists(tf.sparse.to_dense(one) for one in replica_batches.split(sparse, 2)),
        "consecutive": [_lists(group) for group in groups],
    }


def _lists(tensors: Any) -> list[Any]:
    return [tensor.numpy().tolist() for tensor in tensors]


CASES = {
    case.__name__: case
    for case in (
        recorded,
        one_batch,
        by_hand,
        refused,
        splits,
        of_the_config,
        summarized,
        told,
        told_of_one_batch,
        told_of_two_batches,
        with_metrics,
    )
}


if __name__ == "__main__":
    print(json.dumps(CASES[sys.argv[1]](two_devices())))
