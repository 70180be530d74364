"""Losses as they are written, against the graphs of the legacy programs."""

import importlib
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat import EstimatorSpec, RunConfig, facade
from migrate.hosting import eager_mode
from migrate.targets import Target
from migrate.translating.refusal import Refusal
from tests.estimator_compat.ledger import (
    ledger_cases_losses,
    ledger_cases_models,
    ledger_cases_reductions,
)
from tests.estimator_compat.ledger.ledger_cases import Case, examples, logits, predicted, trained
from tests.migrate.translating import written_losses

tf1 = tf.compat.v1
Reduction = tf1.losses.Reduction
TOLERANCE = 1e-6
GOLDEN = (
    "batch_norm_dropout", "builder_closure", "clipped_warmup", "convolution_hooks",
    "default_reduction", "l2_total_loss", "masked_sequence", "model_class",
    "moving_average_scaffold", "multi_task", "plain_tensors", "sparse_features", "v2_behavior",
    "vocabulary_lookup", "weighted_reduction", "wide_and_deep",
)  # fmt: skip
CASES = [
    *ledger_cases_losses.CASES,
    *ledger_cases_models.CASES,
    *ledger_cases_reductions.CASES,
]
# What is not translated, and why: the refusal's text, or why the numbers cannot be compared.
NOT_TRANSLATED = {
    "control_flow_v1_behind": "`try` that returns and has a `finally`",
    "loss_in_a_v1_cond": "`try` that returns and has a `finally`",
    "loss_in_a_cond": "is not a sum or mean of losses",
    "product_of_losses": "is not a sum or mean of losses",
    "root_of_a_mean": "is not a sum or mean of losses",
    "worst_example_added": "is not a sum or mean of losses",
    "unrolled_over_time": "`ids` is read and then changed by the model",
    "losses_of_a_cond": "the source has no expression for (cond|merge)",
    "gradient_penalty": "gradients within the loss",
}
DRAWS = ("nce",)  # draws candidates without a seed of its own; TF2 draws others


def compare(target: Target) -> written_losses.WrittenLoss:
    """Compares the losses and averages of all batches with the graph's."""
    one = written_losses.written(target)
    legacy, batches, values = written_losses.legacy_numbers(one)
    written = written_losses.written_numbers(one, batches, values)
    assert len(written) == len(legacy) > 0
    for ours, theirs in zip(written, legacy, strict=True):
        np.testing.assert_allclose(
            np.float64(ours.loss), np.float64(theirs.loss), rtol=TOLERANCE, atol=1e-12
        )
        assert set(ours.averages) == set(theirs.averages)
        for name, average in theirs.averages.items():
            np.testing.assert_allclose(ours.averages[name], average, rtol=TOLERANCE, atol=1e-12)
    return one


def golden(name: str) -> Target:
    """A golden program, for slow tests only: it changes how tensors compare in the process."""
    eager_mode.keep_eager_execution()
    facade.install()
    module = importlib.import_module(f"tests.golden.programs.{name}")
    return Target(
        model_fn=module.model_fn,
        input_fns={"train": module.train_input_fn},
        params=getattr(module, "PARAMS", None),
        config=RunConfig(model_dir="model", tf_random_seed=1, save_summary_steps=3),
    )


def target(loss_fn: Any) -> Target:
    def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
        loss = loss_fn(features, labels)
        return EstimatorSpec(mode, loss=loss, train_op=trained(loss))

    return Target(model_fn=model_fn, input_fns=lambda: examples(4, False))


@pytest.mark.slow
@pytest.mark.parametrize("name", GOLDEN)
def test_all_golden_losses(name: str) -> None:
    compare(golden(name))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
def test_ledger_cases(case: Case) -> None:
    name = str(case)
    if name in NOT_TRANSLATED:
        with pytest.raises(Refusal, match=NOT_TRANSLATED[name]):
            written_losses.written(case.target)
    elif name in DRAWS:
        assert written_losses.written(case.target).loss.terms[0].reduce is not None
    else:
        compare(case.target)


def test_share_of_ledger_cases() -> None:
    left_out = [one for one in CASES if str(one) in {*NOT_TRANSLATED, *DRAWS}]
    assert 1 - len(left_out) / len(CASES) >= 0.9


