"""The `tf.Variable`s that the graphs of a model_fn share."""

import dataclasses
import functools
from collections.abc import Callable, Iterable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Variable
from migrate.targets import Target

Variables = dict[str, tf.Variable]


def with_resources(target: Target) -> Target:
    """Returns a target whose model_fn creates resource variables only.

    A model_fn may create reference variables, with `use_resource=False`. Only a session can use
    reference variables.
    """

    def create_resource(next_creator: Callable[..., Variable], **kwargs: Any) -> Variable:
        return next_creator(**{**kwargs, "use_resource": True})

    @functools.wraps(target.model_fn)
    def model_fn(*args: Any, **kwargs: Any) -> Any:
        with tf1.variable_creator_scope(create_resource):
            return target.model_fn(*args, **kwargs)

    return dataclasses.replace(target, model_fn=model_fn)


def handles(graph: tf.Graph) -> list[tf.Operation]:
    """Returns the operations that are the handles of a graph's variables."""
    return [op for op in graph.get_operations() if op.type == "VarHandleOp"]


def create(ops: Iterable[tf.Operation], graph: tf.Graph, variables: Variables) -> set[str]:
    """Creates the variables of a graph that do not exist yet; returns their names.

    Args:
      ops: The handles of the graph's variables.
      graph: The graph.
      variables: The existing variables by name; the new ones are added.

    Raises:
      ValueError: An existing variable has another shape.
    """
    trainable_variables = graph.get_collection(tf1.GraphKeys.TRAINABLE_VARIABLES)
    trainable = {variable.op.name for variable in trainable_variables}
    created = set()
    for op in ops:
        shape, dtype = tf.TensorShape(op.get_attr("shape")), op.get_attr("dtype")
        if op.name not in variables:
            variables[op.name] = _variable(op.name, shape, dtype, op.name in trainable)
            created.add(op.name)
        elif not variables[op.name].shape.is_compatible_with(shape):
            raise ValueError(
                f"the variable {op.name!r} has the shape {variables[op.name].shape} in one mode "
                f"and {shape} in another; expected one shape; build it alike in all modes."
            )
    return created


def _variable(name: str, shape: tf.TensorShape, dtype: Any, trainable: bool) -> tf.Variable:
    sizes = [0 if size is None else size for size in shape] if shape.rank is not None else []
    zeros = tf.fill(sizes, "") if dtype == tf.string else tf.zeros(sizes, dtype)
    return tf.Variable(zeros, trainable=trainable, name=name, shape=shape)
