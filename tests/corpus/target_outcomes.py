"""Runs a module on the targets of a package in a separate process; returns the outcomes."""

import functools
import importlib
import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.corpus import targets
from tests.corpus.conftest import installation

ROOT = Path(__file__).parents[2]
PACKAGES = [found.name for found in pkgutil.iter_modules(targets.__path__)]


@functools.cache
def outcomes(package: str, asked: str = "build_targets") -> dict[str, dict[str, Any]]:
    """Runs the module `asked` on the targets of a package; returns their outcomes by name."""
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
    # A package may print, too, even later: deepctr looks for a newer version of itself on a thread.
    printed = next(line for line in done.stdout.splitlines() if line.startswith("{"))
    found: dict[str, dict[str, Any]] = json.loads(printed)
    return found
