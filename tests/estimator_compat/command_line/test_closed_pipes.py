"""A reader of the output that leaves, as `head -1` does: no traceback, and 141."""

import os
import subprocess
import sys

import pytest

from estimator_compat.command_line import closed_pipes
from tests.recording import pythons


def test_a_status_and_an_error_pass_through() -> None:
    assert closed_pipes.call(lambda: 3) == 3

    def broken() -> int:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):  # pytest reads what this process writes
        closed_pipes.call(broken)


# In the order of the arguments of Popen: whose reader leaves.
@pytest.mark.subprocess
@pytest.mark.parametrize(
    ("arguments", "python"),
    [
        (["estimator_compat", "names"], (sys.executable,)),
        (["estimator_compat", "--version"], (sys.executable,)),
        (["estimator_compat.train", "--help"], (sys.executable,)),
        (["estimator_compat.train", "--version"], (sys.executable,)),
        (["migrate", "--version"], (sys.executable,)),
        (["migrate", "ledger"], pythons.with_tensorflow),
        (["estimator_compat.train", "--max_steps=2"], pythons.with_tensorflow),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_commands_end_quietly(arguments, python, tmp_path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*(python() if callable(python) else python), "-m", *arguments],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(pythons.ROOT), "TMPDIR": str(tmp_path)},
    )
    os.close(writer)
    assert done.returncode == closed_pipes.STATUS
    for noise in ("Traceback", "Exception ignored", "BrokenPipe"):
        assert noise not in done.stderr


@pytest.mark.subprocess
def test_a_program_that_is_run(tmp_path) -> None:
    (tmp_path / "many.py").write_text("for index in range(100000):\n    print(index)\n")
    command = f"{sys.executable} -m estimator_compat run many.py | head -1"
    done = subprocess.run(
        ["bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(pythons.ROOT)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (141, "0\n", "")
