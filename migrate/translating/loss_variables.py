"""The variables that a loss reads, by their legacy names."""

import ast
from collections.abc import Mapping, Sequence

from estimator_compat.ledger.values import LossTerm
from migrate.translating.expressions import parse
from migrate.translating.facts import TensorFact
from migrate.translating.loss_source import LossSource
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.source_files import path_of


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
        _check_names(root, source)
        for node in ast.walk(root):
            made = _variable(node, source, terms, weight_names, variables)
            if made is not None:
                source.replace(node, made)


def _check_names(root: ast.AST, source: LossSource) -> None:
    """Refuses tests of the names of variables, which have others in TF2."""
    for node in ast.walk(root):
        parts = node.generators if isinstance(node, ast.ListComp | ast.GeneratorExp) else [node]
        for part in parts:
            if not isinstance(part, ast.For | ast.comprehension):
                continue
            value = source.value(part.iter)
            are_variables = isinstance(value, list | tuple) and any(
                isinstance(one, TensorFact) and ":" not in one.name for one in value
            )
            target = ast.unparse(part.target)
            named = {ast.unparse(one) for one in ast.walk(node) if isinstance(one, ast.Attribute)}
            if are_variables and {f"{target}.name", f"{target}.op.name"} & named:
                raise Refusal(
                    "the loss depends on the names of variables, which have other names in TF2; "
                    "expected a sum of a function of each of them; write it as tf.add_n([f(v) for "
                    "v in variables if ...])",
                    path=path_of(part.iter, source.flat.files[0].path),
                    line=part.iter.lineno,
                )


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
