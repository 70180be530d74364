"""Which operations read variables, and which may write to them."""

from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting.graph import variable_access


def branch(function: Any) -> Any:
    """Returns the If operation one of whose branches is the function."""
    taken = tf1.placeholder(tf.bool, [])
    return tf.cond(taken, function, lambda: tf.constant(0.0)).op.inputs[0].op


def written(variable: Any) -> Any:
    with tf.control_dependencies([variable.assign_add([1.0, 1.0])]):
        return tf.constant(1.0)


OPS = {
    "assign": (lambda v: v.assign([5.0, 6.0]).op, True),
    "assign_add": (lambda v: v.assign_add([5.0, 6.0]).op, True),
    "scatter": (lambda v: v.scatter_update(tf.IndexedSlices([5.0], [0])).op, True),
    "gradient descent": (
        lambda v: tf.raw_ops.ResourceApplyGradientDescent(
            var=v.handle, alpha=0.5, delta=[1.0, 1.0]
        ),
        True,
    ),
    "branch that writes": (lambda v: branch(lambda: written(v)), True),
    "branch that reads": (lambda v: branch(lambda: v[0]), False),
    "read": (lambda v: v.read_value().op.inputs[0].op, False),
    "gather": (
        lambda v: tf.raw_ops.ResourceGather(resource=v.handle, indices=[0], dtype=tf.float32).op,
        False,
    ),
    "is initialized": (lambda v: tf1.is_variable_initialized(v).op, False),
    "of no variable": (lambda v: tf.constant(1.0).op, False),
}


@pytest.mark.parametrize(("build", "writes"), OPS.values(), ids=OPS)
def test_what_may_write(build: Any, writes: bool) -> None:
    with tf1.Graph().as_default() as graph:
        variable = tf1.get_variable("v", initializer=[1.0, 2.0], use_resource=True)
        op = build(variable)
        if writes:
            while op.type in ("Identity", "ReadVariableOp"):  # the read after an assignment
                op = (op.control_inputs or [op.inputs[0].op])[0]
        assert (op in variable_access.Writes(graph)) is writes


def test_the_variables_of_an_operation() -> None:
    with tf1.Graph().as_default():
        variable = tf1.get_variable("v", initializer=1.0, use_resource=True)
        assign = tf.raw_ops.AssignVariableOp(resource=variable.handle, value=2.0)
        assert [op.name for op in variable_access.variables(assign)] == ["v"]
        assert variable_access.variables(tf.constant(1.0).op) == []