WEIGHTS = {
    "none": 1.0,
    "number": 2.5,
    "zero": 0.0,
    "vector": "w",
}


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize(
    "reduction",
    ["SUM", "MEAN", "SUM_OVER_BATCH_SIZE", "SUM_BY_NONZERO_WEIGHTS"],
)
def test_reductions(reduction: str, weights: str) -> None:
    wanted = getattr(Reduction, reduction)
    given = WEIGHTS[weights]

    def with_numbers(features: Any, labels: Any) -> Any:
        return tf1.losses.absolute_difference(
            labels["y"], predicted(features), weights=given, reduction=wanted
        )

    def with_weights(features: Any, labels: Any) -> Any:
        return tf1.losses.absolute_difference(
            labels["y"], predicted(features), weights=features["w"], reduction=wanted
        )

    one = compare(target(with_weights if given == "w" else with_numbers))
    [term] = one.loss.terms
    assert term.reduce is not None
    assert term.reduce_words.endswith(f": {reduction}")


@pytest.mark.slow
def test_names_the_functions_by_the_source() -> None:
    one = compare(golden("multi_task"))
    names = [(t.per_example.name, t.reduce.name if t.reduce else "") for t in one.loss.terms]
    assert names == [
        ("click_loss_per_example", "reduce_click_loss"),
        ("price_loss_per_example", "reduce_price_loss"),
    ]


@pytest.mark.slow
def test_penalty_has_the_names_of_weights_and_constants() -> None:
    penalty = compare(golden("model_class")).loss.regularization
    assert penalty is not None
    assert penalty.body == ("names = ('body/dense/kernel', 'body/dense_1/kernel')",)


def test_penalty_in_the_middle_of_the_loss_stays_in_it() -> None:
    def loss_fn(features: Any, labels: Any) -> Any:
        losses = tf.square(labels["y"] - predicted(features))
        penalty = tf.nn.l2_loss(tf1.trainable_variables()[0])
        return tf.reduce_mean(losses) - 0.1 * penalty + 0.2 * (tf.reduce_sum(losses) + penalty)

    compare(target(loss_fn))


def test_two_penalties() -> None:
    def loss_fn(features: Any, labels: Any) -> Any:
        loss = tf.reduce_mean(tf.square(labels["y"] - predicted(features)))
        loss += 0.1 * tf.nn.l2_loss(tf1.trainable_variables()[0])
        loss += 0.2 * tf.reduce_sum(tf.abs(tf1.trainable_variables()[0]))
        return loss

    one = compare(target(loss_fn))
    assert one.loss.regularization is not None
    assert one.text.count("regularization(variables)") == 2  # defined, and called once


def test_losses_of_another_precision_are_reduced_in_float32() -> None:
    def loss_fn(features: Any, labels: Any) -> Any:
        given = tf.cast(logits(features, 1), tf.float64)
        return tf1.losses.sigmoid_cross_entropy(
            labels["binary"], given, weights=tf.cast(features["w"][:, tf.newaxis], tf.float64)
        )

    one = compare(target(loss_fn))
    assert "tf.cast(tf.nn.sigmoid_cross_entropy_with_logits" in one.text


def test_labels_of_one_column_are_squeezed() -> None:
    def loss_fn(features: Any, labels: Any) -> Any:
        return tf1.losses.sparse_softmax_cross_entropy(
            labels["class"][:, tf.newaxis], logits(features), features["w"][:, tf.newaxis]
        )

    one = compare(target(loss_fn))
    assert "labels=tf.squeeze(labels['class'][:, tf.newaxis], axis=-1)" in one.text


def test_opaque_loss_is_refused_with_its_reason() -> None:
    def loss_fn(features: Any, labels: Any) -> Any:
        return tf.sqrt(tf.reduce_mean(tf.square(labels["y"] - predicted(features))))

    with pytest.raises(Refusal, match="not linear in the losses behind it; return a loss without"):
        written_losses.written(target(loss_fn))


def test_gradients_in_the_loss_are_refused() -> None:
    def loss_fn(features: Any, labels: Any) -> Any:
        given = predicted(features)
        (gradient,) = tf.gradients(given, features["x"])
        squares = tf.square(labels["y"] - given)
        return tf.reduce_mean(squares) + tf.reduce_mean(tf.square(gradient))

    with pytest.raises(Refusal, match="need a tape of their own; leave this part out"):
        written_losses.written(target(loss_fn))
