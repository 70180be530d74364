"""What has no source of the user's to translate is refused: it says so, and what to do instead."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1
import tf_keras

import estimator_compat
import migrate
from estimator_compat import v1
from migrate import translation
from migrate.graph_reading import our_code
from migrate.translating.refusal import Refusal

X = tf.feature_column.numeric_column("x")


def input_fn() -> Any:
    return tf.data.Dataset.from_tensors(({"x": [[1.0], [2.0]]}, [[1.0], [0.0]]))


def keras_input_fn() -> Any:
    return tf.data.Dataset.from_tensors(([[1.0], [2.0]], [[1.0], [0.0]]))


def _minimize(loss: Any) -> Any:
    step = tf1.train.get_global_step()
    return tf1.train.GradientDescentOptimizer(0.1).minimize(loss, step)


def model_fn(features: Any, labels: Any, mode: str) -> Any:
    logits = tf1.layers.dense(features["x"], 1)
    if mode == "infer":
        return estimator_compat.EstimatorSpec(mode, predictions=logits)
    loss = tf1.losses.mean_squared_error(labels, logits)
    return estimator_compat.EstimatorSpec(mode, loss=loss, train_op=_minimize(loss))


def _spec(head: Any, features: Any, labels: Any, mode: str, **how: Any) -> Any:
    logits = tf1.layers.dense(features["x"], 1)
    how = how or {"train_op_fn": _minimize}
    return head.create_estimator_spec(features, mode, logits, labels, **how)  # this line


def head_of_2(features: Any, labels: Any, mode: str) -> Any:
    sgd = tf_keras.optimizers.legacy.SGD(0.1)
    head = estimator_compat.RegressionHead()
    # The logits' variables are not known yet.
    return _spec(head, features, labels, mode, optimizer=sgd, trainable_variables=_Trainable())


class _Trainable(list[Any]):
    def __iter__(self) -> Any:
        return iter(tf1.trainable_variables())

    def __len__(self) -> int:
        return len(tf1.trainable_variables())


def head_of_1(features: Any, labels: Any, mode: str) -> Any:
    head = estimator_compat.BinaryClassHead()
    return _spec(head, features, labels, mode)


class OwnHead:
    """A head that the program has itself: it can be read."""

    def create_estimator_spec(self, features: Any, mode: str, logits: Any, labels: Any) -> Any:
        if mode == "infer":
            return estimator_compat.EstimatorSpec(mode, predictions={"y": logits})
        loss = tf1.losses.mean_squared_error(labels, logits)
        return estimator_compat.EstimatorSpec(mode, loss=loss, train_op=_minimize(loss))


def own_head(features: Any, labels: Any, mode: str) -> Any:
    logits = tf1.layers.dense(features["x"], 1, name="dense")
    return OwnHead().create_estimator_spec(features, mode, logits, labels)


def _keras() -> Any:
    model = tf_keras.Sequential([tf_keras.layers.Dense(1, input_shape=(1,))])
    model.compile("sgd", "mse")
    return estimator_compat.model_to_estimator(keras_model=model)


def _metrics(labels: Any, predictions: Any) -> Any:
    return {"label": tf1.metrics.mean(labels)}


CANNED = (
    r"^this is a canned Estimator: its model_fn is estimator_compat's own code, not yours.* `mig"
)
ESTIMATORS: dict[str, tuple[Callable[[], Any], str]] = {
    "DNN": (lambda: estimator_compat.DNNClassifier([2], [X]), CANNED),
    "linear": (lambda: estimator_compat.LinearRegressor([X]), CANNED),
    "baseline": (lambda: estimator_compat.BaselineRegressor(), CANNED),
    "baseline v1": (lambda: v1.BaselineRegressor(), CANNED),
    "k-means": (lambda: estimator_compat.experimental.KMeans(2, feature_columns=[X]), CANNED),
    "metrics": (
        lambda: estimator_compat.add_metrics(estimator_compat.Estimator(model_fn), _metrics),
        r"^this is an Estimator that `add_metrics` made: .* translate the Estimator that was given",
    ),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_estimators(name: str) -> None:
    make, words = ESTIMATORS[name]
    with pytest.raises(Refusal, match=words):
        translation.translate(migrate.Target.from_estimator(make(), input_fn))


def test_a_keras_model() -> None:
    target = migrate.Target.from_estimator(_keras(), keras_input_fn)
    with pytest.raises(Refusal, match=r"made of a Keras model: .* train the Keras model itself"):
        translation.translate(target)


def test_a_saved_model() -> None:
    with pytest.raises(Refusal, match=r"Estimator of a SavedModel.* that the SavedModel was expor"):
        our_code.check_model_fn(estimator_compat.experimental.SavedModelEstimator._load)


def test_a_warm_start(tmp_path: Path) -> None:
    estimator = estimator_compat.Estimator(model_fn, warm_start_from=str(tmp_path))
    target = migrate.Target.from_estimator(estimator, input_fn)
    with pytest.raises(Refusal, match=r"^the Estimator starts from a checkpoint.* leave it out"):
        translation.translate(target)
    canned = v1.LinearRegressor([X], warm_start_from=str(tmp_path))
    with pytest.raises(Refusal, match=CANNED):
        translation.translate(migrate.Target.from_estimator(canned, input_fn))


def test_loss_summaries() -> None:
    target = migrate.Target(estimator_compat.with_loss_summaries(model_fn), input_fn)
    with pytest.raises(Refusal, match=r"^`with_loss_summaries` returned this model_fn"):
        translation.translate(target)


@pytest.mark.parametrize("function", [head_of_1, head_of_2])
def test_heads(function: Any) -> None:
    [line] = [at for at, text in enumerate(_lines(), 1) if text.endswith("  # this line")]
    with pytest.raises(
        Refusal, match=r"a head makes the EstimatorSpec: .* with tf.losses"
    ) as found:
        translation.translate(migrate.Target(function, input_fn))
    assert (found.value.path, found.value.line) == (__file__, line)


def canned_inside(features: Any, labels: Any, mode: str, config: Any) -> Any:
    return v1.LinearRegressor([X]).model_fn(features, labels, mode, config)


def loss_of_2(features: Any, labels: Any, mode: str) -> Any:
    logits = tf1.layers.dense(features["x"], 1)
    if mode == "infer":
        return estimator_compat.EstimatorSpec(mode, predictions=logits)
    loss = estimator_compat.RegressionHead().loss(labels, logits, features, mode)
    return estimator_compat.EstimatorSpec(mode, loss=loss, train_op=_minimize(loss))


PARTS: dict[str, tuple[Callable[..., Any], str]] = {
    "another Estimator": (canned_inside, r"test_our_code.py:\d+: the model_fn calls that of anot"),
    "loss": (loss_of_2, r"a head makes the loss, .* write the loss that `migrate ledger` shows"),
}


@pytest.mark.parametrize("name", PARTS)
def test_parts_of_a_model_fn(name: str) -> None:
    function, words = PARTS[name]
    with pytest.raises(Refusal, match=words):
        translation.translate(migrate.Target(function, input_fn))


def _lines() -> list[str]:
    return Path(__file__).read_text().splitlines()


@pytest.mark.subprocess
def test_a_head_of_the_program() -> None:
    assert translation.translate(migrate.Target(own_head, input_fn)).outcome == "whole"
