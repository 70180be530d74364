"""What starts without TensorFlow: the imports, and the command lines' help."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.subprocess

REPORT = """
import json, sys
try:
    {program}
except SystemExit as exit:
    assert not exit.code, exit.code
print()
print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""
HEAVY = {"tensorflow", "tf_keras", "keras", "numpy", "libcst"}
PROGRAMS = {
    "import estimator_compat": "import estimator_compat",
    "dir(estimator_compat)": "import estimator_compat; dir(estimator_compat)",
    "import migrate": "import migrate",
    "migrate": "import migrate.cli; migrate.cli.main([])",
    "migrate --help": "import migrate.cli; migrate.cli.main(['--help'])",
    "dir(migrate)": "import migrate; dir(migrate)",
    "migrate verify --help": "import migrate.cli; migrate.cli.main(['verify', '--help'])",
    "python -m migrate --help": (
        "import runpy; sys.argv = ['migrate', '--help']; "
        "runpy.run_module('migrate', run_name='__main__')"
    ),
}


def loaded(program: str) -> set[str]:
    """The top-level packages that a process has imported after a program."""
    result = subprocess.run(
        [sys.executable, "-c", REPORT.format(program=program)],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stdout.splitlines()[-1]))


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_tensorflow_stays_out(program: str) -> None:
    assert loaded(program) & HEAVY == set()


def test_it_could_come_in() -> None:
    assert "tensorflow" in loaded("import estimator_compat; estimator_compat.Estimator")
