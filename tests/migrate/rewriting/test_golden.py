"""A golden program that was rewritten does what the real Estimator did, bit for bit."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from migrate.rewriting import tree
from tests.golden import compare, record
from tests.golden.test_golden import LAST_RELEASE, SAME_KERNELS

pytestmark = pytest.mark.subprocess

ROOT = Path(__file__).parents[3]
PROGRAMS = record.program_names()
V1 = "import tensorflow.compat.v1 as tf\n"
DISABLED = "\ntf.disable_v2_behavior()\n"


def source_of(program: str) -> str:
    return (ROOT / f"tests/golden/programs/{program}.py").read_text()


def as_for_tensorflow_1(source: str) -> str:
    """The program as TensorFlow 1 ran it: nothing asks for its behavior."""
    assert V1 in source
    assert source.count(DISABLED) == 1
    return source.replace(V1, "import tensorflow as tf\n").replace(DISABLED, "")


# Programs with the behavior of TensorFlow 2 were not written for TensorFlow 1.
FOR_TENSORFLOW_1 = [each for each in PROGRAMS if DISABLED in source_of(each)]


def check(program: str, source: str, tmp_path: Path) -> None:
    path = tmp_path / f"{program}.py"
    path.write_text(source)
    (change,) = tree.rewrite([str(path)]).changes
    path.write_bytes(change.after)
    out = tmp_path / "run.json"
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("TF_USE_LEGACY_KERAS", None)
    command = [sys.executable, "-m", "tests.migrate.rewriting.golden_runner", str(path)]
    done = subprocess.run(
        [*command, f"--out={out}"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    run = json.loads(out.read_text())
    for recording in (SAME_KERNELS, LAST_RELEASE):
        assert compare.differences(run, record.recorded(program)[recording]) == []


def test_a_program_of_tensorflow_1(tmp_path: Path) -> None:
    check("default_reduction", as_for_tensorflow_1(source_of("default_reduction")), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS)
def test_program(program: str, tmp_path: Path) -> None:
    check(program, source_of(program), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("program", FOR_TENSORFLOW_1)
def test_program_of_tensorflow_1(program: str, tmp_path: Path) -> None:
    check(program, as_for_tensorflow_1(source_of(program)), tmp_path)
