"""Every model_fn of the packages that has a Target builds under the facade, and has a ledger."""

import functools
import importlib
import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.corpus import targets
from tests.corpus.conftest import installation

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PACKAGES = [found.name for found in pkgutil.iter_modules(targets.__path__)]
# Its variables are filled by a hook of its own; without that, there is nothing to check it on.
UNCHECKED = {"tensor2tensor/utils/mtf_model.py:MtfModel.estimator_model_fn"}
WANTED = 0.9  # of the ledgers are exact


@functools.cache
def outcomes(package: str, asked: str = "build_targets") -> dict[str, dict[str, Any]]:
    """What came of the package's targets, by name, when the module `asked` went through them."""
    module = importlib.import_module(f"tests.corpus.targets.{package}")
    path = os.pathsep.join([str(ROOT), *map(str, map(installation, module.REQUIREMENTS))])
    done = subprocess.run(
        [sys.executable, "-m", f"tests.corpus.{asked}", package],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    # A package may print, too, and later: one looks for a newer version of itself on a thread.
    printed = next(line for line in done.stdout.splitlines() if line.startswith("{"))
    found: dict[str, dict[str, Any]] = json.loads(printed)
    return found


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


def test_most_ledgers_are_exact() -> None:
    every = [result for package in PACKAGES for result in outcomes(package).values()]
    assert sum(map(is_exact, every)) >= WANTED * len(every)
