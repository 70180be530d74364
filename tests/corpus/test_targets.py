"""Every model_fn of the packages that has a Target builds under the facade, and has a ledger."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.corpus.target_outcomes import PACKAGES, outcomes
from tests.corpus.targets import tensorflow_model_analysis, tf_models_official

pytestmark = pytest.mark.slow

# Its variables are filled by a hook of its own; without that, there is nothing to check it on.
UNCHECKED = {"tensor2tensor/utils/mtf_model.py:MtfModel.estimator_model_fn"}
WANTED = 0.9  # of the ledgers are exact


def is_exact(result: dict[str, Any]) -> bool:
    """Whether a ledger explains the whole loss, and gives its number when it is recomputed."""
    return bool(result.get("passed")) and not result["stopped_by"]


@pytest.mark.parametrize("package", PACKAGES)
def test_train_graphs_and_ledgers(
    package: str, record_property: Callable[[str, object], None]
) -> None:
    found = outcomes(package)
    assert found
    failed = {name: result["error"] for name, result in found.items() if "error" in result}
    assert not failed.keys() - UNCHECKED, failed
    assert all("built" in result for result in found.values())
    wrong = {name: r["formula"] for name, r in found.items() if not r.get("passed", True)}
    assert not wrong
    stopped = [op for result in found.values() for op in result.get("stopped_by", ())]
    exact = sum(map(is_exact, found.values()))
    record_property("ledgers", (package, len(found), exact, "; ".join(stopped)))


@pytest.mark.parametrize("package", [tensorflow_model_analysis, tf_models_official])
def test_the_reductions_of_canned_estimators(package: Any) -> None:
    found = outcomes(package.__name__.rpartition(".")[2])
    said = {name: set(found[name]["reductions"]) for name in package.REDUCTIONS}
    assert said == {name: {reduction} for name, reduction in package.REDUCTIONS.items()}


def test_most_ledgers_are_exact() -> None:
    every = [result for package in PACKAGES for result in outcomes(package).values()]
    assert sum(map(is_exact, every)) >= WANTED * len(every)
