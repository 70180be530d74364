"""Records a checkpoint of the real Estimator, and how the real Estimator continues from it.

    python -m tests.interop.record

once with a Python that has TensorFlow 2.15.1, once with one (3.7) that has TensorFlow 1.15.5.
Of the folder only what a resumed run needs is kept: the checkpoints and their `checkpoint` file.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.recording import programs

HERE = Path(__file__).parent
CHECKPOINTS = HERE / "checkpoints"
RECORDINGS = HERE / "recordings"
THE_REAL_ONE = "tensorflow.compat.v1:estimator"
FIRST_STEPS, LAST_STEP = 6, 13
KEPT = ("checkpoint", "model.ckpt-*.index", "model.ckpt-*.data-*")


def run(python: Sequence[str], estimator: str, model_dir: Path, max_steps: int) -> dict[str, Any]:
    """Runs the program in a separate process; raises with its stderr where it fails."""
    arguments = ["--estimator", estimator, "--model_dir", str(model_dir)]
    arguments += ["--max_steps", str(max_steps)]
    what = f"{' '.join(python)} with {' '.join(arguments)}"
    foreign = python[0] != sys.executable
    return programs.run(what, python, "tests.interop.runner", *arguments, foreign=foreign)


def copy_kept(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for pattern in KEPT:
        for path in source.glob(pattern):
            shutil.copy(str(path), str(target))


def record() -> str:
    """Records with the interpreter at hand, and returns TensorFlow's version."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "first", Path(folder) / "second"
        version = run([sys.executable], THE_REAL_ONE, first, FIRST_STEPS)["platform"]
        kept = CHECKPOINTS / version
        shutil.rmtree(str(kept), ignore_errors=True)
        copy_kept(first, kept)
        copy_kept(kept, second)
        continued = run([sys.executable], THE_REAL_ONE, second, LAST_STEP)
    lines = [json.dumps({key: value})[1:-1] for key, value in sorted(continued.items())]
    RECORDINGS.mkdir(exist_ok=True)
    (RECORDINGS / f"{version}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    return version


if __name__ == "__main__":
    print(record())
