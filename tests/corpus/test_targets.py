"""Every model_fn of the packages that has a Target builds its TRAIN graph under the facade."""

import importlib
import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.corpus import targets

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PACKAGES = [found.name for found in pkgutil.iter_modules(targets.__path__)]


def built(package: str, installed: Callable[[str], Path]) -> dict[str, dict[str, object]]:
    """What came of the package's targets, by name."""
    module = importlib.import_module(f"tests.corpus.targets.{package}")
    path = os.pathsep.join([str(ROOT), *map(str, map(installed, module.REQUIREMENTS))])
    done = subprocess.run(
        [sys.executable, "-m", "tests.corpus.build_targets", package],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, dict[str, object]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_train_graphs(
    package: str,
    installed: Callable[[str], Path],
    record_property: Callable[[str, object], None],
) -> None:
    outcomes = built(package, installed)
    failed = {name: result["error"] for name, result in outcomes.items() if "error" in result}
    assert outcomes
    assert not failed, "\n".join(f"{name}\n{trace}" for name, trace in failed.items())
    record_property("targets", (package, len(outcomes)))
