"""Losses that are refused: what no sum or mean of losses is, and gradients within the loss."""

import ast
from collections.abc import Sequence

from estimator_compat.ledger.values import Kind, LossTerm
from migrate.translating.expressions import calls_of
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.source_files import path_of
from migrate.translating.source_reader.statements import loads, needed_for

_GRADIENTS = ("gradients", "gradients_v2", "hessians", "HessiansV2")


def check(flat: Flattened, loss: ast.expr, terms: Sequence[LossTerm], mode: str) -> None:
    """Checks that a loss has a form that is translated.

    Args:
      flat: The flattened model_fn.
      loss: The loss that a mode returns.
      terms: The ledger's terms.
      mode: The mode.

    Raises:
      Refusal: It has not.
    """
    default = flat.files[0].path
    for one in terms:
        if one.kind is Kind.OPAQUE:
            raise Refusal(
                f"a part of the loss is not a sum or mean of losses: {one.stopped_by}; return "
                "a loss without it, and add it in the file that is written",
                path=path_of(loss, default) if one.line is None else one.line.file,
                line=getattr(loss, "lineno", 0) if one.line is None else one.line.number,
            )
    behind = needed_for(flat.statements, loads(loss), mode)[0]
    for root in [*(one.node for one in behind), loss]:
        for node in ast.walk(root):
            if any(one.callee.name in _GRADIENTS for one in calls_of(node, flat.facts)):
                raise Refusal(
                    "gradients within the loss need a tape of their own; leave this part out, "
                    "and add it in the file that is written",
                    path=path_of(node, default),
                    line=getattr(node, "lineno", 0),
                )
