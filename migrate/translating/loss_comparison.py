"""The losses of two modes: whether they are the same, and the functions that they share."""

import ast
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.ir import Loss
from migrate.translating.source_reader.statements import Statement, loads, needed_for


def is_same(statements: Sequence[Statement], train: ast.expr, evaluation: ast.expr) -> bool:
    """Tells whether TRAIN and EVAL compute their losses by the same statements."""
    needed = [
        [one.node for one in needed_for(statements, loads(loss), mode)[0]]
        for loss, mode in ((train, ModeKeys.TRAIN), (evaluation, ModeKeys.EVAL))
    ]
    first = [ast.dump(one) for one in [*needed[0], train]]
    return first == [ast.dump(one) for one in [*needed[1], evaluation]]


def with_functions_of(evaluation: Loss, train: Loss) -> Loss:
    """Returns the loss of EVAL, which calls those functions of TRAIN's that are the same.

    The same source may have another name in each mode, such as that of a reduction: those are two.
    """
    known = [
        (function, words)
        for one in train.terms
        for function, words in (
            (one.per_example, one.per_example_words), (one.reduce, one.reduce_words),
        )
        if function is not None
    ]  # fmt: skip
    names: dict[str, str] = {}
    terms = []
    for term in evaluation.terms:
        changed: dict[str, Any] = {}
        for field in ("per_example", "reduce"):
            function = getattr(term, field)
            for one, words in known:
                same_words = words == getattr(term, f"{field}_words")
                renamed = function and dataclasses.replace(function, name=one.name)
                if renamed == one and same_words:
                    names[function.name] = one.name
                    changed[field] = one
        terms.append(dataclasses.replace(term, **changed))
    rename = Renamed(names)
    return dataclasses.replace(
        evaluation,
        terms=tuple(terms),
        body=tuple(rename.text(one) for one in evaluation.body),
        loss=rename.text(evaluation.loss),
    )


class Renamed(ast.NodeTransformer):
    """Gives other names to those in source.

    Args:
      names: The new names by the old ones.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def text(self, source: str) -> str:
        """Returns the source with the new names."""
        return ast.unparse(self.visit(ast.parse(source)))

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Renames a name."""
        node.id = self.names.get(node.id, node.id)
        return node
