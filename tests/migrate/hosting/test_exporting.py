"""The SavedModel of a custom loop against the one that the run of the same model_fn exports."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from estimator_compat import export
from migrate.hosting.loop import CustomLoop, host
from tests.migrate.hosting.programs import INPUT_FNS, X, model_fn

STEPS = 3


def raw() -> Any:
    """Feeds the feature, and one that the model has no use for."""
    x = tf1.placeholder(tf.float32, [None, 3])
    unused = tf1.placeholder(tf.int64, [None])
    other = {"other": {"The_x": x}}
    return export.ServingInputReceiver({"x": x}, {"x": x, "unused": unused}, other)


def doubled() -> Any:
    """Computes the feature from what is fed, half of it."""
    half = tf1.placeholder(tf.float32, [None, 3])
    return export.ServingInputReceiver({"x": half * 2}, half)


parsed = export.build_parsing_serving_input_receiver_fn(
    {"x": tf.io.FixedLenFeature([3], tf.float32)}
)


def two_outputs(features: Any, labels: Any, mode: str, params: Any) -> Any:
    """As `model_fn`, with signatures of its own."""
    spec = model_fn(features, labels, mode, params)
    if mode != "infer":
        return spec
    y = spec.predictions["y"]
    return spec._replace(
        export_outputs={
            "serving_default": export.PredictOutput({"a": y, "head/b": -y}),
            "line": export.RegressionOutput(y),
        }
    )


def averaged(features: Any, labels: Any, mode: str, params: Any) -> Any:
    """As `model_fn`, but served with the moving averages of its variables."""
    spec = model_fn(features, labels, mode, params)
    average = tf1.train.ExponentialMovingAverage(0.5)
    if mode == "train":
        with tf.control_dependencies([spec.train_op]):
            return spec._replace(train_op=average.apply(tf1.trainable_variables()))
    saver = tf1.train.Saver(average.variables_to_restore())
    return spec._replace(scaffold=tf1.train.Scaffold(saver=saver))


def trained(function: Any, folder: Path) -> tuple[CustomLoop, Any]:
    """The same training, as a loop and as a run."""
    config = estimator.RunConfig(str(folder), tf_random_seed=3)
    run = estimator.Estimator(function, config=config, params={})
    run.train(INPUT_FNS["train"], steps=STEPS)
    config = estimator.RunConfig(tf_random_seed=3)
    loop = host(function, input_fn=INPUT_FNS, params={}, config=config)
    loop.train(steps=STEPS)
    return loop, run


def examples() -> list[bytes]:
    def one(row: Any) -> bytes:
        feature = tf.train.Feature(float_list=tf.train.FloatList(value=row))
        return tf.train.Example(
            features=tf.train.Features(feature={"x": feature})
        ).SerializeToString()

    return [one(row) for row in X]


DEFAULT = "serving_default"
RAW = {"x": X, "unused": np.zeros(20, np.int64), "The_x": X}
HALF = {"input": X / 2}
EXAMPLES = {"examples": np.array(examples()), "inputs": np.array(examples())}
CASES = {
    "raw": (model_fn, raw, RAW, {DEFAULT, f"other:{DEFAULT}"}),
    "computed": (model_fn, doubled, HALF, {DEFAULT}),
    "parsed": (model_fn, parsed, EXAMPLES, {DEFAULT}),
    "own outputs": (two_outputs, parsed, EXAMPLES, {DEFAULT, "line"}),
    "moving averages": (averaged, doubled, HALF, {DEFAULT}),
}


@pytest.mark.parametrize(("function", "receiver_fn", "fed", "names"), CASES.values(), ids=CASES)
def test_the_signatures_are_those_of_the_run(
    tmp_path: Path, function: Any, receiver_fn: Any, fed: Any, names: set[str]
) -> None:
    loop, run = trained(function, tmp_path / "run")
    theirs = tf.saved_model.load(
        run.export_saved_model(str(tmp_path / "theirs"), receiver_fn).decode()
    ).signatures
    ours = tf.saved_model.load(loop.export(str(tmp_path / "ours"), receiver_fn)).signatures
    assert set(ours) == set(theirs) == names
    for name, signature in theirs.items():
        assert described(ours[name]) == described(signature)
        tensors = {key: tf.constant(value) for key, value in fed.items()}
        tensors = {key: tensors[key] for key in signature.structured_input_signature[1]}
        expected, made = signature(**tensors), ours[name](**tensors)
        for key, value in expected.items():
            np.testing.assert_array_equal(made[key], value)
        if "y" in made:
            whole = np.concatenate([batch["y"] for batch in loop.predict()])
            np.testing.assert_allclose(made["y"], whole, rtol=1e-6)


def described(signature: Any) -> Any:
    """Names, dtypes and shapes of a signature."""
    inputs, made = signature.structured_input_signature[1], signature.structured_outputs
    return [
        {name: (spec.dtype, spec.shape.as_list()) for name, spec in specs.items()}
        for specs in (inputs, made)
    ]


def test_what_has_no_values_is_not_exported(tmp_path: Path) -> None:
    loop = host(model_fn, input_fn=INPUT_FNS, params={})
    with pytest.raises(ValueError, match=r"(?s)no values for.*'dense/kernel'.*train or restore"):
        loop.export(str(tmp_path), doubled)


def test_lookup_tables_are_refused(tmp_path: Path) -> None:
    def words() -> Any:
        word = tf1.placeholder(tf.string, [None, 3])
        known = tf.lookup.KeyValueTensorInitializer(["a"], [1.0])
        table = tf.lookup.StaticHashTable(known, 0.0, name="vocabulary")
        return export.ServingInputReceiver({"x": table.lookup(word)}, word)

    loop = host(model_fn, input_fn=INPUT_FNS, params={})
    loop.train(steps=1)
    with pytest.raises(ValueError, match=r"lookup tables, \['vocabulary'\].*export_saved_model"):
        loop.export(str(tmp_path), words)


def test_names_that_would_change_are_refused(tmp_path: Path) -> None:
    def spaced() -> Any:
        x = tf1.placeholder(tf.float32, [None, 3])
        return export.ServingInputReceiver({"x": x}, {"the x": x})

    loop = host(model_fn, input_fn=INPUT_FNS, params={})
    loop.train(steps=1)
    with pytest.raises(ValueError, match=r"names inputs \['the x'\].*rename the receiver_tensors"):
        loop.export(str(tmp_path), spaced)
