"""What the graph of a training step says about its loss and its updates, for explanations."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.ledger import reader, summary_wrapper
from estimator_compat.ledger.values import LossLedger
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import graph_traversal
from migrate.targets import Built

_EPSILON_OF = {"ApplyAdam": 8, "ResourceApplyAdam": 8}  # the index of the input
_VARIABLES = ("VarHandleOp", "VariableV2", "Variable")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """Facts of a training step, and numbers of its first batch.

    Attributes:
      reduction: The reduction of the loss's only data term; "" if there is not one such term, or
        the term is multiplied by more than its weights.
      losses: The unreduced losses of this term; None without a reduction.
      weights: Their weights; None for equal weights.
      has_penalties: Whether the other terms of the loss are penalties on weights.
      epsilons: Adam's epsilon by the names of the variables that it updates.
      update_ops: The names of the variables that the ops of UPDATE_OPS write.
    """

    reduction: str
    losses: np.ndarray | None
    weights: np.ndarray | None
    has_penalties: bool
    epsilons: Mapping[str, float]
    update_ops: frozenset[str]


def fetches(built: Built) -> tuple[Any, ...]:
    """Returns the tensors whose values `facts` needs: the unreduced losses and their weights."""
    ledger = _ledger(built)
    if not _reduction(ledger):
        return ()
    assert ledger is not None
    return tuple(t for t in summary_wrapper.unreduced(ledger.data_terms[0]) if t is not None)


def facts(built: Built, values: tuple[np.ndarray, ...]) -> StepFacts:
    """Reads the facts of a TRAIN graph.

    Args:
      built: The graph.
      values: The values of `fetches`.
    """
    ledger = _ledger(built)
    penalties = ledger.terms if ledger else ()
    return StepFacts(
        reduction=_reduction(ledger),
        losses=values[0] if values else None,
        weights=values[1] if len(values) > 1 else None,
        has_penalties=all(t.is_penalty for t in penalties if t not in ledger.data_terms)
        if ledger
        else False,
        epsilons=dict(_epsilons(built.graph)),
        update_ops=_update_ops(built.graph),
    )


def _ledger(built: Built) -> LossLedger | None:
    batch = built.batch
    try:
        with built.graph.as_default():
            return reader.ledger(built.spec.loss, batch.features, batch.labels, mode=ModeKeys.TRAIN)
    except (TypeError, ValueError):
        return None


def _reduction(ledger: LossLedger | None) -> str:
    """Returns the reduction of the only data term, or "" if there is not one such term."""
    if ledger is None or len(ledger.data_terms) != 1 or ledger.stopped_by:
        return ""
    [term] = ledger.data_terms
    return "" if term.multipliers else term.reduction or ""


def _epsilons(graph: tf.Graph) -> Any:
    for op in graph.get_operations():
        if op.type in _EPSILON_OF:
            epsilon = tf.get_static_value(op.inputs[_EPSILON_OF[op.type]])
            if epsilon is not None:
                yield op.inputs[0].op.name, float(epsilon)


def _update_ops(graph: tf.Graph) -> frozenset[str]:
    """Names the variables that the ops of UPDATE_OPS take directly, as a write does."""
    ends = graph.get_collection(tf1.GraphKeys.UPDATE_OPS)
    ops = graph_traversal.ancestors(ends, control_inputs=True)
    written = {
        tensor.op.name
        for op in ops
        if op.type.startswith("Assign")
        for tensor in op.inputs
        if tensor.op.type in _VARIABLES
    }
    return frozenset(written)
