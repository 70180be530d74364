"""The variables that a loss reads, by their legacy names."""

import ast
from collections.abc import Mapping, Sequence

from estimator_compat.ledger.values import LossTerm
from migrate.translating.expressions import parse
from migrate.translating.facts import TensorFact
from migrate.translating.loss_source import LossSource


def put(
    source: LossSource,
    terms: Sequence[LossTerm],
    weight_names: Mapping[str, str],
    variables: str,
) -> None:
    """Puts `variables["dense/kernel"]` in the place of what the source calls variables.

    Args:
      source: The statements behind the loss, which are changed.
      terms: The ledger's terms.
      weight_names: The legacy names of variables by their expressions in the model.
      variables: The name of the variables by their legacy names.
    """
    for root in source.roots():
        for node in ast.walk(root):
            made = _variable(node, source, terms, weight_names, variables)
            if made is not None:
                source.replace(node, made)


def _variable(
    node: ast.AST,
    source: LossSource,
    terms: Sequence[LossTerm],
    weight_names: Mapping[str, str],
    variables: str,
) -> ast.expr | None:
    if isinstance(node, ast.Attribute):
        text = ast.unparse(node)
        name = weight_names.get(text.removeprefix("self.")) if "self." in text else None
        return None if name is None else parse(f"{variables}[{name!r}]")
    if not isinstance(node, ast.Call | ast.Subscript | ast.ListComp):
        return None
    value = source.value(node)
    known = {name for term in terms for name in term.variables}
    known |= {*weight_names.values(), "global_step"}
    if isinstance(value, TensorFact) and ":" not in value.name and value.name in known:
        return parse(f"{variables}[{value.name!r}]")
    if (
        isinstance(value, list | tuple)
        and value
        and all(isinstance(v, TensorFact) and v.name in known for v in value)
    ):
        listed = ", ".join(f"{variables}[{v.name!r}]" for v in value)
        return parse(f"[{listed}]")
    return None
