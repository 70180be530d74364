"""The SavedModel of a custom loop against the SavedModel of our Estimator, with one model_fn."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from estimator_compat import export
from migrate.hosting.host import host
from migrate.hosting.loop import CustomLoop
from tests.models.hosted_programs import INPUT_FNS, X, model_fn

STEPS = 3


def raw() -> Any:
    """Feeds the feature, and a feature that the model does not use."""
    x = tf1.placeholder(tf.float32, [None, 3])
    unused = tf1.placeholder(tf.int64, [None])
    other = {"other": {"The_x": x}}
    return export.ServingInputReceiver({"x": x}, {"x": x, "unused": unused}, other)


def doubled() -> Any:
    """Computes the feature from the fed tensor, which is half of it."""
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
    """Trains the same model in a loop and in our Estimator."""
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
    """Returns names, dtypes and shapes of a signature."""
    inputs, made = signature.structured_input_signature[1], signature.structured_outputs
    return [
        {name: (spec.dtype, spec.shape.as_list()) for name, spec in specs.items()}
        for specs in (inputs, made)
    ]


def test_what_has_no_values_is_not_exported(tmp_path: Path) -> None:
    loop = host(model_fn, input_fn=INPUT_FNS, params={})
    with pytest.raises(ValueError, match=r"(?s)no values for.*'dense/kernel'.*train or restore"):
        loop.export(str(tmp_path), doubled)


def in_words(features: Any, labels: Any, mode: str, params: Any) -> Any:
    """As `model_fn` with a number for each word; serves the words of the largest `y`, too."""
    table = tf.lookup.StaticHashTable(
        tf.lookup.TextFileInitializer(
            params["vocabulary"],
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        ),
        default_value=-1,
    )
    numbers = tf.cast(table.lookup(features["word"]), tf.float32)
    spec = model_fn({"x": features["x"] * numbers[:, None]}, labels, mode, {})
    if mode != "infer":
        return spec
    names = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(tf.constant([0, 1], tf.int64), ["no", "yes"]), "?"
    )
    is_positive = tf.cast(spec.predictions["y"] > 0, tf.int64)
    predictions = {**spec.predictions, "name": names.lookup(is_positive)}
    return estimator.EstimatorSpec(mode, predictions=predictions)


def words() -> Any:
    given = {
        "x": tf1.placeholder(tf.float32, [None, 3]),
        "word": tf1.placeholder(tf.string, [None]),
    }
    return export.ServingInputReceiver(given, given)


def words_input_fn(mode: str) -> Any:
    word = np.resize(["b", "c", "a", "nowhere"], len(X))
    return (
        INPUT_FNS[mode]()
        .unbatch()
        .enumerate()
        .map(lambda i, one: _with_word(one, tf.gather(word, i % len(X))))
        .batch(4)
    )


def _with_word(one: Any, word: Any) -> Any:
    x, y = one
    return {**x, "word": word}, y


def test_lookup_tables_are_served_with_their_files(tmp_path: Path) -> None:
    vocabulary = tmp_path / "words.txt"
    vocabulary.write_text("a\nb\nc\n")
    params = {"vocabulary": str(vocabulary)}
    config = estimator.RunConfig(str(tmp_path / "run"), tf_random_seed=3)
    run = estimator.Estimator(in_words, config=config, params=params)
    run.train(words_input_fn, steps=STEPS)
    theirs = run.export_saved_model(str(tmp_path / "theirs"), words).decode()
    loop = host(
        in_words, input_fn=words_input_fn, params=params, config=config.replace(model_dir=None)
    )
    loop.train(steps=STEPS)
    loop.export(str(tmp_path / "ours"), words)
    # Served elsewhere: the model's own copy of the file is read.
    ours = (tmp_path / "ours").rename(tmp_path / "moved")
    expected_signature = tf.saved_model.load(theirs).signatures[DEFAULT]
    vocabulary.unlink()
    fed = {"x": tf.constant(X[:4]), "word": tf.constant(["c", "a", "b", "nowhere"])}
    expected = expected_signature(**fed)
    served = [tf.saved_model.load(str(ours)) for _ in range(2)]
    for one in served:
        made = one.signatures[DEFAULT](**fed)
        assert set(made) == set(expected) == {"y", "name"}
        for key, value in expected.items():
            np.testing.assert_array_equal(made[key], value)


def test_tables_that_training_adds_to_are_refused(tmp_path: Path) -> None:
    def counted() -> Any:
        word = tf1.placeholder(tf.string, [None, 3])
        table = tf.lookup.experimental.MutableHashTable(tf.string, tf.float32, 0.0, name="counts")
        return export.ServingInputReceiver({"x": table.lookup(word)}, word)

    loop = host(model_fn, input_fn=INPUT_FNS, params={})
    loop.train(steps=1)
    with pytest.raises(ValueError, match=r"training adds to, \['counts.*StaticHashTable"):
        loop.export(str(tmp_path), counted)


def test_names_that_would_change_are_refused(tmp_path: Path) -> None:
    def spaced() -> Any:
        x = tf1.placeholder(tf.float32, [None, 3])
        return export.ServingInputReceiver({"x": x}, {"the x": x})

    loop = host(model_fn, input_fn=INPUT_FNS, params={})
    loop.train(steps=1)
    with pytest.raises(ValueError, match=r"names inputs \['the x'\].*rename the receiver_tensors"):
        loop.export(str(tmp_path), spaced)
