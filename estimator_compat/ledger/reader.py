"""Reads the ledger of a loss off its graph.

The walk goes from the scalar loss back over whatever is linear in the per-example losses (sums,
means, products with weights and numbers, quotients, renames), and splits at every addition. It
stops at the tensors that still have one loss an example. Where it meets an op that it does not
know, that term is kept as one number, and says which op it was: it never guesses.
"""

import collections
import dataclasses
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from estimator_compat.ledger.linear_walk import Walk
from estimator_compat.ledger.loss_graph import LossGraph
from estimator_compat.ledger.terms import Terms
from estimator_compat.ledger.values import Kind, LossLedger, LossTerm


def ledger(loss: Any, features: Any = None, labels: Any = None, *, mode: str = "") -> LossLedger:
    """Reads the ledger of a loss.

    Args:
      loss: A floating-point Tensor of a v1 graph or of a `tf.function`'s graph; a scalar as a rule.
        For a tensor of losses, the one term has no reduction.
      features, labels: What the model_fn was given: nested tensors. They name what the weights and
        divisors are, and tell which axis is the batch.
      mode: The `ModeKeys` value that the graph was built for.

    Raises:
      TypeError: The loss is no Tensor of a graph, or not of a floating-point dtype.
      ValueError: The features are of another graph.
    """
    _check(loss)
    graph = LossGraph(loss, features, labels)
    walk = Walk(graph)
    terms = Terms(graph, walk)
    return LossLedger(
        loss=loss.name,
        dtype=loss.dtype.name,
        mode=mode,
        terms=tuple(_with_names(_merged([terms.term(part) for part in walk.parts()]))),
    )


def _check(loss: Any) -> None:
    if loss is None:
        raise TypeError(
            "`loss` (None) is not there; expected a scalar Tensor, which an EstimatorSpec has in "
            "TRAIN and EVAL; build the model_fn in one of these modes."
        )
    if not tf.is_tensor(loss) or not hasattr(loss, "graph"):
        raise TypeError(
            f"`loss` ({loss!r:.80}) is no Tensor of a graph; expected one that a model_fn built; "
            "call the model_fn inside a tf.Graph or a tf.function."
        )
    if not loss.dtype.is_floating:
        raise TypeError(
            f"`loss` ({loss.name}) has the dtype {loss.dtype.name}; expected a floating-point one, "
            "through which a gradient can flow; cast the losses before they are reduced."
        )


def _merged(terms: list[LossTerm]) -> list[LossTerm]:
    """Adds up regularization that is the same for several variables."""
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
    """Names each term after what it computes, with a number where that is not enough."""
    count: collections.Counter[str] = collections.Counter()
    for term in terms:
        name = _tag(term)
        count[name] += 1
        yield dataclasses.replace(term, name=name if count[name] == 1 else f"{name}_{count[name]}")


def _tag(term: LossTerm) -> str:
    if term.kind in (Kind.OPAQUE, Kind.CONSTANT) or not term.op.isidentifier():
        return term.kind.value
    return term.op
