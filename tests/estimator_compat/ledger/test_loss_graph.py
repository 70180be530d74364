"""The graph behind a loss: its numbers, its batch axis, its steps, and the axes of reductions."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.ledger import loss_graph
from estimator_compat.ledger.steps import LossStep, Operation
from tests.estimator_compat.ledger.small_losses import model

tf1 = tf.compat.v1


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def test_features_of_another_graph_are_refused() -> None:
    x = tf1.placeholder(tf.float32, [None])
    with tf.Graph().as_default():
        loss = tf.constant(1.0)
        with pytest.raises(ValueError, match="build the loss from the features"):
            loss_graph.LossGraph(loss, {"x": x}, None)


def test_one_element_is_one_number_unless_it_may_be_the_batch() -> None:
    for batch, is_number in ((None, True), (4, True), (1, False)):
        with tf.Graph().as_default():
            m = model(batch)
            graph = m.graph(tf.reduce_sum(m.losses))
            assert graph.is_number(graph.loss)
            assert graph.is_number(tf.ones([1])) is is_number
            assert not graph.is_number(tf.ones([2]))


def test_the_batch_axis() -> None:
    m = model()
    graph = m.graph(tf.reduce_sum(m.losses))
    assert graph.batch_axis(m.losses) == 0
    assert graph.batch_axis(tf.transpose(m.x)) == 1
    assert graph.batch_axis(tf.boolean_mask(m.w, m.w > 0)) == 0
    assert graph.batch_axis(graph.loss) is None
    assert graph.batch_axis(tf1.placeholder(tf.float32)) is None


def test_what_is_computed_from_the_batch_and_from_labels() -> None:
    m = model()
    graph = m.graph(tf.reduce_sum(m.losses))
    for tensor, is_of_batch, reads_only_labels in (
        (m.y, True, True),
        (tf.cast(m.y > 0, tf.float32), True, True),
        (tf.shape(m.y)[0], True, True),
        (m.w, True, False),
        (m.w * m.y, True, False),
        (tf.reduce_sum(m.v), False, False),
        (tf1.placeholder_with_default(1.0, []), False, False),
    ):
        assert graph.is_of_batch(tensor) is is_of_batch
        assert graph.reads_only_labels(tensor) is reads_only_labels
    without_inputs = loss_graph.LossGraph(tf.reduce_sum(m.losses), None, None)
    assert without_inputs.is_of_batch(m.y)


def test_steps_with_an_operand() -> None:
    m = model()
    graph = m.graph(tf.reduce_sum(m.losses))
    assert graph.loss_step(Operation.MULTIPLY, m.w) == LossStep(
        operation=Operation.MULTIPLY, operand="features['w']", tensor="w:0", scalar=False
    )
    assert graph.loss_step(Operation.DIVIDE, tf.constant(4.0)) == LossStep(
        operation=Operation.DIVIDE, operand="4", value=4.0
    )


def test_names_of_nested_inputs() -> None:
    x, y = (tf1.placeholder(tf.float32, [None], name=name) for name in "xy")
    loss = tf.reduce_sum(x * y)
    graph = loss_graph.LossGraph(loss, {"a": [x]}, (y,))
    assert graph.expressions.of(loss) == "sum(features['a'][0] * labels[0])"


def test_parts_of_sparse_features_are_inputs_too() -> None:
    sparse = tf1.sparse_placeholder(tf.float32, [None, 3])
    loss = tf.reduce_sum(sparse.values)
    graph = loss_graph.LossGraph(loss, {"s": sparse}, None)
    assert graph.dependencies.depends_on_input(loss)
    assert graph.expressions.of(loss) == "sum(features['s'].1)"  # of indices, values and shape


# A reduction of m [batch, 3], and its axes.
REDUCED: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "all": (tf.reduce_sum, None),
    "all by number": (lambda m: tf.reduce_sum(m, [1, 0]), None),
    "last": (lambda m: tf.reduce_mean(m, -1), (1,)),
    "first, kept": (lambda m: tf.reduce_sum(m, 0, keepdims=True), (0,)),
    "all, kept": (lambda m: tf.reduce_sum(m, keepdims=True), None),
    "not static": (
        lambda m: tf.reduce_sum(m, tf1.placeholder(tf.int32, [1])),
        loss_graph.UNKNOWN_AXES,
    ),
    "of a number": (lambda m: tf.reduce_sum(m[0, 0]), ()),
}


@pytest.mark.parametrize(("reduce", "axes"), REDUCED.values(), ids=REDUCED)
def test_reduced_axes(reduce: Callable[[Any], Any], axes: Any) -> None:
    reduced = reduce(tf1.placeholder(tf.float32, [None, 3])).op
    assert loss_graph.reduced_axes(reduced) == axes


def test_kept_axes() -> None:
    m = tf1.placeholder(tf.float32, [None, 3])
    assert loss_graph.keeps_dims(tf.reduce_sum(m, 0, keepdims=True).op)
    assert not loss_graph.keeps_dims(tf.reduce_sum(m, 0).op)


def test_equal_ranks_and_sizes_that_may_be_equal() -> None:
    m, column = tf1.placeholder(tf.float32, [None, 3]), tf.ones([4, 1])
    assert loss_graph.same_rank(m, tf.ones([4, 3]))
    assert not loss_graph.same_rank(m, column)
    assert not loss_graph.same_rank(m, tf.ones([3]))
