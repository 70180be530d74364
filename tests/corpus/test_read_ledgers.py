"""The ledgers of the packages' model_fns, read from source, beside the measured ones."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from estimator_compat.ledger.values import LossLedger
from migrate.findings import ModelFn
from migrate.ledger_reading.comparison import disagreements
from migrate.scanning import scan
from tests.corpus.target_outcomes import PACKAGES as TARGETS
from tests.corpus.target_outcomes import outcomes
from tests.corpus.test_imports import PACKAGES

pytestmark = pytest.mark.slow

WANTED = 0.85  # of the model_fns with a loss have one whose losses and reduction are read


@pytest.fixture(scope="module")
def model_fns(installed: Callable[[str], Path]) -> dict[str, list[ModelFn]]:
    sites = {package: str(installed(package)) for package in PACKAGES}
    return {package: list(scan.scan([site]).model_fns) for package, site in sites.items()}


def kind(found: ModelFn) -> str:
    """Says how much of a model_fn's losses was read."""
    ledgers = [each for each in (found.train, found.eval) if each is not None]
    if not ledgers:
        return "no loss"
    if not all(each.data_terms for each in ledgers):
        return "not read"
    return "in part" if any(each.stopped_by for each in ledgers) else "whole"


def test_most_ledgers_are_read(model_fns: dict[str, list[ModelFn]]) -> None:
    counts = Counter(kind(each) for found in model_fns.values() for each in found)
    with_loss = sum(counts.values()) - counts["no loss"]
    assert with_loss > 55
    assert counts["whole"] + counts["in part"] >= WANTED * with_loss, counts


def test_a_model_fn_without_a_ledger_says_why(model_fns: dict[str, list[ModelFn]]) -> None:
    for found in model_fns.values():
        for each in found:
            if each.train is None or each.eval is None:
                assert each.because, each


@pytest.mark.subprocess
@pytest.mark.parametrize("package", TARGETS)
def test_none_disagrees_with_the_measured_one(
    package: str, model_fns: dict[str, list[ModelFn]]
) -> None:
    read = {
        f"{each.path.partition('site-packages/')[2]}:{each.name}": each
        for found in model_fns.values()
        for each in found
    }
    wrong, compared = {}, 0
    for name, modes in outcomes(package, "read_ledgers").items():
        for mode, fields in modes.items():
            ledger = getattr(read.get(name), mode, None)
            if isinstance(fields, dict) and ledger is not None:
                compared += 1
                found = disagreements(ledger, LossLedger.from_json(fields))
                wrong.update({(name, mode): found} if found else {})
    assert not wrong
    assert compared
