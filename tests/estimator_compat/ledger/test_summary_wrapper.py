"""`with_loss_summaries` adds summaries to a model_fn and changes nothing else."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat import loss_summaries, with_loss_summaries
from estimator_compat.ledger import reader, summary_wrapper
from estimator_compat.runtime import user_functions
from tests.estimator_compat.ledger.small_losses import model
from tests.models.small_model import X, Y, estimator, forever, model_fn, once, tags

tf1 = tf.compat.v1
ADDED = {"average_loss", "loss_per_example"}


def wrapped(features: Any, labels: Any, mode: str, params: Any) -> Any:
    return with_loss_summaries(model_fn)(features=features, labels=labels, mode=mode, params=params)


def run(tmp_path: Path, function: Any = wrapped, params: Any = None) -> tuple[set[str], set[str]]:
    """Returns the tags of a training and of an evaluation."""
    model = estimator(tmp_path, function=function, params=params or {})
    model.train(forever, steps=1)
    model.evaluate(once)
    return {tag for _, tag in tags(tmp_path)}, {tag for _, tag in tags(model.eval_dir())}


def test_both_are_added_in_training_and_evaluation(tmp_path: Path) -> None:
    trained, evaluated = run(tmp_path)
    assert trained >= ADDED | {"loss"}
    assert evaluated >= ADDED | {"loss", "mae"}


def test_the_average_is_over_examples(tmp_path: Path) -> None:
    model = estimator(tmp_path, function=wrapped, params={})
    results = model.evaluate(lambda: once().unbatch().batch(4))
    error = (X @ [0.5, 0.5] - Y) ** 2
    assert results["average_loss"] == pytest.approx(error.mean(), rel=1e-6)
    assert results["loss"] == pytest.approx((error[:4].mean() + error[4:].mean()) / 2, rel=1e-6)


def test_predictions_are_left_alone(tmp_path: Path) -> None:
    examples = list(estimator(tmp_path, function=wrapped, params={}).predict(once))
    np.testing.assert_allclose([example["p"] for example in examples], X @ [0.5, 0.5], rtol=1e-6)


def test_the_arguments_are_the_model_fns() -> None:
    for function in (model_fn, functools.partial(model_fn, params={})):
        names = user_functions.argument_names(function)
        assert user_functions.argument_names(with_loss_summaries(function)) == names


def test_a_loss_that_is_not_understood_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def rooted(features: Any, labels: Any, mode: str, params: Any) -> Any:
        spec = model_fn(features, labels, mode, params)
        return spec._replace(loss=tf.sqrt(spec.loss))

    with caplog.at_level("WARNING", logger="tensorflow"):
        trained, evaluated = run(tmp_path, with_loss_summaries(rooted))
    assert not (trained | evaluated) & ADDED
    assert "of type Sqrt" in caplog.text
    assert "call estimator_compat.loss_summaries(losses, weights, mode=mode)" in caplog.text


def test_a_side_loss_is_a_part_where_the_main_loss_is_not_understood(tmp_path: Path) -> None:
    def rooted(features: Any, labels: Any, mode: str, params: Any) -> Any:
        spec = model_fn(features, labels, mode, params)
        side = tf.reduce_mean(tf.abs(features["x"][:, 0] - labels))
        return spec._replace(loss=tf.sqrt(spec.loss) + 0.1 * side)

    results = estimator(tmp_path, function=with_loss_summaries(rooted), params={}).evaluate(once)
    averages = {name: value for name, value in results.items() if "average_loss" in name}
    # The side loss has no gradient, and hence no name of a loss.
    assert averages == {"average_loss/data": pytest.approx(np.abs(X[:, 0] - Y).mean(), rel=1e-6)}


def test_weights_that_are_normalized_are_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def normalized(features: Any, labels: Any, mode: str, params: Any) -> Any:
        spec = model_fn(features, labels, mode, params)
        (variable, *_) = tf1.trainable_variables()
        errors = tf.square(features["x"][:, 0] - labels) * tf.reduce_sum(variable)
        weights = tf.nn.softmax(features["x"][:, 0])
        return spec._replace(loss=tf.reduce_sum(weights * errors))

    with caplog.at_level("WARNING", logger="tensorflow"):
        results = estimator(tmp_path, function=with_loss_summaries(normalized), params={}).evaluate(
            once
        )
    assert "average_loss" not in results
    assert "are normalized within the batch" in caplog.text
    assert "call estimator_compat.loss_summaries(losses, weights, mode=mode)" in caplog.text


def test_a_model_fn_with_its_own_is_left_alone(tmp_path: Path) -> None:
    def own(features: Any, labels: Any, mode: str, params: Any) -> Any:
        spec = model_fn(features, labels, mode, params)
        added = loss_summaries(tf.square(features["x"][:, 0] - labels), mode=mode)
        return spec._replace(
            eval_metric_ops={**spec.eval_metric_ops, **added.eval_metric_ops},
            evaluation_hooks=added.evaluation_hooks,
        )

    results = estimator(tmp_path, function=with_loss_summaries(own), params={}).evaluate(once)
    assert results["average_loss"] == pytest.approx(np.mean((X[:, 0] - Y) ** 2), rel=1e-6)


# A loss of the small model, the name of its first data term, and the name of that term's summaries.
FIRST: dict[str, tuple[Callable[[Any], Any], str | None, str]] = {
    "only term": (lambda m: tf.reduce_mean(m.losses), "squared_difference", ""),
    "with a penalty": (
        lambda m: tf.reduce_mean(m.losses) + tf.nn.l2_loss(m.v),
        "squared_difference",
        "",
    ),
    "of two": (
        lambda m: tf.reduce_mean(m.losses) + tf.reduce_mean(m.p),
        "squared_difference",
        "squared_difference",
    ),
    "beside a loss that is not understood": (
        lambda m: tf.sqrt(tf.reduce_mean(m.p)) + tf.reduce_mean(m.losses),
        None,
        "squared_difference",
    ),
    "normalized": (lambda m: tf.reduce_sum(tf.nn.softmax(m.w) * m.losses), None, ""),
}


@pytest.mark.parametrize(("make", "first", "tag"), FIRST.values(), ids=FIRST)
def test_the_first_term_and_the_name_of_its_summaries(
    make: Callable[[Any], Any], first: str | None, tag: str
) -> None:
    with tf.Graph().as_default():
        m = model()
        ledger = reader.ledger(make(m), {"x": m.x, "w": m.w, "u": m.u}, m.y)
    found = summary_wrapper.first_term(ledger)
    assert (found.name if found else None) == first
    assert summary_wrapper.summary_name(ledger.data_terms[0], ledger) == tag
