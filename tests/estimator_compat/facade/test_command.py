"""`python -m estimator_compat`: its help and its errors, which load no TensorFlow."""

import subprocess
import sys

import pytest

from tests.recording.commands import ROOT
from tests.recording.commands import estimator_compat as run

pytestmark = pytest.mark.subprocess

REPORT = """
import runpy, sys
sys.argv = ["estimator_compat", *{arguments}]
try:
    runpy.run_module("estimator_compat", run_name="__main__")
finally:
    print({{"tensorflow", "keras", "numpy"}} & {{name.partition(".")[0] for name in sys.modules}})
"""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Start with: python -m estimator_compat run --help"),
        (["--help"], "Start with: python -m estimator_compat run --help"),
        (["run", "--help"], "python -m estimator_compat run train.py -- --model_dir"),
        (["names", "--help"], "python -m estimator_compat names | grep HParams"),
        (["names"], "| `tf.estimator.EvalSpec` | here |"),
    ],
    ids=str,
)
def test_help_without_tensorflow(arguments: list[str], says: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", REPORT.format(arguments=arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert says in done.stdout
    assert done.stdout.splitlines()[-1] == "set()"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run"], "`run` was given no program; expected SCRIPT or -m MODULE; see `run --help`."),
        (["run", "--", "a"], "`run` was given no program"),
        (["run", "nosuch.py"], "`nosuch.py` is not a file; expected a Python program; check the"),
        (["walk"], "invalid choice"),
    ],
    ids=str,
)
def test_wrong_arguments(arguments: list[str], says: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
