"""Losses inside tf.functions: the ledger enters them, and changes nothing that the program runs.

Expected losses are NumPy's. `X` has 6 examples, in batches of 4 and 2, and `Y` is 3 * X.
"""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import (
    Estimator,
    EstimatorSpec,
    ModeKeys,
    RunConfig,
    loss_summaries,
    with_loss_summaries,
)
from estimator_compat.ledger import function_bodies, reader
from estimator_compat.ledger.values import Kind
from estimator_compat.losses.per_example_csv import PerExampleLossHook
from migrate import measured_ledger
from migrate.targets import Target, build
from tests.models.small_model import tags

X = np.arange(6, dtype=np.float32).reshape(6, 1)
Y = 3 * X
HERE = __file__


@tf.function
def squared(labels, out):
    return tf.square(labels - out)


@tf.function
def mean_squared(labels, out):
    return tf.reduce_mean(tf.square(labels - out))


@tf.function
def nested(labels, out):
    return 2.0 * mean_squared(labels, out)


@tf.function
def twice_nested(labels, out):
    return nested(labels, out)


@tf.function
def loss_and_losses(labels, out):
    losses = tf.abs(labels - out)
    return {"loss": tf.reduce_sum(losses), "per_example": losses}


@tf.function(
    input_signature=[tf.TensorSpec([None, 1]), tf.TensorSpec([None, 1])], reduce_retracing=True
)
def with_signature(labels, out):
    return tf1.losses.mean_squared_error(labels, out)


@tf.function
def weighted(labels, out):
    return tf1.losses.mean_squared_error(labels, out, weights=labels)


class Callable:
    """A loss object, as Keras has them."""

    @tf.function
    def __call__(self, y_true, y_pred):
        return tf.reduce_mean(tf.square(y_pred - y_true), axis=-1)


def _nested(labels, out):
    return nested(labels, out)


def _two_outputs(labels, out):
    return loss_and_losses(labels, out)["loss"]


def _outside(labels, out):
    return tf.reduce_mean(squared(labels, out))


def _callable(labels, out):
    return tf.reduce_mean(Callable()(labels, out))


def _penalty(labels, out):
    return mean_squared(labels, out) + 0.01 * tf.reduce_mean(tf.abs(out))


def _reads_a_variable(labels, out):
    del out
    kernel = tf1.get_variable("inner", [1, 1], initializer=tf1.ones_initializer())

    @tf.function
    def loss(x):
        return tf.reduce_mean(tf.square(labels - x @ kernel))

    return loss(labels / 3)


def _l2(labels, out):
    (kernel, _) = tf1.trainable_variables()

    @tf.function
    def penalty():
        return tf.nn.l2_loss(kernel)

    return mean_squared(labels, out) + 0.5 * penalty()


def _model_fn(loss_fn):
    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        out = tf1.layers.dense(features, 1, kernel_initializer=tf1.ones_initializer())
        loss = loss_fn(labels, out)
        optimizer = tf1.train.GradientDescentOptimizer(0.0)
        train_op = optimizer.minimize(loss, tf1.train.get_global_step())
        return EstimatorSpec(mode, predictions=out, loss=loss, train_op=train_op)

    return model_fn


def _inputs():
    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(4)


# The losses of the untrained model, whose output is X, over all rows.
SQUARES = float(np.square(Y - X).mean())
CASES = {
    "outside": (_outside, "mean(squared_difference[batch, 1])", SQUARES),
    "inside": (mean_squared, "mean(squared_difference[batch, 1])", SQUARES),
    "nested": (_nested, "2 * mean(squared_difference[batch, 1])", SQUARES),
    "twice nested": (twice_nested, "2 * mean(squared_difference[batch, 1])", SQUARES),
    "two outputs": (_two_outputs, "sum(absolute_difference[batch, 1])", np.abs(Y - X).mean()),
    "signature": (with_signature, "mean(squared_difference[batch, 1])", SQUARES),
    "callable": (_callable, None, SQUARES),
    "variable": (_reads_a_variable, "mean(squared_difference[batch, 1])", SQUARES),
    "weights": (
        weighted,
        "sum(labels * squared_difference[batch, 1]) / count(labels != 0)",
        np.average(np.square(Y - X), weights=Y),
    ),
}


