"""Terms of losses, written by hand."""

from typing import Any

from estimator_compat.ledger.steps import Line, LossStep, Operation, Role
from estimator_compat.ledger.values import Kind, LossTerm

SUM = LossStep(operation=Operation.SUM)
MEAN = LossStep(operation=Operation.MEAN)
WEIGHTS = LossStep(operation=Operation.MULTIPLY, operand="features['w']", scalar=False)


def line(number: int, file: str = "model.py") -> Line:
    return Line(file=file, number=number, function="model_fn")


def divide(role: Role, operand: str = "n", value: float | None = None) -> LossStep:
    operation = Operation.DIVIDE if role is Role.CONSTANT else Operation.DIVIDE_NO_NAN
    return LossStep(operation=operation, role=role, operand=operand, value=value)


def term(*steps: LossStep, axes: tuple[str, ...] = ("batch",), **fields: Any) -> LossTerm:
    """Returns a term of per-example losses."""
    given: dict[str, Any] = {
        "name": "l",
        "kind": Kind.DATA,
        "op": "l",
        "tensors": ("l:0",),
        "shape": None,
        "axes": axes,
        "batch_axis": 0 if axes else None,
        "steps": steps,
    }
    return LossTerm(**{**given, **fields})


NONZERO = term(WEIGHTS, SUM, divide(Role.COUNT_NONZERO, "count(features['w'] != 0)"))
