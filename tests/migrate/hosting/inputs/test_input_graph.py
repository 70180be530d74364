"""A hosted loop draws the batches that the Estimator draws, whatever its input_fn returns."""

import itertools
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from migrate.hosting.host import host
from migrate.hosting.inputs import input_graph
from migrate.targets import Target
from tests.models.hosted_programs import Losses

X = np.arange(24 * 3, dtype=np.float32).reshape(24, 3) / 50
Y = X[:, :1] * 2


def model_fn(features: Any, labels: Any, mode: str) -> Any:
    dropped = tf1.layers.dropout(features["x"], 0.5, training=mode == "train")
    outputs = tf1.layers.dense(dropped, 1)
    if mode == "infer":
        return estimator.EstimatorSpec(mode, predictions={"y": outputs})
    loss = tf1.losses.mean_squared_error(labels, outputs)
    optimizer = tf1.train.GradientDescentOptimizer(0.05)
    train_op = optimizer.minimize(loss, tf1.train.get_global_step())
    return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def shuffled(seed: int | None = None, epochs: int | None = None) -> tf.data.Dataset:
    examples = tf.data.Dataset.from_tensor_slices(({"x": X}, Y)).shuffle(24, seed=seed)
    return examples.repeat(epochs).batch(4)


def augmented() -> tf.data.Dataset:
    def add_noise(features: Any, labels: Any) -> Any:
        return {"x": features["x"] + tf.random.uniform([3], -1, 1)}, labels

    return shuffled().map(add_noise)


def from_python() -> tf.data.Dataset:
    spec = tf.TensorSpec([3], tf.float32)
    examples = tf.data.Dataset.from_generator(lambda: iter(X), output_signature=spec)
    return examples.map(lambda x: ({"x": x}, x[:1])).shuffle(24).repeat().batch(4)


def with_table() -> tf.data.Dataset:
    keys = tf.range(30, dtype=tf.int64)
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, keys * 2), 0)

    def looked_up(features: Any, labels: Any) -> Any:
        found = table.lookup(tf.cast(features["x"] * 10, tf.int64))
        return {"x": tf.cast(found, tf.float32) / 10}, labels

    return shuffled().map(looked_up)


def one_shot(epochs: int | None = None) -> Any:
    return tf1.data.make_one_shot_iterator(shuffled(epochs=epochs)).get_next()


def changed_later() -> Any:
    features, labels = one_shot()
    return {"x": features["x"] * 2 + tf.random.uniform([3])}, labels


def initializable() -> Any:
    iterator = tf1.data.make_initializable_iterator(augmented())
    tf1.add_to_collection(tf1.GraphKeys.TABLE_INITIALIZERS, iterator.initializer)
    return iterator.get_next()


def two_iterators() -> Any:
    _, labels = one_shot(epochs=1)
    features, _ = one_shot(epochs=1)
    return features, labels


def looked_up_later() -> Any:
    keys = tf.range(30, dtype=tf.int64)
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, keys * 2), 0)
    features, labels = one_shot()
    return {"x": tf.cast(table.lookup(tf.cast(features["x"] * 10, tf.int64)), tf.float32)}, labels


def queue(epochs: int | None = None) -> Any:
    x, y = tf1.train.slice_input_producer([X, Y], shuffle=True, num_epochs=epochs)
    x, y = tf1.train.batch([x, y], 4)
    return {"x": x}, y


# The input_fns, and how many steps each of two trainings makes: None trains to the input's end.
INPUTS: dict[str, tuple[Callable[[], Any], int | None]] = {
    "dataset": (shuffled, 5),
    "dataset with its own seed": (lambda: shuffled(seed=13), 5),
    "dataset that draws": (augmented, 5),
    "dataset of a generator": (from_python, 5),
    "dataset with a table": (with_table, 5),
    "finite dataset": (lambda: shuffled(epochs=1), None),
    "one-shot iterator": (one_shot, 5),
    "one-shot iterator, changed": (changed_later, 5),
    "one-shot iterator, looked up": (looked_up_later, 5),
    "finite one-shot iterator": (lambda: one_shot(epochs=1), None),
    "two iterators": (two_iterators, None),
    "initializable iterator": (initializable, 5),
    "queue": (queue, 5),
    "finite queue": (lambda: queue(epochs=1), None),
    "numpy_input_fn": (
        estimator.inputs.numpy_input_fn({"x": X}, Y, batch_size=5, num_epochs=1, shuffle=False),
        None,
    ),
}


