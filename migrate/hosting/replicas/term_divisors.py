"""What a term of a loss is divided by in each replica, as far as its ledger tells."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

import tensorflow as tf

from estimator_compat.ledger.steps import LossStep, Operation, Role
from estimator_compat.ledger.values import Kind, LossTerm
from estimator_compat.runtime import graph_traversal

Ops = set[tf.Operation]


def problems(term: LossTerm, graph: tf.Graph, fed: Ops) -> Iterator[str]:
    """Says why the divisor of a term is not known.

    Args:
      term: A term of a replica's loss.
      graph: Its graph.
      fed: The operations that are the replica's input.
    """
    if term.kind is Kind.OPAQUE:
        yield f"{term.stopped_by}"
    if term.kind is not Kind.DATA:
        return
    if term.shape is None:
        yield f"the rank of {term.tensors[0]} is not known"
    for step in term.steps:
        if step.tensor and not step.divides and _is_of_a_batch(step, graph, fed):
            yield f"{step.operand} ({step.tensor}) is computed from a replica's whole batch"
    divisors = term.divisors
    means = any(step.reduces and step.operation is Operation.MEAN for step in term.steps)
    constants = bool(divisors) and all(step.role is Role.CONSTANT for step in divisors)
    if constants and not means and not _is_batch_size(term):
        number = " * ".join(step.operand for step in divisors)
        yield f"{number} may count the examples of a replica, those of all, or neither"


def _is_of_a_batch(step: LossStep, graph: tf.Graph, fed: Ops) -> bool:
    """Tells whether a factor has something of all examples in it, as weights over their sum."""
    tensor = graph.get_tensor_by_name(step.tensor)
    behind = behind_of([tensor])
    if step.scalar:
        return bool(behind & fed)
    sums = [op for op in behind if op.type in ("Sum", "Mean") and op.outputs[0].shape.rank == 0]
    return any(behind_of(op.outputs) & fed for op in sums)


def _is_batch_size(term: LossTerm) -> bool:
    sizes, axis = term.shape or (), term.batch_axis
    return axis is not None and math.prod(s.value or 0 for s in term.divisors) == sizes[axis]


def share(term: LossTerm, losses: tf.Tensor) -> tuple[Any, tf.Tensor]:
    """A replica's share of a term's divisor, and what that is made of."""
    context = tf.distribute.get_replica_context()
    if term.kind is not Kind.DATA:
        # An Identity, so that another number can be put in: see `global_mean.rewired`.
        return term.kind, tf.identity(tf.constant(1 / context.num_replicas_in_sync, tf.float64))
    divisors = list(_divisors(term, losses))
    if not divisors:
        return None, tf.ones([], tf.float64)
    own = tf.reduce_prod(tf.stack([tf.cast(tf.reshape(d, []), tf.float64) for _, d in divisors]))
    whole = context.all_reduce(tf.distribute.ReduceOp.SUM, own)
    return tuple(key for key, _ in divisors), tf.math.divide_no_nan(own, whole)


def _divisors(term: LossTerm, losses: tf.Tensor) -> Iterator[tuple[Any, Any]]:
    """What a term is divided by, where it matters how many examples there are."""
    left = list(range(losses.shape.rank))
    for step in term.steps:
        if step.reduces:
            axes = left if step.axes is None else [left[axis] for axis in step.axes]
            left = [axis for axis in left if axis not in axes]
            if step.operation is Operation.MEAN and (
                term.batch_axis is None or term.batch_axis in axes
            ):
                yield ("size", *axes), tf.reduce_prod(tf.gather(tf.shape(losses), axes))
        elif step.divides:
            divisor = losses.graph.get_tensor_by_name(step.tensor) if step.tensor else step.value
            yield (step.tensor, step.value), divisor


def behind_of(tensors: Iterable[Any]) -> Ops:
    """The operations that tensors are computed from, their own among them.

    Control edges are not followed: a divisor is made of values, and a gradient flows through them.
    """
    return set(graph_traversal.ancestors(tensors, control_inputs=False))
