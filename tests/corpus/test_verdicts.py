"""Every model_fn of the packages that has a Target, hosted: what `migrate.verify` says of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.corpus.test_targets import PACKAGES, built

pytestmark = pytest.mark.slow

# Stages that a model_fn of the packages has nothing to compare in.
MAY_BE_LEFT_OUT = {"gradients", "predictions"}


@pytest.mark.parametrize("package", PACKAGES)
def test_hosting_is_the_same(package: str, installed: Callable[[str], Path]) -> None:
    verdicts = built(package, installed, "--verdicts")
    assert verdicts
    wrong = {
        name: found
        for name, found in verdicts.items()
        if found.get("outcome") not in ("identical", "equivalent")
        or not set(found["not_compared"]) <= MAY_BE_LEFT_OUT  # type: ignore[call-overload]
    }
    assert not wrong, "\n".join(f"{name}\n{found}" for name, found in wrong.items())