@pytest.mark.parametrize(("loss_fn", "formula", "average"), CASES.values(), ids=CASES)
def test_the_average_is_the_mean_over_all_rows(loss_fn, formula, average, tmp_path):
    model_fn = _model_fn(loss_fn)
    target = Target(model_fn=model_fn, input_fns=_inputs)
    for mode in (ModeKeys.TRAIN, ModeKeys.EVAL):
        ledger = measured_ledger.examine(target, mode)
        assert ledger.check is not None
        assert ledger.check.passed, ledger.formula
        assert not ledger.stopped_by
        (term,) = ledger.terms
        assert (term.kind, term.trained) == (Kind.DATA, True)
        assert term.line is not None
        assert term.line.file == HERE
        if formula is not None:
            assert ledger.formula == formula
    result = Estimator(with_loss_summaries(model_fn), str(tmp_path)).evaluate(_inputs)
    assert result["average_loss"] == pytest.approx(average, rel=1e-6)


def test_a_penalty_outside_is_another_term(tmp_path):
    estimator = Estimator(with_loss_summaries(_model_fn(_penalty)), str(tmp_path))
    result = estimator.evaluate(_inputs)
    assert result["average_loss/squared_difference"] == pytest.approx(SQUARES)
    assert "average_loss" not in result


def test_a_penalty_inside_is_regularization():
    built = build(Target(model_fn=_model_fn(_l2), input_fns=_inputs), ModeKeys.TRAIN)
    with built.graph.as_default():
        ledger = reader.ledger(built.spec.loss, built.batch.features, built.batch.labels)
    assert ledger.formula == "mean(squared_difference[batch, 1]) + 0.5 * l2(dense/kernel)"


@tf.function
def _stopped(labels, out):
    return tf.reduce_mean(tf.square(labels - tf.stop_gradient(out)))


def test_a_gradient_that_stops_inside_is_seen():
    built = build(
        Target(
            model_fn=_model_fn(
                lambda labels, out: _stopped(labels, out) + 0.0 * mean_squared(labels, out)
            ),
            input_fns=_inputs,
        ),
        ModeKeys.TRAIN,
    )
    with built.graph.as_default():
        ledger = reader.ledger(built.spec.loss, built.batch.features, built.batch.labels)
    assert [term.trained for term in ledger.terms] == [False, True]


@tf.function
def _noisy(labels, out):
    return tf.reduce_mean(tf.square(labels - tf.nn.dropout(out, 0.5)))


def _counting(labels, out):
    count = tf1.get_variable("count", [], trainable=False)

    @tf.function
    def loss():
        count.assign_add(1.0)
        return tf.reduce_mean(tf.square(labels - out)) + 0.0 * count

    return loss()


@pytest.mark.parametrize("loss_fn", [_noisy, _counting])
def test_a_body_that_is_not_the_same_once_more_is_not_entered(loss_fn):
    built = build(Target(model_fn=_model_fn(loss_fn), input_fns=_inputs), ModeKeys.TRAIN)
    with built.graph.as_default():
        operations = len(built.graph.get_operations())
        ledger = reader.ledger(built.spec.loss, built.batch.features, built.batch.labels)
    assert [term.kind for term in ledger.terms] == [Kind.OPAQUE]
    assert "PartitionedCall" in ledger.stopped_by[0]
    assert len(built.graph.get_operations()) == operations


def test_the_program_stays_as_it_is():
    """The operations that the model_fn built, their inputs and the loss are the same."""
    built = build(Target(model_fn=_model_fn(_nested), input_fns=_inputs), ModeKeys.TRAIN)
    before = built.graph.as_graph_def()
    with built.graph.as_default():
        ledger = reader.ledger(built.spec.loss, built.batch.features, built.batch.labels)
    after = built.graph.as_graph_def()
    assert ledger.loss == built.spec.loss.name
    assert list(after.node[: len(before.node)]) == list(before.node)
    added = [node.name for node in after.node[len(before.node) :]]
    assert added
    assert all(name.startswith(f"{function_bodies.SCOPE}/") for name in added)


