"""`--version` of each command."""

import re
import subprocess
import sys
from importlib import metadata

import pytest

from estimator_compat.command_line import version
from tests.recording.pythons import ROOT


def test_text(monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"TensorFlow {metadata.version('tensorflow')}, Python 3." in version.text()

    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert version.text().startswith("estimator-compat (not installed with pip), TensorFlow (not")


@pytest.mark.subprocess
@pytest.mark.parametrize("module", ["estimator_compat", "estimator_compat.train", "migrate"])
def test_commands(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, "--version"], capture_output=True, text=True, cwd=ROOT
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"estimator-compat .*, TensorFlow .*, Python 3\.\S+\n", done.stdout)
