"""The ledger's values: formulas, reductions, JSON."""

import json
from typing import Any

import pytest

from estimator_compat.ledger.steps import Line, LossStep, Operation, Role
from estimator_compat.ledger.values import Check, Kind, LossLedger, LossTerm

WEIGHTS = LossStep(operation=Operation.MULTIPLY, operand="w", tensor="w:0", scalar=False)
SUM, MEAN = LossStep(operation=Operation.SUM), LossStep(operation=Operation.MEAN)
SIZE = LossStep(operation=Operation.DIVIDE_NO_NAN, operand="size", tensor="size:0", role=Role.SIZE)


def by(text: str, role: Role, operation: Operation = Operation.DIVIDE_NO_NAN) -> LossStep:
    return LossStep(operation=operation, operand=text, tensor=f"{text}:0", role=role)


def times(number: float) -> LossStep:
    return LossStep(operation=Operation.MULTIPLY, operand=f"{number:g}", value=number)


def term(*steps: LossStep, **changes: Any) -> LossTerm:
    fields: dict[str, Any] = {
        "name": "loss",
        "kind": Kind.DATA,
        "op": "l",
        "tensors": ("l:0",),
        "shape": (None,),
        "axes": ("batch",),
        "batch_axis": 0,
        "steps": steps,
    }
    return LossTerm(**{**fields, **changes})


SQUARE: dict[str, Any] = {"shape": (None, 5), "axes": ("batch", "5")}
DATA = [
    ((SUM,), "sum(l[batch])", "SUM"),
    ((MEAN,), "mean(l[batch])", "SUM_OVER_BATCH_SIZE"),
    ((SUM, SIZE), "mean(l[batch])", "SUM_OVER_BATCH_SIZE"),
    ((WEIGHTS, SUM, SIZE), "mean(w * l[batch])", "SUM_OVER_BATCH_SIZE"),
    ((WEIGHTS, SUM, by("sum(w)", Role.SUM_OF_WEIGHTS)), "sum(w * l[batch]) / sum(w)", "MEAN"),
    (  # NaN, not 0, if all weights are 0
        (WEIGHTS, SUM, by("sum(w)", Role.SUM_OF_WEIGHTS, Operation.DIVIDE)),
        "sum(w * l[batch]) / sum(w)",
        None,
    ),
    (
        (WEIGHTS, SUM, by("count(w != 0)", Role.COUNT_NONZERO)),
        "sum(w * l[batch]) / count(w != 0)",
        "SUM_BY_NONZERO_WEIGHTS",
    ),
    ((SUM, by("a + b", Role.OTHER)), "sum(l[batch]) / (a + b)", None),
    ((SUM, by("n", Role.BATCH)), "sum(l[batch]) / n", "SUM_OVER_BATCH_SIZE"),
    ((SUM, by("n", Role.OTHER), by("m", Role.OTHER)), "sum(l[batch]) / n / m", None),
    ((), "l[batch]", "NONE"),
    ((LossStep(operation=Operation.NEGATE), MEAN), "mean(-l[batch])", "SUM_OVER_BATCH_SIZE"),
    (
        (MEAN, LossStep(operation=Operation.NEGATE), times(2)),
        "-2 * mean(l[batch])",
        "SUM_OVER_BATCH_SIZE",
    ),
    (
        (MEAN, LossStep(operation=Operation.NEGATE), LossStep(operation=Operation.NEGATE)),
        "mean(l[batch])",
        "SUM_OVER_BATCH_SIZE",
    ),
    ((MEAN, times(1)), "mean(l[batch])", "SUM_OVER_BATCH_SIZE"),
    ((LossStep(operation=Operation.HALF_SQUARE), SUM), "sum(l[batch]**2 / 2)", "SUM"),
    (
        (WEIGHTS, LossStep(operation=Operation.HALF_SQUARE), SUM),
        "sum((w * l[batch])**2 / 2)",
        "SUM",
    ),
    (
        (MEAN, LossStep(operation=Operation.STOP_GRADIENT)),
        "stop_gradient(mean(l[batch]))",
        "SUM_OVER_BATCH_SIZE",
    ),
]


