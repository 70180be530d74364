"""The mean over the examples of all replicas, instead of the mean of the replicas' means.

A term of a loss is a numerator over a divisor D, such as sum(w*l) / sum(w). Each replica multiplies
its term by D / (the sum of D over all replicas). The sum of these products over all replicas is the
term of the global batch. D is read from the ledger of each replica's loss.

The gradient of the term is multiplied by the same factor, at the term's sum or mean. The gradients
of a replica are then its part of the global gradients. If the model_fn clips gradients, for
example, it clips that part. Regularization is divided by the number of replicas. It then counts
once in the sum over the replicas.
"""

import collections
import re
from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.ledger import reader, recomputation
from estimator_compat.ledger.steps import LossStep, Operation
from estimator_compat.ledger.values import Kind, LossTerm
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import graph_traversal
from estimator_compat.type_aliases import Features, Labels, Nest
from migrate.hosting.replicas import gradient_scales, term_divisors
from migrate.hosting.replicas.term_divisors import Ops


class TermShare(NamedTuple):
    """A replica's share of a term of the loss.

    Attributes:
      formula: The term as text.
      reductions: The sum and mean operations that reduce the term.
      divisor: A key of the term's divisor: equal for equal divisors.
      factor: The replica's part of the divisor's sum over all replicas: a scalar tensor in float64.
      trained: Whether the term must have a gradient.
      penalty: For regularization, the `op` of its ledger term and the names of its variables;
        otherwise None.
    """

    formula: str
    reductions: Ops
    divisor: Any
    factor: tf.Tensor
    trained: bool
    penalty: Any


class ReplicaPart(NamedTuple):
    """A replica's part of the global loss.

    Attributes:
      loss: A scalar; the sum over all replicas is the loss of the global batch.
      loss_ops: The operations that the replica's own loss depends on.
      unreduced_ops: The operations that the unreduced losses of its terms depend on.
      shares: The replica's shares of the terms.
    """

    loss: tf.Tensor
    loss_ops: Ops
    unreduced_ops: Ops
    shares: list[TermShare]


def replica_part(
    loss: tf.Tensor, features: Features, labels: Labels, others: list[Nest]
) -> ReplicaPart:
    """Returns a replica's part of the global loss; it is called in the replica's context.

    A graph's collections have the losses of all replicas. The total loss of one replica may
    therefore contain terms of the others. These terms are left out, because they have no gradient
    with respect to the replica's own variables.

    Args:
      loss: The loss that the model_fn returned in the replica.
      features: The features of the replica.
      labels: The labels of the replica; None if the input has no labels.
      others: The inputs of the other replicas.

    Raises:
      ValueError: The global mean of a term cannot be derived.
    """
    # The gradients that are scaled are those of the loss itself, which has no copies in it.
    ledger = reader.ledger(loss, features, labels, mode=ModeKeys.TRAIN, enters_functions=False)
    others_ops = ops_of_other_replicas(others)
    own = [(t, [tensor]) for t in ledger.terms for tensor in own_tensors(t, loss.graph, others_ops)]
    input_ops = _ops_of((features, labels))
    problems = [
        text for term, _ in own for text in term_divisors.problems(term, loss.graph, input_ops)
    ]
    if problems:
        raise ValueError(
            f"`global_mean` (True) is not possible for the loss {ledger.formula}: "
            f"{'; '.join(problems)}; expected terms that are a sum of losses, over a divisor that "
            "is computed from the batch; rewrite the term, or keep the default, the average of "
            "the replicas' losses."
        )
    loss_ops, unreduced_ops = term_divisors.ancestor_ops([loss]), set()
    total, shares = [], []
    for term, tensors in own:
        divisor, factor = term_divisors.share(term, tensors[0])
        unreduced_ops |= term_divisors.ancestor_ops(tensors) - {
            t.op for t in tensors if term.kind is not Kind.DATA
        }
        value = _term_value(term, tensors)
        total.append(tf.math.multiply_no_nan(value, tf.cast(factor, loss.dtype)))
        if term.kind is not Kind.CONSTANT:
            is_penalty = term.kind is Kind.REGULARIZATION
            penalty = (term.op, _variable_names(tensors)) if is_penalty else None
            reductions = _reductions(term, tensors, loss_ops)
            shares.append(
                TermShare(term.formula, reductions, divisor, factor, term.trained, penalty)
            )
    return ReplicaPart(tf.add_n(total), loss_ops, unreduced_ops, shares)


def ops_of_other_replicas(others: list[Nest]) -> Ops:
    """Returns the operations that are the other replicas' inputs and variables.

    Args:
      others: The inputs of the other replicas of this process.
    """
    return _ops_of(others) | _variables_of_other_replicas()


def own_tensors(term: LossTerm, graph: tf.Graph, others_ops: Ops) -> list[tf.Tensor]:
    """Returns the unreduced losses of a term that are the replica's own.

    Args:
      term: A term of the replica's loss.
      graph: The graph of the loss.
      others_ops: The inputs and variables of the other replicas: see `ops_of_other_replicas`.
    """
    tensors = [graph.get_tensor_by_name(name) for name in term.tensors]
    return [tensor for tensor in tensors if not term_divisors.ancestor_ops([tensor]) & others_ops]


