"""The verdicts of `migrate.verify` on every model_fn of the packages that has a Target."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.corpus.target_outcomes import PACKAGES, outcomes

pytestmark = pytest.mark.slow

WANTED = 0.9  # of the model_fns are identical or equivalent
# Stages in which a model_fn of the packages may have nothing to compare: some know one mode beside
# TRAIN only.
MAY_BE_LEFT_OUT = {"gradients", "evaluation", "predictions"}
# The model_fns that are not the same, by the end of their names, and the reasons.
KNOWN = {"MtfModel.estimator_model_fn": "a hook fills its variables; `host` refuses it"}


def is_same(one: dict[str, Any]) -> bool:
    compared = set(one.get("not_compared", ())) <= MAY_BE_LEFT_OUT
    return one.get("outcome") in ("identical", "equivalent") and compared


def reason(name: str) -> str:
    """The reason why a model_fn is known not to be the same; empty if it must be the same."""
    return KNOWN.get(name.rpartition(":")[2], "")


@pytest.mark.parametrize("package", PACKAGES)
def test_hosting_is_the_same(package: str, record_property: Callable[[str, object], None]) -> None:
    found = outcomes(package, "verify_targets")
    assert found
    for name, one in found.items():
        notes = {stage: "; ".join(said) for stage, said in one.get("not_compared", {}).items()}
        notes |= {"because": reason(name)} if reason(name) else {}
        record_property("verdict", (name, one.get("outcome", "refused"), notes))
    wrong = {name: one for name, one in found.items() if is_same(one) == bool(reason(name))}
    assert not wrong, "\n".join(f"{name}\n{one}" for name, one in wrong.items())


def test_most_are_the_same() -> None:
    every = [one for package in PACKAGES for one in outcomes(package, "verify_targets").values()]
    assert sum(map(is_same, every)) >= WANTED * len(every)
