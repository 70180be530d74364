"""Records the programs and the cases under a real Estimator.

    python -m tests.estimator_compat.tpu.record                    # TensorFlow 2.15
    python -m tests.estimator_compat.tpu.record --api=MODULE:NAME  # the original code elsewhere

What makes the original importable on a TensorFlow without it is the recorder's private means; the
tests need the recordings only.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
RECORDINGS = HERE / "recordings"
PROGRAMS = ("regression", "sentence_classifier")
TABLES = ("errors", "values")
TENSORFLOWS_OWN = "tensorflow:compat.v1.estimator"


def run(name: str, api: str) -> dict[str, Any]:
    """Runs a program in a process of its own; raises with its stderr where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run.json"
        command = [sys.executable, "-m", "tests.estimator_compat.tpu.runner", name, "--api", api]
        result = subprocess.run(
            [*command, "--out", str(out)],
            cwd=ROOT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            text=True,
        )
        if result.returncode:
            raise RuntimeError(
                f"`{name}` under `{api}` exited with {result.returncode}; it was expected to "
                f"finish; its stderr ends:\n{result.stderr[-4000:]}"
            )
        return json.loads(out.read_text())


def recorded(name: str) -> dict[str, Any]:
    path = RECORDINGS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def record(name: str, api: str) -> str:
    """Adds a run to a program's recordings, and returns the name it is kept under."""
    made = run(name, api)
    if name in TABLES:
        kept, key = made, name
    else:
        by = "tensorflow" if api == TENSORFLOWS_OWN else "original code on tensorflow"
        key = f"{by} {made['platform']['tensorflow']}"
        kept = {**recorded(name), key: made}
    (RECORDINGS / f"{name}.json").write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    return key


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--api", default=TENSORFLOWS_OWN, metavar="MODULE[:ATTRIBUTE]")
    options = parser.parse_args()
    names = PROGRAMS if options.api != TENSORFLOWS_OWN else (*PROGRAMS, *TABLES)
    for name in names:
        print(f"{name}: {record(name, options.api)}", flush=True)


if __name__ == "__main__":
    main()