# The others are variants of these.
QUICK = ("dataset", "dataset with a table", "one-shot iterator", "two iterators", "finite queue")
CASES = [
    pytest.param(*case, id=name, marks=() if name in QUICK else pytest.mark.slow)
    for name, case in INPUTS.items()
]


@pytest.mark.parametrize(("input_fn", "steps"), CASES)
def test_the_batches_are_those_of_the_estimator(
    input_fn: Callable[[], Any], steps: int | None
) -> None:
    def config() -> Any:
        return estimator.RunConfig(model_dir=tempfile.mkdtemp(), tf_random_seed=7)

    run, recorded = estimator.Estimator(model_fn, config=config()), Losses()
    loop = host(model_fn, input_fn=input_fn, config=config(), loss_summaries=False)
    losses: list[float] = []
    for _ in range(2):
        run.train(input_fn, hooks=[recorded], steps=steps)
        losses += loop.train(steps=steps, steps_per_loop=3).tolist()
    assert losses == recorded.losses
    assert len(losses) >= 8
    for _ in range(2):
        assert loop.evaluate(steps=3) == run.evaluate(input_fn, steps=3)
    theirs = run.predict(input_fn, yield_single_examples=False)
    for ours, expected in itertools.islice(zip(loop.predict(), theirs, strict=False), 3):
        np.testing.assert_array_equal(ours["y"], expected["y"])


def test_an_input_fn_is_called_as_often_as_under_an_estimator() -> None:
    """Python's draws of an input_fn are then the Estimator's, too."""
    calls: list[str] = []

    def counting(mode: str) -> tf.data.Dataset:
        calls.append(mode)
        return shuffled()

    loop = host(model_fn, input_fn=counting, config=estimator.RunConfig(tf_random_seed=7))
    for _ in range(2):
        loop.train(steps=1)
        loop.evaluate(steps=1)
    assert calls == ["train", "eval", "train", "eval"]


def test_without_a_seed_the_batches_differ() -> None:
    """tf.random.set_seed is for eager code: an Estimator's graph does not have it."""
    tf.random.set_seed(1)
    target = Target(model_fn=model_fn, input_fns=shuffled, config=estimator.RunConfig())
    batches = []
    for _ in range(4):
        dataset = input_graph.as_dataset(input_graph.build(target, "train"), target.run_config)
        batches.append(next(iter(dataset))[1].numpy().tolist())  # type: ignore[arg-type]
    assert any(batch != batches[0] for batch in batches)


def follows_the_step() -> tf.data.Dataset:
    step = tf1.train.get_global_step()
    return shuffled().map(lambda x, y: (x, y + tf.cast(step, tf.float32)))


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "placeholder": (
        lambda: ({"x": tf1.placeholder(tf.float32, [4, 3])}, tf.zeros([4, 1])),
        r"tensors of Placeholder, which only the model's .*; return the Dataset itself, or pass",
    ),
    "variable": (follows_the_step, r"tensors of global_step, which only the model's session feeds"),
    "array": (lambda: ({"x": X}, Y), r"returned \[array.*; expected a tf.data.Dataset, or tensors"),
}


@pytest.mark.parametrize(("input_fn", "told"), REFUSED.values(), ids=REFUSED)
def test_inputs_that_only_a_models_session_has(input_fn: Callable[[], Any], told: str) -> None:
    target = Target(model_fn=model_fn, input_fns=input_fn)
    built = input_graph.build(target, "train")
    with pytest.raises(ValueError, match=f"(?s){told}"):
        input_graph.as_dataset(built, target.run_config)


def test_an_error_of_the_input_fn_itself_stays() -> None:
    def broken() -> Any:
        raise RuntimeError("no such file")

    with pytest.raises(RuntimeError, match="no such file"):
        input_graph.build(Target(model_fn=model_fn, input_fns=broken), "train")
