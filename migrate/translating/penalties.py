"""The penalties on the weights: one function that adds them up."""

from collections.abc import Mapping, Sequence

import numpy as np

from estimator_compat.ledger.values import Kind, LossTerm
from migrate.mappings import losses
from migrate.translating.ir import Function


def are_simple(terms: Sequence[LossTerm]) -> bool:
    """Tells whether all penalties can be written from the ledger."""
    penalties = _without_data(terms)
    return bool(penalties) and all(_is_simple(one) for one in penalties)


def _without_data(terms: Sequence[LossTerm]) -> list[LossTerm]:
    """Returns the terms that have no data; the 0 that a sum may begin with is none of them."""
    return [
        one
        for one in terms
        if one.kind is not Kind.DATA and not (one.kind is Kind.CONSTANT and one.op == "0")
    ]


def _is_simple(term: LossTerm) -> bool:
    known = term.is_penalty and (term.op in losses.PENALTIES or not term.op) and term.trained
    return known and all(
        (
            step.operation.value in ("multiply", "divide", "negate", "cast")
            and (step.operation.value in ("negate", "cast") or step.value is not None)
        )
        or (step.operation.value == "sum" and step.axes == ())
        for step in term.steps
    )


def function(
    terms: Sequence[LossTerm], variables: str, name: str, constants: Mapping[str, str]
) -> tuple[Function, str]:
    """Returns the function that adds up the penalties, and what it computes in words.

    Args:
      terms: The terms of the loss.
      variables: The name of the variables by their legacy names.
      name: The name of the function.
      constants: The names of the program's constants, by the numbers that they are.
    """
    body: list[str] = []
    parts: list[str] = []
    words: list[str] = []
    penalties = _without_data(terms)
    for index, term in enumerate(penalties):
        template, each_name = losses.PENALTIES.get(term.op, ("{weight}", "sum"))
        factors = ""
        for step in term.steps:
            if step.operation.value == "multiply" and step.value != 1.0:
                factors += f"{_number(step.value, constants)} * "
            elif step.operation.value == "divide":
                factors = f"1.0 / {_number(step.value, constants)} * {factors}"
            elif step.operation.value == "negate":
                factors = f"-{factors}" if factors else "-1.0 * "
        if len(term.variables) == 1:
            parts.append(factors + template.format(weight=f"{variables}[{term.variables[0]!r}]"))
        else:
            listed = "names" if len(penalties) == 1 else f"{term.op or 'sum'}_names"
            listed = listed if index == 0 or listed != "names" else f"{listed}_{index}"
            body.append(f"{listed} = {tuple(term.variables)!r}")
            each = template.format(weight=f"{variables}[name]")
            parts.append(f"{factors}tf.add_n([{each} for name in {listed}])")
        words.append(f"{factors}the {each_name}" if factors else f"the {each_name}")
    made = Function(
        name=name,
        parameters=(variables,),
        body=tuple(dict.fromkeys(body)),
        returns=" + ".join(parts),
    )
    return made, "The penalty on the weights"


def _number(value: float | None, constants: Mapping[str, str]) -> str:
    text = repr(float(str(np.float32(value))))
    return constants.get(text, text)
