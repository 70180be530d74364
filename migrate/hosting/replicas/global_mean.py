"""The mean over the examples of all replicas, in the place of the mean of the replicas' means.

A term of a loss is a numerator over a divisor D: sum(w*l) / sum(w), say. With a factor of
D / (the sum of D over all replicas) for each replica, the sum over replicas is the term of the
global batch. The ledger of each replica's loss tells D. The factor goes where the gradient enters
the term's sum or mean, so that the gradients that a replica applies are its part of the global
ones, and what the model_fn does with gradients before (clipping, say) it does with that part.
Regularization is divided by the number of replicas: it counts once.
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
from migrate.hosting.replicas import gradient_scales, term_divisors
from migrate.hosting.replicas.term_divisors import Ops


class Share(NamedTuple):
    """A replica's share of a term.

    Attributes:
      formula: The term as text.
      reductions: The sums and means that reduce it.
      divisor: What makes its divisor: equal for equal divisors.
      factor: The replica's share of that.
      trained: Whether the term must have a gradient.
      penalty: For regularization, what computes it and of which variables; else None.
    """

    formula: str
    reductions: Ops
    divisor: Any
    factor: tf.Tensor
    trained: bool
    penalty: Any


class Mean(NamedTuple):
    """A replica's part of the global loss.

    Attributes:
      loss: A scalar; the sum over replicas is the loss of the global batch.
      behind: The operations that the replica's own loss depends on.
      inside: Those that the unreduced losses of its terms depend on.
      shares: Its shares of the terms.
    """

    loss: tf.Tensor
    behind: Ops
    inside: Ops
    shares: list[Share]


def of(loss: tf.Tensor, features: Any, labels: Any, others: list[Any]) -> Mean:
    """Finds a replica's part of the global loss; called in the replica's context.

    Args:
      loss: What the model_fn returned for the replica.
      features, labels: What it was given.
      others: What the other replicas are given. A graph's collections have the losses of all
        replicas, so that the total loss of one may have terms of another. They have no gradient
        with respect to its own variables, and are left out.

    Raises:
      ValueError: The global mean of a term is not known.
    """
    ledger = reader.ledger(loss, features, labels, mode=ModeKeys.TRAIN)
    others_ops = foreign(others)
    own = [(t, [one]) for t in ledger.terms for one in own_tensors(t, loss.graph, others_ops)]
    fed = _ops_of((features, labels))
    problems = [text for term, _ in own for text in term_divisors.problems(term, loss.graph, fed)]
    if problems:
        raise ValueError(
            f"`global_mean` (True) is not possible for the loss {ledger.formula}: "
            f"{'; '.join(problems)}; expected terms that are a sum of losses, over a divisor that "
            "is computed from the batch; rewrite the term, or keep the default, the average of "
            "the replicas' losses."
        )
    behind, inside, total, shares = term_divisors.behind_of([loss]), set(), [], []
    for term, tensors in own:
        divisor, factor = term_divisors.share(term, tensors[0])
        inside |= term_divisors.behind_of(tensors) - {
            t.op for t in tensors if term.kind is not Kind.DATA
        }
        total.append(tf.math.multiply_no_nan(_number(term, tensors), tf.cast(factor, loss.dtype)))
        if term.kind is not Kind.CONSTANT:
            penalty = (term.op, _names(tensors)) if term.kind is Kind.REGULARIZATION else None
            reductions = _reductions(term, tensors, behind)
            shares.append(Share(term.formula, reductions, divisor, factor, term.trained, penalty))
    return Mean(tf.add_n(total), behind, inside, shares)


def foreign(others: list[Any]) -> Ops:
    """What the other replicas of this process are given, and their variables."""
    return _ops_of(others) | _foreign_variables()


def own_tensors(term: LossTerm, graph: tf.Graph, foreign: Ops) -> list[tf.Tensor]:
    """The unreduced losses of a term, as far as they are the replica's own."""
    tensors = [graph.get_tensor_by_name(name) for name in term.tensors]
    return [tensor for tensor in tensors if not term_divisors.behind_of([tensor]) & foreign]


