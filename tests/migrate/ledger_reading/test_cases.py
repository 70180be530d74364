"""The ledgers of the ledger's own cases, read from their source.

By default they are compared with what a person has read off the source. With `-m slow`, they are
compared with the ledgers of the graphs.
"""

from pathlib import Path

import pytest

from estimator_compat.ledger.values import Kind, LossLedger
from migrate.ledger_reading.comparison import disagreements
from tests.estimator_compat.ledger import (
    ledger_cases,
    ledger_cases_losses,
    ledger_cases_models,
    ledger_cases_reductions,
)
from tests.estimator_compat.ledger.ledger_cases import Case, Term
from tests.migrate.ledger_reading.sources import ledger_of

ROOT = Path(__file__).parents[3]
MODULES = (ledger_cases_losses, ledger_cases_models, ledger_cases_reductions)
CASES = {str(case): (str(module.__file__), case) for module in MODULES for case in module.CASES}
WANTED = 105  # of the 130 ledgers are read without a part that is not known


def read(name: str) -> LossLedger:
    return ledger_of(Path(CASES[name][0]), name, ROOT)


@pytest.fixture(scope="module")
def ledgers() -> dict[str, LossLedger]:
    return {name: read(name) for name in CASES}


def test_most_are_read_whole(ledgers: dict[str, LossLedger]) -> None:
    assert sum(not ledger.stopped_by for ledger in ledgers.values()) >= WANTED


@pytest.mark.parametrize("name", CASES)
def test_a_read_term_is_what_a_person_reads(name: str, ledgers: dict[str, LossLedger]) -> None:
    case: Case = CASES[name][1]
    left = [term for term in case.terms if term.formula != "0"]
    for term in ledgers[name].terms:
        if term.kind in (Kind.OPAQUE, Kind.REGULARIZATION):
            continue  # how many measured terms it stands for is not known
        found = [
            each
            for each in left
            if each.kind == term.kind.value
            and bool(each.weights) is bool(term.weightings)
            and term.suggested_reduction in (None, each.row)
        ]
        assert found, (term.formula, left)
        left.remove(found[0])
    if not ledgers[name].stopped_by:
        assert all(each.kind == "regularization" for each in left), left
        assert bool(left) is _has(ledgers[name], Kind.REGULARIZATION)


def _has(ledger: LossLedger, kind: Kind) -> bool:
    return any(term.kind is kind for term in ledger.terms)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_nothing_disagrees_with_the_graph(name: str, ledgers: dict[str, LossLedger]) -> None:
    case: Case = CASES[name][1]
    assert disagreements(ledgers[name], ledger_cases.ledger_of(case)) == ()


def test_a_wrong_ledger_would_be_found(ledgers: dict[str, LossLedger]) -> None:
    read_ledger = ledgers["reduce_sum"]
    case = CASES["reduce_mean"][1]
    assert case.terms == (
        Term(formula="mean(squared_difference[batch])", row="SUM_OVER_BATCH_SIZE"),
    )
    assert read_ledger.terms[0].suggested_reduction != case.terms[0].row
