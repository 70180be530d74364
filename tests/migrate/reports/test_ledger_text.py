"""The text of ledgers, compared whole; tests/migrate/commands/test_ledger.py has real ones."""

import dataclasses
from pathlib import Path

import pytest

from estimator_compat.ledger.steps import Line, LossStep, Operation, Role
from estimator_compat.ledger.values import Check, Claim, Kind, LossLedger, LossTerm, Status
from migrate.reports import ledger_text

CHECK = Check(batches=1, worst=0.0, exact=True, passed=True, loss=0.5)
SUM = LossStep(
    operation=Operation.SUM, line=Line(file="/elsewhere/model.py", number=7, function="loss")
)


def data(*steps: LossStep) -> LossTerm:
    return LossTerm(
        name="xent",
        kind=Kind.DATA,
        op="l",
        tensors=("l:0",),
        shape=(None,),
        axes=("batch",),
        batch_axis=0,
        steps=steps,
    )


def ledger(*terms: LossTerm, mode: str = "train", check: Check | None = CHECK) -> LossLedger:
    return LossLedger(loss="loss:0", dtype="float32", terms=terms, mode=mode, check=check)


def head(check: Check) -> str:
    """The text's lines on the check."""
    text = ledger_text.render([ledger(check=check)])
    return text.partition("\n\n")[0].partition("\n")[2]


def test_a_sum_with_a_divisor_beside_a_penalty(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    divisor = LossStep(operation=Operation.DIVIDE, operand="n + 1", tensor="n:0", role=Role.OTHER)
    half = LossStep(operation=Operation.MULTIPLY, operand="0.5", value=0.5)
    penalty = LossTerm(
        name="l2",
        kind=Kind.REGULARIZATION,
        op="l2",
        tensors=("r:0",),
        shape=(),
        variables=("kernel",),
        steps=(half,),
        line=Line(file=str(tmp_path / "model.py"), number=9, function="model_fn"),
    )
    lines = ledger_text.render([ledger(data(SUM, divisor), penalty)]).splitlines()
    assert lines[:7] == [
        "TRAIN  loss = sum(l[batch]) / (n + 1) + 0.5 * l2(kernel)",
        "  recomputed from its terms: the same bits, on 1 batch (the first loss is 0.5)",
        "",
        "  1. xent, data: sum(l[batch]) / (n + 1)",
        "     losses     l of shape [batch]",
        "     weights    none",
        "     reduction  none of tf.losses': divided by n + 1 (/elsewhere/model.py:7 in loss)",
    ]
    assert lines[-3:] == [
        "  2. l2, regularization: 0.5 * l2(kernel)",
        "     written    model.py:9 in model_fn",
        "     multiplier 0.5",
    ]


def test_a_check() -> None:
    exact = "  recomputed from its terms: the same bits, on 1 batch (the first loss is 0.5)"
    assert head(CHECK) == exact
    close = Check(
        batches=3, worst=1.25, exact=False, passed=True, loss=2.0, notes=("a NaN", "no batch")
    )
    assert head(close) == (
        "  recomputed from its terms: within 1.2 units in the last place, on 3 batches (the first "
        "loss is 2);\n    a NaN; no batch"
    )
    failed = Check(batches=1, worst=1e6, exact=False, passed=False, loss=2.0)
    assert head(failed).startswith(
        "  CHECK FAILED: recomputed from its terms, the loss differs by 1e+06 units in the last "
        "place. This\n    ledger is wrong; please report it. Checked on 1 batch (the first loss is "
        "2)"
    )


def test_cautions_have_their_lines() -> None:
    text = ledger_text.render([ledger(data(SUM)), ledger(data(), mode="eval", check=None)])
    assert "\n\nEVAL  loss = l[batch]\n\n  1. xent, data: l[batch]\n" in text
    assert "\n\n  ! vector-loss: The loss is a vector, l[batch]: the Estimator refuses" in text
    assert text.split("\n\n")[-1] == (
        "! train-eval: `loss` is not the same in TRAIN and EVAL. TRAIN has sum(l[batch]), EVAL has "
        "l[batch]\n  instead. The two curves cannot be compared; use one reduction in both, "
        "or compare `average_loss`.\n  /elsewhere/model.py:7 in loss\n"
    )


def test_an_equal_ledger_is_not_printed_twice() -> None:
    text = ledger_text.render([ledger(data(SUM)), ledger(data(SUM), mode="eval")])
    assert text.endswith(
        "\n\nEVAL  loss = the same formula as in TRAIN\n"
        "  recomputed from its terms: the same bits, on 1 batch (the first loss is 0.5)\n"
    )


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (Status.SHOWN, "EVAL computes the same loss."),
        (Status.NOT_KNOWN, "Not known whether it is the same number: TRAIN draws."),
    ],
)
def test_what_is_known_of_evaluations_loss(status: Status, line: str) -> None:
    text, reason = "EVAL computes the same loss.", "TRAIN draws" if status != "shown" else ""
    claim = Claim(text=text, status=status, probe="modes", reason=reason)
    evaluation = dataclasses.replace(ledger(data(SUM), mode="eval"), claims=(claim,))
    assert ledger_text.render([ledger(data(SUM)), evaluation]).endswith(f"\n  {line}\n")


def test_formulas_stay_whole() -> None:
    name = "sum_of_" + "x" * 110
    term = LossTerm(name="t", kind=Kind.CONSTANT, op=name, tensors=("t:0",), shape=())
    lines = ledger_text.render([ledger(term, check=None)]).splitlines()
    assert lines[:2] == ["TRAIN  loss =", f"    {name}"]


def test_hints_are_given_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    penalty = LossTerm(
        name="l2",
        kind=Kind.REGULARIZATION,
        op="l2",
        tensors=("r:0",),
        shape=(),
        variables=("kernel",),
        line=Line(file=str(tmp_path / "model.py"), number=9, function="model_fn"),
    )
    assert ledger_text.render_hints([ledger(penalty), ledger(penalty, mode="eval")]) == (
        "\nhint l2-half: In l2(kernel), l2 is sum(x**2) / 2, as tf.nn.l2_loss is. The L2 of Keras "
        "is sum(x**2),\n  without the half: the same penalty is L2(0.5) there.\n"
        "  model.py:9 in model_fn\n"
    )
    assert ledger_text.render_hints([ledger(data(SUM))]) == ""