def _ops_of(nest: Any) -> Ops:
    flat = tf.nest.flatten(nest, expand_composites=True)
    return {tensor.op for tensor in flat if tf.is_tensor(tensor)}


def _foreign_variables() -> Ops:
    """The variables of the other replicas of this process."""
    strategy, found = tf.distribute.get_strategy(), set()
    for variable in tf1.global_variables():
        parts = strategy.experimental_local_results(variable)
        found |= {part.handle.op for part in parts} - {variable.handle.op}
    return found


def _number(term: LossTerm, tensors: list[tf.Tensor]) -> tf.Tensor:
    number = tf.add_n(tensors)
    for step in term.steps:
        by = number.graph.get_tensor_by_name(step.tensor) if step.tensor else step.value
        number = recomputation.applied(step, number, by)
    return tf.reshape(number, [])


def _reductions(term: LossTerm, tensors: list[tf.Tensor], behind: Ops) -> Ops:
    """The first sums and means on the ways from unreduced losses to the loss.

    Control edges are not followed: what waits for the losses does not reduce them.
    """
    if term.kind is not Kind.DATA:
        return {tensor.op for tensor in tensors}
    kinds = {"Mean"} if _first_reduction(term).operation is Operation.MEAN else {"Sum", "L2Loss"}
    consumers = {op for tensor in tensors for op in tensor.consumers()}
    ends = kinds | set(gradient_scales.TYPES)
    reached = graph_traversal.descendants(
        consumers & behind, within=behind, control_inputs=False, stop_at=lambda op: op.type in ends
    )
    return {op for op in reached if op.type in kinds}


def _first_reduction(term: LossTerm) -> LossStep:
    return next(step for step in term.steps if step.reduces)


def rewired(graph: tf.Graph, means: list[Mean]) -> dict[str, str]:
    """Puts the factors into the gradients that a model_fn took.

    Returns:
      The names of operations that need another input, and of the tensors that they need.

    Raises:
      ValueError: A gradient was taken that the factors do not make that of the global mean.
    """
    shares: dict[tf.Operation, Share] = {}
    scales = gradient_scales.scales(graph)
    differentiated = {op for op, _ in scales}
    for mean in means:
        for share in mean.shares:
            taken = share.reductions & differentiated
            if share.trained and not taken:
                raise _refused(f"no gradient of {share.formula} was found where it is summed")
            for op in taken:
                if op in mean.inside or shares.setdefault(op, share).divisor != share.divisor:
                    raise _refused(f"{op.name} reduces more than one term of the loss")
    behind = set().union(*(mean.behind for mean in means))
    found = _counted_once(graph, means)
    for op, scale in scales:
        if op not in behind:
            raise _refused(f"the gradient of {op.name} was taken, which the loss does not have")
        if scale.op in behind:
            raise _refused(f"the loss has a gradient in it, that of {op.name}")
        if op in shares:
            with graph.as_default():
                found[scale.op.name] = tf.cast(shares[op].factor, scale.dtype).name
    return found


def _counted_once(graph: tf.Graph, means: list[Mean]) -> dict[str, str]:
    """Raises the share of regularization that not every replica has.

    A layer adds that of its variables only where it creates them: in the first replica.
    """
    penalties = [share for mean in means for share in mean.shares if share.penalty]
    counts = collections.Counter(
        penalty for mean in means for penalty in {share.penalty for share in mean.shares}
    )
    found = {}
    for share in penalties:
        if counts[share.penalty] != len(means):
            with graph.as_default():
                raised = share.factor.op.inputs[0] * (len(means) / counts[share.penalty])
            found[share.factor.op.name] = raised.name
    return found


def _names(tensors: list[tf.Tensor]) -> frozenset[str]:
    """The variables behind tensors, named alike in all replicas."""
    behind = term_divisors.behind_of(tensors)
    return frozenset(
        re.sub(r"/replica_\d+$", "", op.name) for op in behind if op.type == "VarHandleOp"
    )


def _refused(problem: str) -> ValueError:
    return ValueError(
        f"`global_mean` (True) is not possible for this model_fn: {problem}; expected that it "
        "minimizes the `loss` of its EstimatorSpec, all terms of which are sums or means; return "
        "that loss, or keep the default, the average of the replicas' losses."
    )
