"""The code that a loss comes from."""

from pathlib import Path

import pytest

from estimator_compat.ledger.steps import LossStep, Operation
from estimator_compat.ledger.values import LossLedger
from migrate.reporting.loss_code import LossCode
from migrate.reporting.sources import Sources
from migrate.reports.loss_values import Role
from tests.migrate.reporting.ledgers import line, term


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.py").write_text("".join(f"a{n}\n" for n in range(1, 21)))
    Path("helper.py").write_text("".join(f"b{n}\n" for n in range(1, 21)))


def test_lines_of_the_function_and_of_its_helpers() -> None:
    steps = (
        LossStep(operation=Operation.MULTIPLY, operand="w", scalar=False, line=line(2)),
        LossStep(operation=Operation.SUM, line=line(12)),
        LossStep(operation=Operation.DIVIDE, operand="n", line=line(99)),
    )
    ledger = LossLedger(loss="l", dtype="float32", terms=(term(*steps, line=line(9, "helper.py")),))
    code = LossCode("fn", "model.py", Sources(), [ledger])
    own, above, helper = code.blocks(10, 14)
    assert [each.number for each in own.lines] == [10, 11, 12, 13, 14]
    assert [each.number for each in above.lines] == [1, 2, 3, 4, 5]
    assert (helper.path, [each.number for each in helper.lines]) == ("helper.py", [*range(6, 13)])
    marked = {
        each.anchor: (each.text, each.roles)
        for block in (own, above, helper)
        for each in block.lines
        if each.anchor
    }
    assert marked == {
        "fn-0-12": ("a12", (Role.REDUCTION,)),
        "fn-0-2": ("a2", (Role.WEIGHTS,)),
        "fn-1-9": ("b9", (Role.LOSSES,)),
    }
    # Line 99 is not in the file: nothing may lead to it.
    assert sorted(code.anchors.values()) == sorted(marked)


def test_files_that_are_gone() -> None:
    ledger = LossLedger(loss="l", dtype="float32", terms=(term(line=line(1, "gone.py")),))
    code = LossCode("fn", "gone.py", Sources(), [ledger])
    assert code.blocks(1, 5) == ()
    assert code.anchors == {}
