"""Compares which variables the reference and the subject have."""

import numpy as np

from estimator_compat.type_aliases import Variable
from migrate.verifying.verdict import Comparison, Outcome


def compare(name: str, value: np.ndarray, variable: Variable) -> Comparison:
    """Compares a variable's shape and type.

    Args:
      name: The variable's name.
      value: The value of the reference's variable.
      variable: The subject's variable; None if it has none of this name.
    """
    expected = (list(value.shape), value.dtype.name)
    if variable is None:
        note = "the subject has no variable of this name"
    elif (actual := (list(variable.shape), variable.dtype.name)) != _declaration(expected):
        note = f"{_described(expected)} in the reference, {_described(actual)} in the subject"
    else:
        return Comparison(name=name, outcome=Outcome.IDENTICAL)
    return Comparison(name=name, outcome=Outcome.DIFFERENT, note=note)


def lacking(name: str) -> Comparison:
    """Says that the subject lacks state of the model that training moves."""
    note = "the reference's training moves it; the subject has no variable of this name"
    return Comparison(name=name, outcome=Outcome.DIFFERENT, note=note)


def still(name: str) -> Comparison:
    """Says that training does not move a variable in the subject."""
    note = "training moves it in the reference, and does not move it in the subject"
    return Comparison(name=name, outcome=Outcome.DIFFERENT, note=note)


def _described(shape_and_type: tuple[list[int], str]) -> str:
    return f"{shape_and_type[1]} of shape {shape_and_type[0]}"


def _declaration(shape_and_type: tuple[list[int], str]) -> tuple[list[int], str]:
    """Renames NumPy's type of strings to TensorFlow's."""
    shape, dtype = shape_and_type
    return shape, "string" if dtype == "object" else dtype
