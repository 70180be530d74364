"""Reading a ledger off a graph gives what a person read off the source of the model_fn."""

import dataclasses
import linecache
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat.ledger import reader, recomputation
from estimator_compat.ledger.steps import LossStep, Operation
from estimator_compat.ledger.values import Kind, LossLedger
from migrate.targets import build
from tests.estimator_compat.ledger import (
    ledger_cases,
    ledger_cases_losses,
    ledger_cases_models,
    ledger_cases_reductions,
)
from tests.estimator_compat.ledger.ledger_cases import Case, Term, checked, of, read, values

tf1 = tf.compat.v1
CASES = [
    *ledger_cases_losses.CASES,
    *ledger_cases_reductions.CASES,
    *ledger_cases_models.CASES,
]
BY_NAME = {str(case): case for case in CASES}


def as_expected(ledger: LossLedger) -> tuple[Term, ...]:
    return tuple(
        Term(
            formula=term.formula,
            row=term.reduction,
            kind=term.kind.value,
            shape=term.shape,
            axes=term.axes,
            batch_axis=term.batch_axis,
            weights=tuple(step.operand for step in term.weightings),
            trained=term.trained,
        )
        for term in ledger.terms
    )


def test_every_case_has_a_name_of_its_own() -> None:
    assert len(BY_NAME) == len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_ledger_is_what_a_person_reads_and_a_wrong_one_fails(case: Case) -> None:
    ledger, built = read(case)
    assert as_expected(ledger) == case.terms
    opaque = [term for term in case.terms if term.kind == "opaque"]
    assert len(ledger.stopped_by) == len(opaque)
    batches = values(ledger, built)
    recomputed = recomputation.check(ledger, batches, sizes=[case.batch])
    assert recomputed.check
    assert recomputed.check.passed
    assert case.exact in (None, recomputed.check.exact)
    assert recomputed.check.notes == ()
    assert recomputed.check.batches == (1 if case.drop and case.batch == 4 else -(-6 // case.batch))
    assert recomputed.terms == ledger.terms
    for changed in mutations(ledger) if case.batch > 1 else ():  # of one, the mean is the sum
        again = recomputation.check(changed, batches, sizes=[case.batch])
        assert again.check
        assert not again.check.passed, changed.formula


def mutations(ledger: LossLedger) -> Iterator[LossLedger]:
    """Yields wrong ledgers: without a step, with another divisor, with a mean instead of a sum."""
    for place, term in enumerate(ledger.terms):
        if term.kind is Kind.CONSTANT:
            continue
        for index, step in enumerate(term.steps):
            for other in _other_steps(step):
                steps = (*term.steps[:index], *other, *term.steps[index + 1 :])
                changed = dataclasses.replace(term, steps=steps)
                terms = (*ledger.terms[:place], changed, *ledger.terms[place + 1 :])
                yield dataclasses.replace(ledger, terms=terms)


def _other_steps(step: LossStep) -> Iterator[tuple[LossStep, ...]]:
    if (
        step.operation in (Operation.NEGATE, Operation.HALF_SQUARE)
        or (step.operation is Operation.MULTIPLY and step.value != 1.0)
        # A mask of one number may be true in all batches, so that leaving it out changes nothing.
        or (step.operation is Operation.KEEP_WHERE and not step.scalar)
    ):
        yield ()
    if step.divides:
        yield ()
        yield (step, dataclasses.replace(step, operation=Operation.DIVIDE, tensor="", value=1.01))
    if step.reduces:
        yield (
            dataclasses.replace(
                step,
                operation=Operation.SUM if step.operation is Operation.MEAN else Operation.MEAN,
            ),
        )


# Errors and terms that a user sees if the loss is not a loss of examples.


@pytest.fixture
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def features() -> dict[str, Any]:
    return {"x": tf1.placeholder_with_default(np.array([[1, 2], [3, 4]], np.float32), [None, 2])}


def test_no_loss() -> None:
    case = BY_NAME["reduce_mean"]
    spec = build(case.target, "infer").spec
    with pytest.raises(TypeError, match="build the model_fn in one of these modes") as raised:
        reader.ledger(spec.loss)
    assert str(raised.value).startswith("`loss` (None) is not there; expected a scalar Tensor")


@pytest.mark.usefixtures("graph")
def test_a_loss_of_integers() -> None:
    loss = tf.reduce_sum(tf.cast(features()["x"], tf.int32), name="wrong")
    with pytest.raises(TypeError, match="cast the losses before they are reduced") as raised:
        reader.ledger(loss)
    assert "`loss` (wrong:0) has the dtype int32" in str(raised.value)


@pytest.mark.parametrize("loss", [0.25, np.float32(0.25), "loss"], ids=repr)
def test_a_loss_that_is_no_tensor(loss: Any) -> None:
    with pytest.raises(TypeError, match=r"call the model_fn inside a tf\.Graph"):
        reader.ledger(loss)


def test_an_eager_loss() -> None:
    with pytest.raises(TypeError, match=r"is not a Tensor of a graph.*call the model_fn inside"):
        reader.ledger(tf.constant(0.25))


def test_a_loss_of_another_graph(graph: tf.Graph) -> None:
    built_features = features()
    with tf.Graph().as_default():
        loss = tf.reduce_mean(features()["x"], name="elsewhere")
    with pytest.raises(ValueError, match="build the loss from the features that") as raised:
        reader.ledger(loss, built_features)
    assert "`loss` (elsewhere:0) was built in another graph" in str(raised.value)


@pytest.mark.usefixtures("graph")
@pytest.mark.parametrize(
    ("loss", "kind", "formula"),
    [
        (lambda: tf.constant(3.0), "constant", "3"),
        (lambda: tf.constant(float("nan")), "constant", "nan"),
        (lambda: tf.constant(2.0) * tf.constant(3.0), "constant", "2 * 3"),
        (
            lambda: tf.nn.l2_loss(tf1.get_variable("v", initializer=[1.0, 2.0])),
            "regularization",
            "l2(v)",
        ),
    ],
    ids=["constant", "nan", "product", "regularization"],
)
def test_a_loss_without_features(loss: Any, kind: str, formula: str) -> None:
    ledger = reader.ledger(loss(), features())
    assert ledger.formula == formula
    assert [term.kind.value for term in ledger.terms] == [kind]


@pytest.mark.usefixtures("graph")
def test_a_vector_is_one_term_without_a_reduction() -> None:
    x = features()["x"]
    kernel = tf1.get_variable("kernel", initializer=[1.0, 2.0])
    (term,) = reader.ledger(tf.square(x * kernel)[:, 0], {"x": x}).terms
    assert (term.kind, term.reduction, term.steps, term.axes) == (Kind.DATA, "NONE", (), ("batch",))


@pytest.mark.usefixtures("graph")
def test_sparse_features_tell_nothing_about_the_batch() -> None:
    """The number of values is not the number of examples."""
    sparse = tf1.sparse_placeholder(tf.float32, [None, 9])
    kernel = tf1.get_variable("kernel", initializer=1.0)
    loss = tf.reduce_sum(tf.square(sparse.values * kernel))
    (term,) = reader.ledger(loss, {"s": sparse, **features()}).terms
    assert (term.axes, term.batch_axis) == (("?",), None)


@pytest.mark.usefixtures("graph")
def test_without_features_the_first_axis_counts_as_the_batch() -> None:
    x = tf1.placeholder(tf.float32, [None, None])
    (term,) = reader.ledger(tf.reduce_mean(tf.square(x))).terms
    assert term.axes == ("batch", "?")


def test_a_scope_of_the_users_names_no_loss(graph: tf.Graph) -> None:
    x = features()["x"]
    with tf.name_scope("huber_loss"):
        loss = tf.reduce_mean(tf.exp(x))
    assert reader.ledger(loss, {"x": x}).formula == "mean(exp(features['x'])[batch, 2])"


@pytest.mark.usefixtures("graph")
def test_weights_larger_than_the_losses_are_part_of_them() -> None:
    """Losses of [batch, 1] under weights of [batch, 2] are losses of [batch, 2]."""
    x = features()["x"]
    kernel = tf1.get_variable("kernel", initializer=[[1.0], [2.0]])
    (term,) = reader.ledger(tf.reduce_sum(x * tf.square(x @ kernel)), {"x": x}).terms
    assert term.weightings == ()
    assert term.axes == ("batch", "2")


def test_a_tf_function_with_variables_it_captured() -> None:
    kernel = tf.Variable(np.array([[0.5], [0.25]], np.float32), name="kernel")
    scale = tf.Variable(2.0, name="scale")
    frozen = tf.Variable(3.0, name="frozen", trainable=False)

    def loss(x: Any, y: Any, w: Any) -> Any:
        losses = tf.square(y - tf.squeeze(x @ kernel, axis=1))
        penalty = 0.1 * tf.nn.l2_loss(kernel) + scale
        return tf1.losses.compute_weighted_loss(losses, w) + penalty + frozen * 0.5

    batch = [
        np.array([[1, 2], [3, 4]], np.float32),
        np.array([1, 0], np.float32),
        np.array([1, 2], np.float32),
    ]
    specs = [tf.TensorSpec([None, *tensor.shape[1:]]) for tensor in batch]
    function = tf1.wrap_function(loss, specs)
    x, y, w = function.inputs[:3]
    ledger = reader.ledger(function.graph.outputs[0], {"x": x, "w": w}, y)
    weighted = "sum(features['w'] * squared_difference[batch]) / count(features['w'] != 0)"
    assert ledger.formula == f"{weighted} + 0.1 * l2(kernel) + scale + 0.5 * frozen"
    assert [term.trained for term in ledger.terms] == [True, True, True, False]
    names = recomputation.tensors(ledger)
    fetched = function.prune([x, y, w], [function.graph.get_tensor_by_name(n) for n in names])
    numbers = [tensor.numpy() for tensor in fetched(*map(tf.constant, batch))]
    fetched_values = dict(zip(names, numbers, strict=True))
    check = recomputation.check(ledger, [fetched_values], sizes=[2]).check
    assert check
    assert check.exact
    # predictions 1 and 2.5, losses 0 and 6.25; (1*0 + 2*6.25)/2 + 0.1*(0.25+0.0625)/2 + 2 + 1.5
    assert check.loss == pytest.approx(6.25 + 0.015625 + 3.5)


def test_slim_regularizers() -> None:
    slim = pytest.importorskip("tf_slim")
    x = ledger_cases_losses

    def loss_fn(features: Any, labels: Any) -> Any:
        outputs = slim.fully_connected(
            features["x"], 1, activation_fn=None, weights_regularizer=slim.l2_regularizer(0.01)
        )
        tf1.losses.mean_squared_error(labels["y"], outputs[:, 0])
        return tf1.losses.get_total_loss()

    case = Case(model_fn=of(loss_fn), terms=())
    assert checked(case).formula == (f"mean({x.SQUARES}) + 0.01 * l2(fully_connected/weights)")


def test_the_lines_are_the_model_fns() -> None:
    ledger, _ = read(BY_NAME["sum_and_mean"])
    first, second = ledger.terms
    assert first.line
    assert first.line.file == ledger_cases.__file__
    assert first.line.function == "squares"
    lines = [step.line for term in (first, second) for step in term.steps]
    assert [line.function for line in lines if line] == ["sum_and_mean", "mean_classes"]
    source = linecache.getline(ledger_cases_models.__file__, lines[0].number if lines[0] else 0)
    assert "tf.reduce_sum(squares(features, labels))" in source