def test_training_does_not_summarize_what_would_race_with_an_update(tmp_path, caplog):
    estimator = Estimator(with_loss_summaries(_model_fn(_reads_a_variable)), str(tmp_path))
    estimator.train(_inputs)
    assert tags(tmp_path) == [(1, "loss")]
    assert "is computed in a tf.function that reads a variable" in caplog.text


def test_training_summarizes_other_losses(tmp_path):
    estimator = Estimator(with_loss_summaries(_model_fn(mean_squared)), str(tmp_path))
    estimator.train(_inputs)
    assert {(1, "average_loss"), (1, "loss_per_example")} <= set(tags(tmp_path))


def _moving(features: Any, labels: Any, mode: str) -> Any:
    hidden = tf.nn.dropout(tf1.layers.dense(features, 3), 0.5)
    loss = nested(labels, tf1.layers.dense(hidden, 1))
    optimizer = tf1.train.AdamOptimizer(0.1)
    train_op = optimizer.minimize(loss, tf1.train.get_global_step())
    return EstimatorSpec(mode, loss=loss, train_op=train_op)


def test_training_and_evaluation_have_the_same_bits(tmp_path):
    results: list[Any] = []
    for model_fn in (_moving, with_loss_summaries(_moving)):
        config = RunConfig(str(tmp_path / model_fn.__name__ / str(len(results))), tf_random_seed=3)
        estimator = Estimator(model_fn, config=config)
        estimator.train(lambda: _inputs().repeat(5))
        values = [
            estimator.get_variable_value(name).tobytes() for name in estimator.get_variable_names()
        ]
        results.append((values, estimator.evaluate(_inputs)["loss"]))
    assert results[0] == results[1]


def test_functions_are_not_entered_if_the_loss_itself_is_asked_for():
    built = build(Target(model_fn=_model_fn(_outside), input_fns=_inputs), ModeKeys.TRAIN)
    with built.graph.as_default():
        operations = len(built.graph.get_operations())
        ledger = reader.ledger(
            built.spec.loss, built.batch.features, built.batch.labels, enters_functions=False
        )
    (term,) = ledger.terms
    assert term.tensors == ("PartitionedCall:0",)
    assert len(built.graph.get_operations()) == operations


def test_a_loss_in_a_graph_that_is_finalized_is_not_entered():
    with tf.Graph().as_default() as graph:
        loss = mean_squared(tf1.placeholder(tf.float32, [None, 1]), tf.ones([1, 1]))
        graph.finalize()
        ledger = reader.ledger(loss)
    assert [term.kind for term in ledger.terms] == [Kind.OPAQUE]


def test_losses_of_a_function_have_the_rows_of_its_arguments(tmp_path):
    @tf.function
    def chosen(labels, out):
        return tf.boolean_mask(squared(labels, out)[:, 0], labels[:, 0] > 6)

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        out = tf1.layers.dense(features, 1, kernel_initializer=tf1.ones_initializer())
        losses = chosen(labels, out)
        added = loss_summaries(losses, mode=mode)
        loss = tf.reduce_sum(losses)
        return EstimatorSpec(mode, loss=loss, eval_metric_ops=dict(added.eval_metric_ops))

    path = tmp_path / "losses.csv"
    hook = PerExampleLossHook(str(path), without_calls=function_bodies.without_calls)
    Estimator(model_fn, str(tmp_path / "model")).evaluate(_inputs, hooks=[hook])
    # The labels 9, 12 and 15 are above 6; the losses are (2 * x) ** 2 for x = 3, 4, 5.
    assert path.read_text() == "index,loss,weight\n3,36.0,1.0\n4,64.0,1.0\n5,100.0,1.0\n"
