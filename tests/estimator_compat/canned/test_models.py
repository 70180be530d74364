"""The models of canned estimators: variables, logits, summaries, parts, rates."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
import tensorflow as tf

import estimator_compat
from estimator_compat import experimental
from estimator_compat.canned import (
    baseline,
    combined_parts,
    dnn_model,
    heads,
    legacy_linear,
    linear,
    linear_model,
    model_summaries,
    partitioners,
)

tf1 = tf.compat.v1
X, Y = (tf.feature_column.numeric_column(name) for name in ("x", "y"))
WORDS = tf.feature_column.categorical_column_with_vocabulary_list("word", ["a", "b"])


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def features() -> dict[str, Any]:
    return {
        "x": tf.constant([[1.0], [2.0]]),
        "y": tf.constant([[0.5], [0.25]]),
        "word": tf.constant([["a", "b"], ["b", "b"]]),
    }


def value(tensor: Any, given: dict[Any, Any]) -> Any:
    with tf1.Session() as session:
        session.run([tf1.global_variables_initializer(), tf1.tables_initializer()])
        for variable, start in given.items():
            variable.load(start, session)
        return session.run(tensor).tolist()


def test_the_logits_of_a_linear_model() -> None:
    how: dict[str, Any] = {"units": 1, "sparse_combiner": "sum", "scope": "linear/linear_model"}
    model = linear_model.build(features(), [X, WORDS], **how)
    assert [v.op.name for v in [*model.weights, *model.bias]] == [
        "linear/linear_model/word/weights",
        "linear/linear_model/x/weights",
        "linear/linear_model/bias_weights",
    ]
    word, x = model.weights
    found = value(model.logits, {word: [[10.0], [20.0]], x: [[2.0]], model.bias[0]: [0.5]})
    # 10 + 20 + 2 * 1 + 0.5, and 20 + 20 + 2 * 2 + 0.5.
    assert found == [[32.5], [44.5]]


@pytest.mark.parametrize(("combiner", "expected"), [("mean", 15.0), ("sqrtn", 30 / math.sqrt(2))])
def test_how_several_values_are_joined(combiner: str, expected: float) -> None:
    how: dict[str, Any] = {"units": 1, "sparse_combiner": combiner, "scope": "m"}
    model = linear_model.build(features(), [WORDS], **how)
    found = value(model.logits, {model.weights[0]: [[10.0], [20.0]]})
    assert found[0][0] == pytest.approx(expected)


def test_a_deep_model_with_batch_normalization() -> None:
    layers = dnn_model.DeepLayers(
        hidden_units=[3], columns=(X, Y), activation=tf.nn.relu, dropout=0.5, batch_norm=True
    )
    model = dnn_model.build(features(), "train", 2, layers)
    assert model.logits.shape.as_list() == [2, 2]
    assert [v.op.name for v in model.variables] == [
        "dnn/hiddenlayer_0/kernel",
        "dnn/hiddenlayer_0/bias",
        "dnn/hiddenlayer_0/batchnorm_0/gamma",
        "dnn/hiddenlayer_0/batchnorm_0/beta",
        "dnn/logits/kernel",
        "dnn/logits/bias",
    ]
    assert len(model.update_ops) == 2  # the moving mean and the moving variance
    with pytest.raises(ValueError, match=r"^units must be an int. Given type: <class 'float'>"):
        dnn_model.build(features(), "train", 2.0, layers)  # type: ignore[arg-type]


def test_fractions_of_zeros() -> None:
    one, other = (
        tf1.get_variable(name, initializer=v) for name, v in (("a", [0.0, 1, 2]), ("b", [0.0]))
    )
    # 2 of 4 numbers.
    assert value(model_summaries.zero_fraction([one, other]), {}) == 0.5


def test_a_logit_function() -> None:
    build = experimental.linear_logit_fn_builder(2, [X])
    logits = experimental.call_logit_fn(build, features(), "eval", {}, None)
    assert logits.shape.as_list() == [2, 2]
    with pytest.raises(ValueError, match=r"^logit_fn should return a Tensor or a dict"):
        experimental.call_logit_fn(lambda features: 1, features(), "eval", {}, None)


def test_the_parts_of_a_wide_and_deep_model() -> None:
    parts = combined_parts.make(
        [X] * 4, "Ftrl", "sum", [Y], "Adagrad", [3], tf.nn.relu, None, False
    )
    assert (parts.linear_rate, parts.deep.columns) == (0.005, (Y,))  # below 1 / sqrt(4)
    assert linear.default_rate([X] * 100) == 0.1
    assert linear.default_rate([X]) == linear.LEARNING_RATE == 0.2
    with pytest.raises(ValueError, match=r"^Either linear_feature_columns or dnn_feature_columns"):
        combined_parts.make(None, "Ftrl", "sum", (), "Adagrad", [3], None, None, False)
    none = combined_parts.make(None, "Ftrl", "sum", [Y], "Adagrad", None, None, None, False)
    with pytest.raises(ValueError, match=r"^dnn_hidden_units must be defined when dnn_feature_col"):
        combined_parts.check_hidden_units(none.deep)


def test_the_number_of_examples() -> None:
    given = {"x": tf.ones([3, 1]), "w": tf.ones([7])}
    assert value(baseline.batch_size(given, "w"), {}) == 3
    column = tf.feature_column.numeric_column("w")
    assert value(baseline.batch_size(given, column), {}) == 3
    with pytest.raises(TypeError, match=r"^Weight column must be either a string or NumericColumn"):
        baseline.batch_size(given, 3)


@pytest.mark.parametrize(("count", "name"), [(2, "BinaryClassHead"), (3, "MultiClassHead")])
def test_the_head_of_a_classifier(count: int, name: str) -> None:
    head = heads.classifier(count, "w", None, "sum")
    assert (type(head).__name__, head.loss_reduction) == (name, "sum")


@pytest.mark.parametrize(
    ("make", "expected"), [(partitioners.of_inputs, [1, 1]), (partitioners.of_layers, [5, 1])]
)
def test_the_partitioners_of_five_servers(make: Any, expected: list[int]) -> None:
    class Config:
        num_ps_replicas = 5

    # 4 MiB: less than a part of an input has at least, and more than 5 parts of a layer.
    assert make(Config)(shape=tf.TensorShape([1 << 20, 1]), dtype=tf.float32) == expected
    assert make(None)(shape=tf.TensorShape([8, 1]), dtype=tf.float32) == [1, 1]


def test_the_loss_of_each_version() -> None:
    losses = []
    for make in (estimator_compat.LinearClassifier, legacy_linear.LinearClassifier):
        with tf.Graph().as_default():
            tf1.train.create_global_step()
            made = make([X])
            spec = made.model_fn(features(), tf.constant([[0], [1]]), "eval", made.config)
            losses.append(value(spec.loss, {}))
    # All weights are 0 at first, so that each of the two examples has the loss log(2).
    assert losses == pytest.approx([math.log(2), 2 * math.log(2)])
