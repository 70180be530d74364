"""Asks all probes about a ledger."""

import dataclasses

import numpy as np

from estimator_compat.ledger.loss_graph import LossGraph
from estimator_compat.ledger.probes import (
    halves,
    keras_reductions,
    leaving_out,
    permutation,
    row,
    zero_weights,
)
from estimator_compat.ledger.probes.bench import Bench
from estimator_compat.ledger.steps import Part, Role
from estimator_compat.ledger.values import Claim, Kind, LossLedger, LossTerm, Status

_COUNTED = (Role.SIZE, Role.BATCH, Role.COUNT_NONZERO, Role.SUM_OF_WEIGHTS)


def probed(ledger: LossLedger, bench: Bench, graph: LossGraph, *, added_up: bool) -> LossLedger:
    """Returns a ledger with what probes found of each term of per-example losses.

    A reduction that is refuted loses its name, and its divisors the roles that gave it. A batch
    axis that is refuted is not named any more.

    Args:
      ledger: The ledger, as it was read off the graph.
      bench: Computes the loss on batches.
      graph: The graph of the loss.
      added_up: Whether an Estimator adds up the losses of replicas: see `explanations.replicas`.
    """
    terms = [_probed(term, bench, graph, added_up=added_up) for term in ledger.terms]
    return dataclasses.replace(ledger, terms=tuple(terms))


def _probed(term: LossTerm, bench: Bench, graph: LossGraph, *, added_up: bool) -> LossTerm:
    if term.kind is not Kind.DATA or term.is_unreduced:
        return term
    term = _with_signed_factors(term, bench)
    reduction = row.probe(term, bench)
    if reduction is not None and reduction.status is Status.REFUTED:
        term = _without_roles(term, graph)
    term, axis = permutation.probe(term, bench)
    independence = leaving_out.probe(term, bench, axis)
    claims: list[Claim | None] = [reduction, axis, independence]
    *of_batch, of_replicas = halves.probe(term, bench, added_up=added_up)
    claims += [*of_batch, zero_weights.probe(term, bench), of_replicas]
    if independence.status is not Status.REFUTED:
        claims.append(keras_reductions.probe(term, bench))
    return dataclasses.replace(term, claims=tuple(claim for claim in claims if claim is not None))


def _with_signed_factors(term: LossTerm, bench: Bench) -> LossTerm:
    """Returns a term whose factors are a part of the losses if a real batch has a negative one."""
    steps = [
        dataclasses.replace(step, part=Part.LOSSES)
        if step.part is Part.WEIGHTS_IF_NOT_NEGATIVE
        and any(np.any(values[step.tensor] < 0) for values in bench.recorded)
        else step
        for step in term.steps
    ]
    return dataclasses.replace(term, steps=tuple(steps))


def _without_roles(term: LossTerm, graph: LossGraph) -> LossTerm:
    """Returns a term whose divisors have no role, and are written as expressions."""
    steps = []
    for step in term.steps:
        if step.role in _COUNTED and step.tensor:
            tensor = graph.loss.graph.get_tensor_by_name(step.tensor)
            operand = graph.expressions.of(tensor)
            step = dataclasses.replace(step, role=Role.OTHER, operand=operand)
        steps.append(step)
    return dataclasses.replace(term, steps=tuple(steps))
