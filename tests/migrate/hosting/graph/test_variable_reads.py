"""The order of a step's reads and writes of a variable, if the code does not order them."""

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import graph_traversal
from migrate.hosting.graph import random_ops, variable_access, variable_reads


def read_late(variable: Any) -> Any:
    """Reads a variable after a slow operation, for which nothing else waits."""
    slow = tf.random.uniform([600, 600])
    for _ in range(8):
        slow = slow @ slow / 600.0
    with tf.control_dependencies([slow]):
        return variable.read_value()


def read_in_a_branch(variable: Any) -> Any:
    """Reads in a branch that is not taken; an operation that waited for it would not run."""
    never = tf1.placeholder_with_default(False, [])
    return tf1.cond(never, lambda: variable.read_value() + 0.0, lambda: tf.constant(2.0))


def read_behind_a_write(variable: Any) -> Any:
    other = tf1.get_variable("other", initializer=0.0)
    with tf.control_dependencies([variable.assign_add(1.0), other.assign_add(1.0)]):
        return variable.read_value()


def trained_once(read: Callable[[Any], Any]) -> tuple[float, float]:
    """Decreases a variable by 1 in a step; returns the value that was read, and the new value."""
    with tf1.Graph().as_default():
        variable = tf1.get_variable("v", initializer=2.0)
        seen = read(variable)
        optimizer = tf1.train.GradientDescentOptimizer(1.0)
        train_op = optimizer.apply_gradients([(tf.constant(1.0), variable)])
        variable_reads.order_before_writes(tf1.get_default_graph(), [seen, train_op])
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            found, _ = session.run([seen, train_op])
            return float(found), float(session.run(variable))


def test_a_read_that_waits_for_no_write_comes_first() -> None:
    assert trained_once(read_late) == (2.0, 1.0)


def test_a_read_whose_place_is_read_comes_first_too() -> None:
    """The write waits for the read of the index, and not for the read of the value there."""
    with tf1.Graph().as_default() as graph:
        place = tf1.get_variable("place", initializer=0)
        values = tf1.get_variable("values", initializer=[2.0, 3.0])
        index = place.read_value()
        slow = tf.random.uniform([600, 600])
        for _ in range(8):
            slow = slow @ slow / 600.0
        with tf.control_dependencies([slow]):
            seen = values.sparse_read(index)
        with tf.control_dependencies([index]):
            write = values.assign([0.0, 0.0], read_value=False)
        variable_reads.order_before_writes(graph, [seen, write])
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            assert session.run([seen, write])[0] == 2.0


def test_a_branch_that_writes_is_a_write() -> None:
    """A train_op that applies gradients every few steps has such a branch."""
    with tf1.Graph().as_default() as graph:
        variable = tf1.get_variable("v", initializer=2.0)
        seen = read_late(variable)
        always = tf1.placeholder_with_default(True, [])
        write = tf1.cond(always, lambda: variable.assign(0.0), lambda: tf.constant(1.0))
        variable_reads.order_before_writes(graph, [seen, write])
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            assert session.run([seen, write])[0] == 2.0


def called_by_name(graph: tf.Graph, function: Any, argument: Any) -> Any:
    """Calls a function as a legacy Defun is called: by an op of the function's name."""
    concrete = function.get_concrete_function(tf.TensorSpec([], argument.dtype))
    concrete.add_to_graph(graph)
    definition = tf1.GraphDef(versions=graph.as_graph_def().versions)
    definition.library.CopyFrom(graph.as_graph_def().library)
    definition.node.add(name="given", op="Placeholder").attr["dtype"].type = int(argument.dtype)
    definition.node.add(name="call", op=concrete.name, input=["given"])
    return tf1.import_graph_def(definition, {"given": argument}, ["call:0"])[0]


def test_a_function_that_is_called_by_its_name_is_looked_into() -> None:
    @tf.function
    def draw(x: Any) -> Any:
        return x + tf.random.uniform([], seed=1)

    @tf.function
    def write(handle: Any) -> Any:
        written = tf.raw_ops.AssignVariableOp(resource=handle, value=tf.constant(5.0))
        with tf.control_dependencies([written]):
            return tf.constant(1.0)

    with tf1.Graph().as_default() as graph:
        variable = tf1.get_variable("v", initializer=2.0)
        drawn = called_by_name(graph, draw, tf.constant(1.0))
        branch = tf1.cond(
            tf1.placeholder_with_default(True, []),
            lambda: called_by_name(tf1.get_default_graph(), write, tf.identity(variable.handle)),
            lambda: tf.constant(1.0),
        )
        assert [one.type for one in random_ops.find(graph, [drawn])] == ["RandomUniform"]
        writes = variable_access.Writes(graph)
        assert {op.type for op in graph_traversal.topological_order([branch]) if op in writes} == {
            "If"
        }


def test_a_branch_that_reads_is_no_write() -> None:
    with tf1.Graph().as_default() as graph:
        variable = tf1.get_variable("v", initializer=2.0)
        always = tf1.placeholder_with_default(True, [])
        tf1.cond(always, lambda: variable.read_value(), lambda: tf.constant(1.0))
        writes = variable_access.Writes(graph)
        found = [
            op for op in graph.get_operations() if variable_access.variables(op) and op in writes
        ]
        assert {op.type for op in found} == {"AssignVariableOp"}  # its initializer


def test_a_branch_that_is_not_taken_holds_nothing_up() -> None:
    enabled = tf1.control_flow_v2_enabled()
    tf1.disable_control_flow_v2()
    try:
        assert trained_once(read_in_a_branch) == (2.0, 1.0)
    finally:
        if enabled:
            tf1.enable_control_flow_v2()


def test_a_read_behind_a_write_stays_there() -> None:
    seen, after = trained_once(read_behind_a_write)
    assert seen in (3.0, 2.0)  # 2 + 1, and the step before or after that
    assert after == 2.0  # 2 + 1 - 1


def test_a_loop_of_control_flow_v1_is_left_alone() -> None:
    enabled = tf1.control_flow_v2_enabled()
    tf1.disable_control_flow_v2()

    def read(variable: Any) -> Any:
        return tf1.while_loop(lambda i: i < variable.read_value(), lambda i: i + 1.0, [0.0])

    try:
        assert trained_once(read)[1] == 1.0
    finally:
        if enabled:
            tf1.enable_control_flow_v2()


@pytest.mark.parametrize("ends", [[None], []])
def test_nothing_to_order(ends: list[Any]) -> None:
    variable_reads.order_before_writes(tf.Graph(), ends)


def test_what_is_done_without_waiting_for_the_input() -> None:
    with tf1.Graph().as_default():
        given = tf1.placeholder(tf.float32, [None])
        weight = tf1.get_variable("weight", initializer=2.0)
        loss = tf.reduce_mean(weight * given)
        step = tf1.train.get_or_create_global_step()
        optimizer = tf1.train.GradientDescentOptimizer(0.1)
        assert not variable_reads.acts_alone([loss, optimizer.minimize(loss, step)], [given])
        both = tf.group(optimizer.minimize(loss), step.assign_add(1))
        assert variable_reads.acts_alone([loss, both], [given])
        assert not variable_reads.acts_alone(
            [tf.nn.dropout(given, 0.5)], [given]
        )  # dropout needs the input's shape
        assert variable_reads.acts_alone([tf.reduce_mean(given * tf.random.normal([]))], [given])
        with tf.control_dependencies([given]):  # a function's argument is always ready
            count = step.assign_add(1, read_value=False)
        assert variable_reads.acts_alone([loss, optimizer.minimize(loss), count], [given])
