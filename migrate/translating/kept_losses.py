"""Losses that a kept forward pass adds to a collection, such as penalties of its own layers."""

import ast
import dataclasses
from collections.abc import Collection, Sequence
from typing import Any

from estimator_compat.ledger.values import Kind, LossTerm
from migrate.translating.border import Border, is_forward
from migrate.translating.expressions import calls_of
from migrate.translating.facts import Call, TensorFact
from migrate.translating.loss_source import LossSource, rebuilt, unique
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import Statement, loads, stores

_ADDING = ("tf.losses.add_loss", "tf.add_to_collection")
_SUMS = ("tf.losses.get_regularization_loss", "tf.losses.get_regularization_losses")
_COLLECTION = "regularization_losses"


def hidden(call: Call, terms: Sequence[LossTerm], border: Border) -> frozenset[str]:
    """Returns the losses that functions which are kept compute, and add to a collection.

    Args:
      call: The call of the model_fn.
      terms: The ledger's terms of the loss.
      border: Which functions are kept.
    """
    if not border.is_kept:
        return frozenset()
    found: set[str] = set()
    for one in call.walk():
        if one is not call and _adds(one) and is_forward(one):
            found |= _tensors(one)
    data = [one for one in terms if one.kind is Kind.DATA]
    return frozenset(one.tensors[0] for one in data) & found


def without(terms: Sequence[LossTerm], names: Collection[str]) -> tuple[LossTerm, ...]:
    """Returns the terms that are not hidden; the collection has the penalties on weights, too."""
    if not names:
        return tuple(terms)
    shown = [one for one in terms if one.kind is not Kind.REGULARIZATION]
    return tuple(one for one in shown if not set(one.tensors) & set(names))


def is_sum(call: Call) -> bool:
    """Tells whether a call adds up the collection: the forward pass then returns the sum."""
    return call.callee.api in _SUMS


def name_sums(flat: Flattened) -> None:
    """Gives a name to each sum of the collection that is a part of an expression.

    The forward pass returns the sum, and what the source adds it to is not a part of it.
    """
    made: list[Statement] = []
    taken = set().union(*(stores(s.node) | loads(s.node) for s in flat.statements), set())
    for statement in flat.statements:
        source = LossSource(flat, [], ast.Constant(value=None), "")
        before: list[Statement] = []
        value = getattr(statement.node, "value", None)

        def named(node: ast.AST, whole: object = value, before: list[Statement] = before) -> Any:
            if node is whole or not isinstance(node, ast.Call):
                return None
            if not any(is_sum(one) for one in calls_of(node, flat.facts)):
                return None
            name = unique("penalty", taken)
            taken.add(name)
            assigned = ast.Assign(
                targets=[ast.Name(id=name, ctx=ast.Store())], value=node, lineno=1
            )
            before.append(Statement(assigned, frozenset()))
            return ast.Name(id=name, ctx=ast.Load())

        statement.node = rebuilt(statement.node, named, source.same_facts)
        made += [dataclasses.replace(one, modes=statement.modes) for one in before]
        made.append(statement)
    flat.statements[:] = made


def _adds(call: Call) -> bool:
    """Tells whether a function adds to the collection itself."""
    for one in call.calls:
        given = list(one.arguments.values())
        if one.callee.api in _ADDING and _COLLECTION in [v for v in given if isinstance(v, str)]:
            return True
    return False


def _tensors(call: Call) -> set[str]:
    """Returns the names of the tensors that a function made or passed on."""
    values = [value for one in call.walk() for value in one.arguments.values()]
    values += [one.result for one in call.walk()]
    return {one.name for one in values if isinstance(one, TensorFact)}
