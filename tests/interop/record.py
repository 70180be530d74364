"""Records a checkpoint of the real Estimator, and how the real Estimator continues from it.

    python -m tests.interop.record

once with a Python that has TensorFlow 2.15.1, once with one (3.7) that has TensorFlow 1.15.5.
Of the folder only what a resumed run needs is kept: the checkpoints and their `checkpoint` file.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CHECKPOINTS = HERE / "checkpoints"
RECORDINGS = HERE / "recordings"
THE_REAL_ONE = "tensorflow.compat.v1:estimator"
FIRST_STEPS, LAST_STEP = 6, 13
KEPT = ("checkpoint", "model.ckpt-*.index", "model.ckpt-*.data-*")


def run(python: str, estimator: str, model_dir: Path, max_steps: int) -> dict[str, Any]:
    """Runs the program in a process of its own; raises with its stderr where it fails."""
    environment = dict(os.environ)
    if python != sys.executable:
        # TensorFlow 2.15 breaks with the first; the second leads to another Python's packages.
        for name in ("TF_USE_LEGACY_KERAS", "PYTHONPATH"):
            environment.pop(name, None)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run.json"
        command = [python, "-m", "tests.interop.runner", "--estimator", estimator]
        command += ["--model_dir", str(model_dir), "--max_steps", str(max_steps)]
        result = subprocess.run(
            [*command, "--out", str(out)],
            cwd=str(ROOT),
            env=environment,
            capture_output=True,
        )
        if result.returncode:
            raise RuntimeError(
                "{} exited with {}; it was expected to finish; its stderr ends:\n{}".format(
                    " ".join(command), result.returncode, result.stderr.decode()[-4000:]
                )
            )
        return json.loads(out.read_text())


def copy_kept(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for pattern in KEPT:
        for path in source.glob(pattern):
            shutil.copy(str(path), str(target))


def record() -> str:
    """Records with the interpreter at hand, and returns TensorFlow's version."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "first", Path(folder) / "second"
        version = run(sys.executable, THE_REAL_ONE, first, FIRST_STEPS)["platform"]
        kept = CHECKPOINTS / version
        shutil.rmtree(str(kept), ignore_errors=True)
        copy_kept(first, kept)
        copy_kept(kept, second)
        continued = run(sys.executable, THE_REAL_ONE, second, LAST_STEP)
    lines = [json.dumps({key: value})[1:-1] for key, value in sorted(continued.items())]
    RECORDINGS.mkdir(exist_ok=True)
    (RECORDINGS / f"{version}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    return version


if __name__ == "__main__":
    print(record())
