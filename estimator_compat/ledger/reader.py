"""Reads the ledger of a loss off its graph.

A walk goes from the scalar loss back over ops that are linear in the per-example losses: sums,
means, products with weights and numbers, quotients and renames. It splits at every addition, and it
stops at the tensors that have one loss for each example. If it meets an op that is not linear or
not known, it does not guess: the term is kept as one number, and names the op. If it meets a call
of a function, it goes on inside the function (see `function_bodies`).
"""

import collections
import dataclasses
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from estimator_compat.ledger import function_bodies
from estimator_compat.ledger.linear_walk import LinearWalk
from estimator_compat.ledger.loss_graph import LossGraph
from estimator_compat.ledger.terms import TermBuilder
from estimator_compat.ledger.values import Kind, LossLedger, LossTerm
from estimator_compat.type_aliases import Features, Labels, Tensor


def ledger(
    loss: Tensor,
    features: Features = None,
    labels: Labels = None,
    *,
    mode: str = "",
    enters_functions: bool = True,
) -> LossLedger:
    """Reads the ledger of a loss.

    Args:
      loss: A floating-point Tensor of a v1 graph or of a `tf.function`'s graph, usually a scalar.
        A tensor of unreduced losses gives a ledger with one term, which has no reduction.
      features: The features that the model_fn was given: a nest of tensors, or None. Weights and
        divisors are named after them, and they show which axis is the batch.
      labels: The labels that the model_fn was given, used like the features.
      mode: The `ModeKeys` value that the graph was built for, or "".
      enters_functions: Whether functions that the loss is computed in are entered. The ledger is
        then one of a copy of the loss, with the same value. Copies are added to the graph.

    Raises:
      TypeError: `loss` is not a Tensor of a graph, or its dtype is not a floating-point one.
      ValueError: The features or labels belong to another graph.
    """
    _check(loss)
    graph = LossGraph(loss, features, labels)
    walk = LinearWalk(graph)
    addends = list(walk.addends())
    while enters_functions and (
        called := function_bodies.calls(addend.tensor for addend in addends)
    ):
        graph = LossGraph(function_bodies.entered(graph.loss, called), features, labels)
        walk = LinearWalk(graph)
        addends = list(walk.addends())
    builder = TermBuilder(graph, walk)
    terms = _merged([builder.term(addend) for addend in addends])
    return LossLedger(
        loss=loss.name, dtype=loss.dtype.name, mode=mode, terms=tuple(_with_names(terms))
    )


def _check(loss: Tensor) -> None:
    if loss is None:
        raise TypeError(
            "`loss` (None) is not there; expected a scalar Tensor, which an EstimatorSpec has in "
            "TRAIN and EVAL; build the model_fn in one of these modes."
        )
    if not tf.is_tensor(loss) or not hasattr(loss, "graph"):
        raise TypeError(
            f"`loss` ({loss!r:.80}) is not a Tensor of a graph; expected one that a model_fn "
            "built; call the model_fn inside a tf.Graph or a tf.function."
        )
    if not loss.dtype.is_floating:
        raise TypeError(
            f"`loss` ({loss.name}) has the dtype {loss.dtype.name}; expected a floating-point one, "
            "through which a gradient can flow; cast the losses before they are reduced."
        )


def _merged(terms: list[LossTerm]) -> list[LossTerm]:
    """Merges the penalties that apply one function and the same steps to several variables."""
    merged: dict[Any, LossTerm] = {}
    for index, term in enumerate(terms):
        key: Any = index
        if term.is_penalty:
            key = (term.op, tuple(dataclasses.replace(s, line=None) for s in term.steps))
        if key in merged:
            first = merged[key]
            term = dataclasses.replace(
                first,
                tensors=(*first.tensors, *term.tensors),
                variables=(*first.variables, *term.variables),
            )
        merged[key] = term
    return list(merged.values())


def _with_names(terms: list[LossTerm]) -> Iterator[LossTerm]:
    """Names each term after what it computes, and numbers equal names from 2 on."""
    counts: collections.Counter[str] = collections.Counter()
    for term in terms:
        name = _base_name(term)
        counts[name] += 1
        number = "" if counts[name] == 1 else f"_{counts[name]}"
        yield dataclasses.replace(term, name=name + number)


def _base_name(term: LossTerm) -> str:
    if term.kind in (Kind.OPAQUE, Kind.CONSTANT) or not term.op.isidentifier():
        return term.kind.value
    return term.op
