"""The variables of a model_fn's graphs, as `tf.Variable`s that these share."""

import dataclasses
import functools
from collections.abc import Callable, Iterable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.targets import Target

Variables = dict[str, tf.Variable]


def with_resources(target: Target) -> Target:
    """A target whose model_fn makes `tf.Variable`'s kind of variables, also where it asks for
    reference variables: `use_resource=False`. Those are known to sessions only.
    """

    def create(next_creator: Callable[..., Any], **given: Any) -> Any:
        return next_creator(**{**given, "use_resource": True})

    @functools.wraps(target.model_fn)
    def model_fn(*args: Any, **kwargs: Any) -> Any:
        with tf1.variable_creator_scope(create):
            return target.model_fn(*args, **kwargs)

    return dataclasses.replace(target, model_fn=model_fn)


def handles(graph: tf.Graph) -> list[tf.Operation]:
    """The operations that are a graph's variables."""
    return [op for op in graph.get_operations() if op.type == "VarHandleOp"]


def create(ops: Iterable[tf.Operation], graph: tf.Graph, variables: Variables) -> set[str]:
    """Creates the variables that are not there yet; returns their names."""
    trainable = {v.op.name for v in graph.get_collection(tf1.GraphKeys.TRAINABLE_VARIABLES)}
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
    known = [0 if size is None else size for size in shape] if shape.rank is not None else []
    zeros = tf.fill(known, "") if dtype == tf.string else tf.zeros(known, dtype)
    return tf.Variable(zeros, trainable=trainable, name=name, shape=shape)
