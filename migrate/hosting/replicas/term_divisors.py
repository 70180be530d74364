"""The divisor of a term of a loss in each replica, as the term's ledger describes it."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

import tensorflow as tf

from estimator_compat.ledger.steps import LossStep, Operation, Role
from estimator_compat.ledger.values import Kind, LossTerm
from estimator_compat.runtime import graph_traversal
from estimator_compat.type_aliases import Tensor

Ops = set[tf.Operation]


def problems(term: LossTerm, graph: tf.Graph, input_ops: Ops) -> Iterator[str]:
    """Yields the reasons why the global mean of a term cannot be derived from its divisor.

    Args:
      term: A term of a replica's loss.
      graph: The graph of the loss.
      input_ops: The operations that are the replica's input.
    """
    if term.kind is Kind.OPAQUE:
        yield f"{term.stopped_by}"
    if term.kind is not Kind.DATA:
        return
    if term.shape is None:
        yield f"the rank of {term.tensors[0]} is not known"
    for step in term.steps:
        if step.tensor and not step.divides and _depends_on_batch(step, graph, input_ops):
            yield f"{step.operand} ({step.tensor}) is computed from a replica's whole batch"
    divisors = term.divisors
    has_mean = any(step.reduces and step.operation is Operation.MEAN for step in term.steps)
    are_constants = bool(divisors) and all(step.role is Role.CONSTANT for step in divisors)
    if are_constants and not has_mean and not _is_batch_size(term):
        number = " * ".join(step.operand for step in divisors)
        yield f"{number} may count the examples of a replica, those of all, or neither"


def _depends_on_batch(step: LossStep, graph: tf.Graph, input_ops: Ops) -> bool:
    """Returns whether a factor depends on all examples, such as weights divided by their sum."""
    tensor = graph.get_tensor_by_name(step.tensor)
    ops = ancestor_ops([tensor])
    if step.scalar:
        return bool(ops & input_ops)
    sums = [op for op in ops if op.type in ("Sum", "Mean") and op.outputs[0].shape.rank == 0]
    return any(ancestor_ops(op.outputs) & input_ops for op in sums)


def _is_batch_size(term: LossTerm) -> bool:
    """Returns whether the constant divisors of a term multiply to the size of its batch axis."""
    sizes, axis = term.shape or (), term.batch_axis
    return axis is not None and math.prod(step.value or 0 for step in term.divisors) == sizes[axis]


def share(term: LossTerm, losses: tf.Tensor) -> tuple[Any, tf.Tensor]:
    """Computes a replica's share of a term's divisor; it is called in the replica's context.

    Args:
      term: A term of the replica's loss.
      losses: The unreduced losses of the term.

    Returns:
      A key of the divisor, equal for equal divisors, and the replica's divisor over the sum of all
      replicas' divisors: a scalar in float64.
    """
    context = tf.distribute.get_replica_context()
    if term.kind is not Kind.DATA:
        # The Identity allows `global_mean.rewired` to replace the number.
        return term.kind, tf.identity(tf.constant(1 / context.num_replicas_in_sync, tf.float64))
    divisors = list(_divisors(term, losses))
    if not divisors:
        return None, tf.ones([], tf.float64)
    own = tf.reduce_prod(tf.stack([tf.cast(tf.reshape(d, []), tf.float64) for _, d in divisors]))
    total = context.all_reduce(tf.distribute.ReduceOp.SUM, own)
    return tuple(key for key, _ in divisors), tf.math.divide_no_nan(own, total)


def _divisors(term: LossTerm, losses: tf.Tensor) -> Iterator[tuple[Any, Any]]:
    """Yields a key and a value for each divisor of a term that may depend on the examples.

    A mean divides by the sizes of its axes. It is left out if the batch axis is known, and is not
    one of these axes.
    """
    remaining = list(range(losses.shape.rank))
    for step in term.steps:
        if step.reduces:
            axes = remaining if step.axes is None else [remaining[axis] for axis in step.axes]
            remaining = [axis for axis in remaining if axis not in axes]
            if step.operation is Operation.MEAN and (
                term.batch_axis is None or term.batch_axis in axes
            ):
                yield ("size", *axes), tf.reduce_prod(tf.gather(tf.shape(losses), axes))
        elif step.divides:
            divisor = losses.graph.get_tensor_by_name(step.tensor) if step.tensor else step.value
            yield (step.tensor, step.value), divisor


def ancestor_ops(tensors: Iterable[Tensor]) -> Ops:
    """Returns the operations that tensors are computed from, including their own.

    Control edges are not followed: a control edge carries no value and no gradient.
    """
    return set(graph_traversal.ancestors(tensors, control_inputs=False))
