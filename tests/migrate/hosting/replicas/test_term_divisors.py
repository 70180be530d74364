"""The divisors of a term, by hand; in one process, with the default strategy's one replica."""

from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.ledger.steps import LossStep, Operation, Role
from estimator_compat.ledger.values import Kind, LossTerm
from migrate.hosting.replicas import term_divisors

SUM = LossStep(operation=Operation.SUM)
MEAN = LossStep(operation=Operation.MEAN)


def over(value: float) -> LossStep:
    return LossStep(
        operation=Operation.DIVIDE, operand=f"{value:g}", value=value, role=Role.CONSTANT
    )


def term(*steps: LossStep, **changes: Any) -> LossTerm:
    given: dict[str, Any] = {
        "name": "losses",
        "kind": Kind.DATA,
        "op": "losses",
        "tensors": ("losses:0",),
        "shape": (4, 3),
        "axes": ("batch", "3"),
        "batch_axis": 0,
        "steps": steps,
    }
    return LossTerm(**{**given, **changes})


PROBLEMS: dict[str, tuple[LossTerm, list[str]]] = {
    "mean": (term(MEAN), []),
    "sum": (term(SUM), []),
    "sum over the size of the batch": (term(SUM, over(4)), []),
    "sum over two numbers whose product is that size": (term(SUM, over(2), over(2)), []),
    "sum over another number": (
        term(SUM, over(5)),
        ["5 may count the examples of a replica, those of all, or neither"],
    ),
    "mean over a number": (term(MEAN, over(5)), []),
    "no rank": (
        term(SUM, shape=None, batch_axis=None),
        ["the rank of losses:0 is not known"],
    ),
    "not understood": (
        term(kind=Kind.OPAQUE, stopped_by="Max: it is not linear"),
        ["Max: it is not linear"],
    ),
    "penalty": (term(over(5), kind=Kind.REGULARIZATION), []),
}


@pytest.mark.parametrize(("given", "expected"), PROBLEMS.values(), ids=PROBLEMS)
def test_why_a_global_mean_is_not_known(given: LossTerm, expected: list[str]) -> None:
    assert list(term_divisors.problems(given, tf1.Graph(), set())) == expected


@pytest.mark.parametrize("of_the_batch", [True, False])
def test_a_factor_that_depends_on_the_whole_batch_is_a_problem(of_the_batch: bool) -> None:
    with tf1.Graph().as_default() as graph:
        batch = tf1.placeholder(tf.float32, [4], name="batch")
        tf.identity(tf.reduce_sum(batch) if of_the_batch else tf.constant(2.0), name="factor")
    step = LossStep(operation=Operation.MULTIPLY, operand="sum(batch)", tensor="factor:0")
    problems = list(term_divisors.problems(term(SUM, step), graph, {batch.op}))
    text = "sum(batch) (factor:0) is computed from a replica's whole batch"
    assert problems == ([text] if of_the_batch else [])


@pytest.mark.parametrize("normalized", [True, False])
def test_weights_that_are_divided_by_their_sum_depend_on_the_whole_batch(
    normalized: bool,
) -> None:
    with tf1.Graph().as_default() as graph:
        batch = tf1.placeholder(tf.float32, [4], name="batch")
        tf.divide(batch, tf.reduce_sum(batch) if normalized else 2.0, name="weights")
    step = LossStep(
        operation=Operation.MULTIPLY, operand="weights", tensor="weights:0", scalar=False
    )
    problems = list(term_divisors.problems(term(step, SUM), graph, {batch.op}))
    assert len(problems) == normalized


ROWS = LossStep(operation=Operation.MEAN, axes=(1,))
COLUMNS = LossStep(operation=Operation.MEAN, axes=(0,))

# The divisors of losses of the shape [4, 3], of which the first axis is the batch.
DIVISORS: dict[str, tuple[LossTerm, list[tuple[Any, float]]]] = {
    "mean of all": (term(MEAN), [(("size", 0, 1), 12)]),
    "mean of rows, then of the batch": (term(ROWS, MEAN), [(("size", 0), 4)]),
    "mean of the batch, then a sum": (term(COLUMNS, SUM), [(("size", 0), 4)]),
    "mean of rows, if the batch is not known": (
        term(ROWS, SUM, batch_axis=None),
        [(("size", 1), 3)],
    ),
    "sum": (term(SUM), []),
    "sum over a number": (term(SUM, over(8)), [(("", 8.0), 8)]),
    "mean over a number": (term(MEAN, over(8)), [(("size", 0, 1), 12), (("", 8.0), 8)]),
}


@pytest.mark.parametrize(("given", "expected"), DIVISORS.values(), ids=DIVISORS)
def test_divisors_and_their_keys(given: LossTerm, expected: list[tuple[Any, float]]) -> None:
    with tf1.Graph().as_default(), tf1.Session() as session:
        losses = tf.zeros([4, 3], name="losses")
        divisors = list(term_divisors._divisors(given, losses))
        key, factor = term_divisors.share(given, losses)
        assert [
            (key, session.run(tf.constant(0.0) + tf.cast(value, tf.float32)))
            for key, value in divisors
        ] == expected
        assert key == (tuple(key for key, _ in expected) or None)
        assert session.run(factor) == 1.0  # one replica has the whole divisor
        assert factor.dtype == tf.float64


@pytest.mark.parametrize(("weights", "expected"), [([1.0, 3.0], 1.0), ([0.0, 0.0], 0.0)])
def test_a_divisor_of_zero_is_no_share(weights: list[float], expected: float) -> None:
    with tf1.Graph().as_default(), tf1.Session() as session:
        losses = tf.zeros([2])
        tf.reduce_sum(weights, name="total")
        step = LossStep(operation=Operation.DIVIDE, operand="total", tensor="total:0")
        key, factor = term_divisors.share(term(SUM, step, shape=(2,)), losses)
        assert key == (("total:0", None),)
        assert session.run(factor) == expected


def test_a_penalty_counts_once() -> None:
    with tf1.Graph().as_default(), tf1.Session() as session:
        key, factor = term_divisors.share(term(kind=Kind.REGULARIZATION), tf.zeros([]))
        assert key is Kind.REGULARIZATION
        assert factor.op.type == "Identity"
        assert session.run(factor) == 1.0


def test_ancestors_are_without_control_edges() -> None:
    with tf1.Graph().as_default():
        waited = tf.constant(1.0)
        first = tf.constant(2.0)
        with tf.control_dependencies([waited]):
            last = tf.negative(first)
        assert term_divisors.ancestor_ops([last]) == {first.op, last.op}
