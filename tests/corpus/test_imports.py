"""All modules of the packages that use the Estimator can be imported, and find their names."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "bert-tensorflow==1.0.1",
    "bert-tensorflow==1.0.4",
    "albert-tensorflow==1.1",
    "bert-base==0.0.9",
    "OpenNMT-tf==1.25.3",
    "tensorflow-gan==2.1.0",
    "tf-models-official==2.1.0.dev2",
    "tensorflow-privacy==0.5.2",
    "tensorflow-model-analysis==0.15.4",
    "deepctr==0.9.3",
    "tensor2tensor==1.15.7",
)

# For each package and each of its modules: why its import failed, and the names it lacks.
Swept = dict[str, dict[str, tuple[str, list[str]]]]


@pytest.fixture(scope="module")
def swept(installed: Callable[[str], Path]) -> Swept:
    sites = {str(installed(package)): package for package in PACKAGES}
    done = subprocess.run(
        [sys.executable, "-m", "tests.corpus.import_sweep", *sites],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return {sites[site]: modules for site, modules in json.loads(done.stdout).items()}


def test_the_modules_can_be_imported(
    swept: Swept, record_property: Callable[[str, object], None]
) -> None:
    """Without the facade: 68 % on TensorFlow 1.15.5, 42 % on 2.15.1, 5 % on 2.21."""
    for package, modules in swept.items():
        here = sum(not error for error, _ in modules.values())
        complete = sum(not missing for _, missing in modules.values())
        record_property("corpus imports", (package, len(modules), here, complete))
    every = [module for modules in swept.values() for module in modules.values()]
    assert len(every) > 280
    failed = [error for error, _ in every if error]
    assert len(failed) <= 0.15 * len(every), failed


def test_their_names_are_there(swept: Swept) -> None:
    every = [missing for modules in swept.values() for _, missing in modules.values()]
    incomplete = [missing for missing in every if missing]
    assert len(incomplete) <= 0.12 * len(every), incomplete
