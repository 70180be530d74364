"""Steps between the losses and their number: which of them reduce, and which divide."""

import pytest

from estimator_compat.ledger.steps import Line, LossStep, Operation


@pytest.mark.parametrize("operation", Operation)
def test_sums_and_means_reduce(operation: Operation) -> None:
    reduces = operation in (Operation.SUM, Operation.MEAN)
    assert LossStep(operation=operation).reduces is reduces
    assert LossStep(operation=operation, axes=(1,)).reduces is reduces
    assert LossStep(operation=operation, axes=()).reduces is False  # of a scalar


@pytest.mark.parametrize("operation", Operation)
def test_both_divisions_divide(operation: Operation) -> None:
    assert LossStep(operation=operation).divides is operation.value.startswith("divide")


def test_a_line_as_text() -> None:
    assert str(Line(file="model.py", number=3, function="model_fn")) == "model.py:3 in model_fn"
