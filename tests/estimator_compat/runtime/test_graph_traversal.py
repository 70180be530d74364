"""Walks over small graphs: control edges, circles and functions."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import graph_traversal
from estimator_compat.runtime.graph_traversal import Edge


@pytest.fixture
def graph() -> Iterator[tf.Graph]:
    """`d` = `b` + `c`, both of `a`; `b` waits for `count`, a group that waits for `late`."""
    with tf.Graph().as_default() as graph:
        a = tf1.placeholder(tf.float32, [], "a")
        late = tf1.placeholder(tf.float32, [], "late")
        with tf.control_dependencies([late]):
            count = tf.no_op("count")
        with tf.control_dependencies([count]):
            b = tf.negative(a, "b")
        c = tf.square(a, "c")
        d = tf.add(b, c, "d")
        tf.exp(d, "beyond")
        yield graph


@pytest.fixture
def loop_v1() -> Iterator[tf.Tensor]:
    """The result of a loop of control flow v1, which multiplies by the placeholder `factor`."""
    enabled = tf1.control_flow_v2_enabled()
    tf1.disable_control_flow_v2()
    try:
        with tf.Graph().as_default():
            factor = tf1.placeholder(tf.float32, [], "factor")
            start = tf.constant(1.0, name="start")
            yield tf1.while_loop(
                lambda i, x: i < 3, lambda i, x: (i + 1, x * factor), [0, start], name="loop"
            )[1]
    finally:
        if enabled:
            tf1.enable_control_flow_v2()


def names(ops: Iterable[tf.Operation]) -> list[str]:
    return [op.name for op in ops]


def ops(graph: tf.Graph, *wanted: str) -> list[tf.Operation]:
    return [graph.get_operation_by_name(name) for name in wanted]


# --- edges --------------------------------------------------------------------------------------


def test_edges_are_data_edges_first(graph: tf.Graph) -> None:
    a, count, b = ops(graph, "a", "count", "b")
    data, control = graph_traversal.edges_into(b, control_inputs=True)
    assert data.tensor is not None
    assert (data.source, data.target, data.tensor.name) == (a, b, "a:0")
    assert control == Edge(source=count, target=b, tensor=None)
    assert graph_traversal.edges_into(b, control_inputs=False) == [data]


# --- reachable ----------------------------------------------------------------------------------


def test_reachable_visits_each_once_and_ends_in_a_circle() -> None:
    circle = {1: [2, 3], 2: [4], 3: [4], 4: [1]}
    assert list(graph_traversal.reachable([1], circle.__getitem__)) == [1, 3, 4, 2]


# --- ancestors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control_inputs", "expected"),
    [(False, ["d", "c", "a", "b"]), (True, ["d", "c", "a", "b", "count", "late"])],
)
def test_ancestors(graph: tf.Graph, control_inputs: bool, expected: list[str]) -> None:
    end = graph.get_tensor_by_name("d:0")
    found = graph_traversal.ancestors([end], control_inputs=control_inputs)
    assert names(found) == expected


def test_ends_are_tensors_operations_or_none(graph: tf.Graph) -> None:
    ends = [None, graph.get_tensor_by_name("c:0"), graph.get_operation_by_name("a"), None]
    assert set(names(graph_traversal.ancestors(ends, control_inputs=True))) == {"a", "c"}
    assert names(graph_traversal.topological_order(ends)) == ["a", "c"]


def test_no_ends() -> None:
    assert graph_traversal.ancestors([], control_inputs=True) == []
    assert graph_traversal.topological_order([None]) == []
    assert graph_traversal.descendants([], within=[], control_inputs=True) == set()


def test_ancestors_stop_at_operations_which_they_list(graph: tf.Graph) -> None:
    found = graph_traversal.ancestors(
        ops(graph, "d"), control_inputs=True, stop_at=lambda op: op.name in ("b", "c")
    )
    assert names(found) == ["d", "c", "b"]


def test_ancestors_through_some_edges(graph: tf.Graph) -> None:
    found = graph_traversal.ancestors(
        ops(graph, "d"),
        control_inputs=True,
        through=lambda edge: edge.tensor is None or edge.source.name == "b",
    )
    assert names(found) == ["d", "b", "count", "late"]


# --- descendants --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "control_inputs", "expected"),
    [
        ("a", False, {"a", "b", "c", "d"}),
        ("late", False, {"late"}),
        ("late", True, {"late", "count", "b", "d"}),
    ],
)
def test_descendants(graph: tf.Graph, start: str, control_inputs: bool, expected: set[str]) -> None:
    within = graph_traversal.ancestors(ops(graph, "d"), control_inputs=True)  # not `beyond`
    found = graph_traversal.descendants(
        ops(graph, start), within=within, control_inputs=control_inputs
    )
    assert set(names(found)) == expected


def test_a_start_outside_of_what_is_looked_at(graph: tf.Graph) -> None:
    [late], within = ops(graph, "late"), ops(graph, "count", "b")
    found = graph_traversal.descendants([late], within=within, control_inputs=True)
    assert set(names(found)) == {"late", "count", "b"}


def test_descendants_stop_at_operations_which_they_have(graph: tf.Graph) -> None:
    found = graph_traversal.descendants(
        ops(graph, "late"),
        within=graph.get_operations(),
        control_inputs=True,
        stop_at=lambda op: op.name == "b",
    )
    assert set(names(found)) == {"late", "count", "b"}


def test_descendants_through_some_edges(graph: tf.Graph) -> None:
    found = graph_traversal.descendants(
        ops(graph, "a"),
        within=graph.get_operations(),
        control_inputs=True,
        through=lambda edge: edge.target.type != "Neg",
    )
    assert set(names(found)) == {"a", "c", "d", "beyond"}


# --- topological order --------------------------------------------------------------------------


def before_what_they_wait_for(order: list[tf.Operation]) -> list[str]:
    """The operations that come before one that they wait for."""
    place = {op: index for index, op in enumerate(order)}
    return [
        op.name
        for op in order
        for edge in graph_traversal.edges_into(op, control_inputs=True)
        if place.get(edge.source, -1) > place[op]
    ]


def test_topological_order(graph: tf.Graph) -> None:
    order = graph_traversal.topological_order(ops(graph, "d"))
    assert sorted(names(order)) == ["a", "b", "c", "count", "d", "late"]
    assert before_what_they_wait_for(order) == []


@pytest.mark.parametrize(
    ("fed", "expected"),
    [
        ("a", ["b", "c", "count", "d", "late"]),
        ("b", ["a", "c", "d"]),
        ("d", []),
    ],
)
def test_what_makes_a_fed_tensor_does_not_run(
    graph: tf.Graph, fed: str, expected: list[str]
) -> None:
    given = [graph.get_tensor_by_name(f"{fed}:0")]
    assert sorted(names(graph_traversal.topological_order(ops(graph, "d"), given))) == expected


# --- circles ------------------------------------------------------------------------------------


def types_of_a_loop(found: Iterable[tf.Operation]) -> set[str]:
    loop = {"Enter", "Exit", "LoopCond", "Merge", "NextIteration", "Switch"}
    return {op.type for op in found} & loop


def test_the_circle_of_a_v1_loop_ends_every_walk(loop_v1: tf.Tensor) -> None:
    every_type = {"Enter", "Exit", "LoopCond", "Merge", "NextIteration", "Switch"}
    before = graph_traversal.ancestors([loop_v1], control_inputs=True)
    assert types_of_a_loop(before) == every_type
    assert {"factor", "start"} <= set(names(before))
    order = graph_traversal.topological_order([loop_v1])
    assert sorted(names(order)) == sorted(names(before))
    assert before_what_they_wait_for(order)  # a circle has no order
    [factor] = ops(loop_v1.graph, "factor")
    after = graph_traversal.descendants([factor], within=before, control_inputs=True)
    assert loop_v1.op in after
    assert types_of_a_loop(after) == {"Enter", "Exit", "Merge", "NextIteration", "Switch"}


# --- functions ----------------------------------------------------------------------------------


def test_a_function_is_one_operation() -> None:
    @tf.function
    def square(x: Any, unused: Any) -> Any:
        return tf.square(x)

    with tf.Graph().as_default() as graph:
        x, other = tf1.placeholder(tf.float32, [], "x"), tf1.placeholder(tf.float32, [], "other")
        end = tf.identity(square(x, other), "end")
        found = graph_traversal.ancestors([end], control_inputs=True)
        assert {op.type for op in found} >= {"Placeholder", "Identity"}
        assert not {op.type for op in found} & {"Square"}
        assert {"x", "other"} <= set(names(found))  # an argument counts, used or not
        after = graph_traversal.descendants(ops(graph, "other"), within=found, control_inputs=False)
        assert end.op in after