@pytest.mark.parametrize(("steps", "formula", "row"), DATA, ids=[f"{d[1]}-{d[2]}" for d in DATA])
def test_formulas_and_reductions(steps: Any, formula: str, row: str | None) -> None:
    assert (term(*steps).formula, term(*steps).reduction) == (formula, row)


def test_the_batch_size_is_no_count_of_elements_with_more_axes_or_chosen_ones() -> None:
    steps = (SUM, by("n", Role.BATCH))
    assert term(*steps, **SQUARE).reduction is None
    assert term(*steps, axes=("selected",)).reduction is None


def test_axes_are_written_where_not_all_are_reduced() -> None:
    steps = (LossStep(operation=Operation.SUM, axes=(0,)), MEAN)
    assert term(*steps, **SQUARE).formula == "mean(sum(l[batch, 5], axis=0))"
    assert term(*steps, **SQUARE).reduction is None


def test_a_sum_is_kept_together() -> None:
    assert term(MEAN, op="a + b").formula == "mean((a + b)[batch])"
    number = term(times(2), kind=Kind.CONSTANT, op="a + b", axes=())
    assert number.formula == "2 * (a + b)"


@pytest.mark.parametrize(
    ("op", "variables", "formula"),
    [
        ("l2", ("a",), "0.1 * l2(a)"),
        ("l2", ("a", "b"), "0.1 * (l2(a) + l2(b))"),
        ("l2", tuple("abcde"), "0.1 * (l2(a) + ... 3 more ... + l2(e))"),
        ("", ("a",), "0.1 * a"),
        ("l2(a - b)", ("a", "b"), "0.1 * l2(a - b)"),
    ],
)
def test_regularization(op: str, variables: tuple[str, ...], formula: str) -> None:
    penalty = term(times(0.1), kind=Kind.REGULARIZATION, op=op, variables=variables, axes=())
    assert (penalty.formula, penalty.reduction) == (formula, None)


def test_a_loss_is_the_sum_of_its_terms() -> None:
    terms = (
        term(MEAN),
        term(LossStep(operation=Operation.NEGATE), kind=Kind.CONSTANT, op="3", axes=()),
    )
    assert LossLedger(loss="l", dtype="float32", terms=terms).formula == "mean(l[batch]) - 3"
    assert LossLedger(loss="l", dtype="float32", terms=()).formula == "0"


def test_json_has_a_nan_as_text() -> None:
    check = Check(batches=1, worst=float("inf"), exact=False, passed=False, loss=float("nan"))
    ledger = LossLedger(loss="l", dtype="float32", terms=(), check=check)
    written = json.dumps(ledger.to_json()["check"])
    assert '"worst": "inf"' in written
    assert '"loss": "nan"' in written


def test_json_has_everything() -> None:
    line = Line(file="model.py", number=3, function="model_fn")
    check = Check(batches=1, worst=0.0, exact=True, passed=True, loss=1.0)
    mean = LossStep(operation=Operation.MEAN, line=line)
    ledger = LossLedger(
        loss="loss:0", dtype="float32", terms=(term(mean),), mode="train", check=check
    )
    # what json writes and reads again
    read = json.loads(json.dumps(ledger.to_json()))
    assert read["formula"] == "mean(l[batch])"
    assert read["source"] == "measured"
    assert read["check"] == {
        "batches": 1,
        "worst": 0.0,
        "exact": True,
        "passed": True,
        "loss": 1.0,
        "notes": [],
    }
    (row,) = read["terms"]
    assert row["reduction"] == "SUM_OVER_BATCH_SIZE"
    assert row["kind"] == "data"
    assert row["shape"] == [None]
    assert row["steps"][0]["line"] == {"file": "model.py", "number": 3, "function": "model_fn"}
    assert str(line) == "model.py:3 in model_fn"
    assert LossLedger.from_json(read) == ledger


def test_a_ledger_is_not_made_of_anything_else() -> None:
    with pytest.raises(ValueError, match="pass what `to_json` returned"):
        LossLedger.from_json([])  # type: ignore[arg-type]
