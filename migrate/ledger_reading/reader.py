"""Reads the ledgers of a model_fn from its source."""

from __future__ import annotations

import ast
import collections
import dataclasses
from typing import Any, NamedTuple

from estimator_compat.ledger.values import Kind as TermKind
from estimator_compat.ledger.values import LossLedger, LossTerm
from estimator_compat.mode_keys import ModeKeys
from migrate.ledger_reading import entry
from migrate.ledger_reading.interpreter import Interpreter
from migrate.ledger_reading.leaves import text
from migrate.ledger_reading.resolving import Resolving
from migrate.ledger_reading.tree import Tree, TreeModule
from migrate.ledger_reading.values import Kind, Value
from migrate.ledger_reading.walk import Walk

_SPECS = ("EstimatorSpec", "TPUEstimatorSpec")


class Read(NamedTuple):
    """What was read of a model_fn.

    Attributes:
      train: TRAIN's ledger; None if it has none.
      eval: EVAL's ledger; None if it has none.
      because: Why there is none; "" if both are there.
      optimizer: The optimizer that TRAIN makes, by its name in the source; "" if it is not known.
    """

    train: LossLedger | None = None
    eval: LossLedger | None = None
    because: str = ""
    optimizer: str = ""


def read(function: ast.AST, module: TreeModule, tree: Tree) -> Read:
    """Reads the ledgers of a model_fn, as `migrate scan` finds it.

    Args:
      function: Its `def`, in the tree of `module`.
      module: Its module.
      tree: The modules that imports may lead to.
    """
    ledgers: dict[str, LossLedger | None] = {}
    reasons: dict[str, str] = {}
    optimizer = ""
    for mode in (ModeKeys.TRAIN, ModeKeys.EVAL):
        try:
            ledgers[mode], reasons[mode], found = _in_mode(function, module, tree, mode)
            optimizer = optimizer or found
        except RecursionError:
            ledgers[mode], reasons[mode] = None, "its code is nested too deep"
    because = [
        f"{mode.upper()}: {reasons[mode]}"
        for mode in (ModeKeys.TRAIN, ModeKeys.EVAL)
        if reasons[mode]
    ]
    return Read(ledgers[ModeKeys.TRAIN], ledgers[ModeKeys.EVAL], "; ".join(because), optimizer)


def read_loss(
    function: ast.AST, module: TreeModule, tree: Tree, mode: str = ModeKeys.TRAIN
) -> LossLedger:
    """Reads the ledger of a function `(features, labels) -> loss`.

    Args:
      function: Its `def`, in the tree of `module`.
      module: Its module.
      tree: The modules that imports may lead to.
      mode: The mode that a `mode` argument of it has.
    """
    interpreter = Interpreter(tree)
    returned = entry.called(interpreter, function, module, mode)
    return ledger_of(Resolving(interpreter).resolved(returned), mode)


def _in_mode(
    function: ast.AST, module: TreeModule, tree: Tree, mode: str
) -> tuple[LossLedger | None, str, str]:
    interpreter = Interpreter(tree)
    returned = entry.called(interpreter, function, module, mode)
    resolving = Resolving(interpreter)
    loss, why = _loss_of(resolving.resolved(returned), resolving)
    optimizer = entry.optimizer(interpreter) if mode == ModeKeys.TRAIN else ""
    if loss is None:
        if interpreter.is_exhausted:
            why = "it is too much code to follow"
        return None, why, optimizer
    return ledger_of(resolving.resolved(loss), mode), "", optimizer


def ledger_of(loss: Value, mode: str) -> LossLedger:
    """Returns the ledger of a loss."""
    terms = Walk().terms(loss)
    return LossLedger(
        loss=text(loss), dtype="", mode=mode, terms=tuple(_named(_merged(terms))), source="read"
    )


def _loss_of(value: Value, resolving: Resolving, depth: int = 0) -> tuple[Value | None, str]:
    """Returns the loss of what a model_fn returns, or why there is none."""
    value = resolving.resolved(value)
    if depth > 20:
        return None, "it returns too many specs"
    if value.kind is Kind.EITHER:
        return _loss_of_both(value, resolving, depth)
    last = value.name.rpartition(".")[2]
    if last in _SPECS:
        loss = value.argument("loss", position=2)
        if loss is None or loss.is_none:
            return None, "its spec has no loss"
        return loss, ""
    if value.name == "create_estimator_spec":
        return value, ""
    if value.name == "method.as_estimator_spec":
        return _loss_of(value.args[0], resolving, depth + 1)
    if value.is_none:
        return None, "it returns nothing"
    if value.kind is Kind.UNKNOWN and value.data[1]:
        return None, value.data[1]
    return None, f"what it returns is not followed: `{text(value)}`"


def _loss_of_both(value: Value, resolving: Resolving, depth: int) -> tuple[Value | None, str]:
    test, *both = value.args
    found = [_loss_of(each, resolving, depth + 1) for each in both]
    losses = [loss for loss, _ in found if loss is not None]
    if not losses:
        return found[0]
    if len(losses) == 1:
        failed = next(why for loss, why in found if loss is None)
        if failed in ("it raises an exception", "it returns nothing"):
            return losses[0], ""
        unknown = resolving.values.unknown(value.origin, (test,), failed)
        losses.append(unknown)
    return resolving.values.either(test, losses[0], losses[1], value.origin), ""


def _merged(terms: list[LossTerm]) -> list[LossTerm]:
    """Merges the penalties that apply one function and the same steps to several variables."""
    merged: dict[Any, LossTerm] = {}
    for index, term in enumerate(terms):
        key: Any = index
        if term.is_penalty and term.variables:
            key = (term.op, tuple(dataclasses.replace(s, line=None) for s in term.steps))
        if key in merged:
            first = merged[key]
            term = dataclasses.replace(first, variables=(*first.variables, *term.variables))
        merged[key] = term
    return list(merged.values())


def _named(terms: list[LossTerm]) -> list[LossTerm]:
    """Names each term after what it computes, and numbers equal names from 2 on."""
    counts: collections.Counter[str] = collections.Counter()
    named = []
    for term in terms:
        plain = term.kind in (TermKind.OPAQUE, TermKind.CONSTANT) or not term.op.isidentifier()
        name = term.kind.value if plain else term.op
        counts[name] += 1
        number = "" if counts[name] == 1 else f"_{counts[name]}"
        named.append(dataclasses.replace(term, name=name + number))
    return named
