"""Imports, and the help of the commands, do not load TensorFlow."""

import json
import os
import pkgutil
import subprocess
import sys

import pytest

from migrate import reports

pytestmark = pytest.mark.subprocess

REPORT = """
import json, sys
try:
    {program}
except SystemExit as exit:
    assert not exit.code, exit.code
print()
print(json.dumps(sorted(sys.modules)))
"""
HEAVY = {"tensorflow", "tf_keras", "keras", "numpy", "libcst", "importlib.metadata", "matplotlib"}
PROGRAMS = {
    "import estimator_compat": "import estimator_compat",
    "dir(estimator_compat)": "import estimator_compat; dir(estimator_compat)",
    "import migrate": "import migrate",
    "migrate": "import migrate.cli; migrate.cli.main([])",
    "migrate --help": "import migrate.cli; migrate.cli.main(['--help'])",
    "dir(migrate)": "import migrate; dir(migrate)",
    "migrate.Target": "import migrate; migrate.Target(model_fn=print, input_fns=print)",
    "migrate.Subject": "import migrate; migrate.Subject, migrate.SubjectReference",
    "migrate.Verdict": "import migrate; migrate.Verdict, migrate.Tolerances(losses=1e-4)",
    "migrate verify --help": "import migrate.cli; migrate.cli.main(['verify', '--help'])",
    "migrate ledger --help": "import migrate.cli; migrate.cli.main(['ledger', '--help'])",
    "migrate checkpoint --help": "import migrate.cli; migrate.cli.main(['checkpoint', '--help'])",
    "migrate rules": "import migrate.cli; migrate.cli.main(['rules'])",
    "migrate scan --help": "import migrate.cli; migrate.cli.main(['scan', '--help'])",
    "migrate scan": "import migrate.cli; migrate.cli.main(['scan', 'tests/golden/programs'])",
    "migrate rewrite --help": "import migrate.cli; migrate.cli.main(['rewrite', '--help'])",
    "migrate rewrite": "import migrate.cli; migrate.cli.main(['rewrite', 'tests/golden/programs'])",
    "python -m migrate --help": (
        "import runpy; sys.argv = ['migrate', '--help']; "
        "runpy.run_module('migrate', run_name='__main__')"
    ),
}
# Values and tables, which a program may import whatever else it does.
VALUES = (
    "estimator_compat.api.coverage",
    "estimator_compat.api.legacy_symbols",
    "estimator_compat.ledger",
    "estimator_compat.ledger.cautions",
    "estimator_compat.ledger.explanations",
    "estimator_compat.losses.reductions",
    "migrate.findings",
    "estimator_compat.api.places",
    "migrate.mappings.behavior_names",
    "migrate.mappings.symbols",
    "migrate.rewriting.tree",
    "migrate.rules",
    "migrate.scanning.scan",
    "migrate.targets",
    "migrate.verifying.subject",
    "migrate.verifying.verdict",
)
PROGRAMS |= {f"import {name}": f"import {name}" for name in VALUES}
# All in one process.
REPORTS = [module.name for module in pkgutil.iter_modules(reports.__path__)]
PROGRAMS["import all reports"] = "; ".join(f"import migrate.reports.{name}" for name in REPORTS)
# 75 and 90 are there today, nearly all of them the standard library's.
MOST_MODULES = 120


def loaded(program: str) -> set[str]:
    """The modules that a process has imported after a program, in which a warning is an error."""
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", REPORT.format(program=program)],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stdout.splitlines()[-1]))


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_tensorflow_stays_out(program: str) -> None:
    assert loaded(program) & HEAVY == set()


@pytest.mark.parametrize("program", ["import migrate.cli", "import estimator_compat.ledger"])
def test_little_is_imported(program: str) -> None:
    before = loaded("pass")
    assert len(loaded(program) - before) <= MOST_MODULES


def test_values_warn_of_nothing_where_keras_3_is_loaded() -> None:
    """The imports themselves are tried with warnings as errors, after TensorFlow's own."""
    values = "; ".join(f"import {name}" for name in VALUES)
    program = (
        "import warnings; warnings.simplefilter('ignore'); "
        "import tensorflow as tf; tf.keras.layers; warnings.simplefilter('error'); "
        f"{values}; module = tf.keras.layers.Layer.__module__; "
        "assert module.startswith('keras.'), module"
    )
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("TF_USE_LEGACY_KERAS", None)
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment
    )
    assert result.returncode == 0, result.stderr[-2000:]


def test_it_could_come_in() -> None:
    program = "import warnings; warnings.simplefilter('ignore'); import estimator_compat as ec"
    assert "tensorflow" in loaded(f"{program}; ec.Estimator")