def _ops_of(nest: Nest) -> Ops:
    flat = tf.nest.flatten(nest, expand_composites=True)
    return {tensor.op for tensor in flat if tf.is_tensor(tensor)}


def _variables_of_other_replicas() -> Ops:
    """Returns the handles of the variables of this process's other replicas."""
    strategy, handles = tf.distribute.get_strategy(), set()
    for variable in tf1.global_variables():
        components = strategy.experimental_local_results(variable)
        handles |= {component.handle.op for component in components} - {variable.handle.op}
    return handles


def _term_value(term: LossTerm, tensors: list[tf.Tensor]) -> tf.Tensor:
    """Computes a term as a scalar from its unreduced losses, as its ledger describes it."""
    value = tf.add_n(tensors)
    for step in term.steps:
        operand = value.graph.get_tensor_by_name(step.tensor) if step.tensor else step.value
        value = recomputation.applied(step, value, operand)
    return tf.reshape(value, [])


def _reductions(term: LossTerm, tensors: list[tf.Tensor], loss_ops: Ops) -> Ops:
    """Returns the first sums or means on the paths from the unreduced losses to the loss.

    Control edges are not followed: an operation that only waits for the losses does not reduce
    them.
    """
    if term.kind is not Kind.DATA:
        return {tensor.op for tensor in tensors}
    types = {"Mean"} if _first_reduction(term).operation is Operation.MEAN else {"Sum", "L2Loss"}
    consumers = {op for tensor in tensors for op in tensor.consumers()}
    end_types = types | set(gradient_scales.TYPES)
    reached = graph_traversal.descendants(
        consumers & loss_ops,
        within=loss_ops,
        control_inputs=False,
        stop_at=lambda op: op.type in end_types,
    )
    return {op for op in reached if op.type in types}


def _first_reduction(term: LossTerm) -> LossStep:
    return next(step for step in term.steps if step.reduces)


def rewired(graph: tf.Graph, parts: list[ReplicaPart]) -> dict[str, str]:
    """Multiplies the gradients that a model_fn took by the factors of its loss's terms.

    Args:
      graph: The graph of all replicas.
      parts: The replicas' parts of the global loss.

    Returns:
      The names of the operations whose first input must be replaced, and the names of the tensors
      that replace it.

    Raises:
      ValueError: The model_fn took gradients that the factors do not turn into the gradients of the
        global mean.
    """
    shares: dict[tf.Operation, TermShare] = {}
    scales = gradient_scales.scales(graph)
    differentiated = {op for op, _ in scales}
    for part in parts:
        for share in part.shares:
            ops = share.reductions & differentiated
            if share.trained and not ops:
                raise _impossible(f"no gradient of {share.formula} was found where it is summed")
            for op in ops:
                is_inner = op in part.unreduced_ops
                if is_inner or shares.setdefault(op, share).divisor != share.divisor:
                    raise _impossible(f"{op.name} reduces more than one term of the loss")
    loss_ops = set().union(*(part.loss_ops for part in parts))
    new_inputs = _regularization_inputs(graph, parts)
    for op, scale in scales:
        if op not in loss_ops:
            raise _impossible(f"the gradient of {op.name} was taken, which is not part of the loss")
        if scale.op in loss_ops:
            raise _impossible(f"the loss depends on a gradient, that of {op.name}")
        if op in shares:
            with graph.as_default():
                new_inputs[scale.op.name] = tf.cast(shares[op].factor, scale.dtype).name
    return new_inputs


def _regularization_inputs(graph: tf.Graph, parts: list[ReplicaPart]) -> dict[str, str]:
    """Increases the share of a regularization that only some replicas have.

    Its shares over all replicas must sum to 1. A layer adds the regularization of its variables
    only when it creates them: in the first replica.

    Returns:
      The replaced inputs, in the form that `rewired` returns.
    """
    penalties = [share for part in parts for share in part.shares if share.penalty]
    counts = collections.Counter(
        penalty for part in parts for penalty in {share.penalty for share in part.shares}
    )
    new_inputs = {}
    for share in penalties:
        if counts[share.penalty] != len(parts):
            with graph.as_default():
                increased = share.factor.op.inputs[0] * (len(parts) / counts[share.penalty])
            new_inputs[share.factor.op.name] = increased.name
    return new_inputs


def _variable_names(tensors: list[tf.Tensor]) -> frozenset[str]:
    """Returns the names of the variables that tensors depend on, without the replica's number."""
    ops = term_divisors.ancestor_ops(tensors)
    return frozenset(
        re.sub(r"/replica_\d+$", "", op.name) for op in ops if op.type == "VarHandleOp"
    )


def _impossible(problem: str) -> ValueError:
    return ValueError(
        f"`global_mean` (True) is not possible for this model_fn: {problem}; expected that it "
        "minimizes the `loss` of its EstimatorSpec, all terms of which are sums or means; return "
        "that loss, or keep the default, the average of the replicas' losses."
    )
