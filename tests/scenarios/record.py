"""Records every scenario under the real Estimator of TensorFlow 2.15.

python -m tests.scenarios.record [SCENARIO ...]
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
RECORDINGS = HERE / "recordings"
REAL = "tensorflow:compat.v1.estimator"
SHARED = ("model",)


def names() -> list[str]:
    scripts = (path.stem for path in (HERE / "scripts").glob("[!_]*.py"))
    return sorted(name for name in scripts if name not in SHARED)


def run(name: str, estimator: str) -> dict:
    """Runs one scenario in a process of its own; raises with its stderr where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run.json"
        result = subprocess.run(
            [
                *(sys.executable, "-m", "tests.scenarios.runner", name),
                *("--estimator", estimator, "--out", str(out)),
            ],
            cwd=HERE.parents[1],
            capture_output=True,
            text=True,
        )
        if result.returncode:
            raise RuntimeError(
                f"scenario `{name}` under `{estimator}` exited with {result.returncode}; it was "
                f"expected to finish; its stderr ends:\n{result.stderr[-4000:]}"
            )
        return json.loads(out.read_text())


def recorded(name: str) -> dict:
    return json.loads((RECORDINGS / f"{name}.json").read_text())


def main() -> None:
    RECORDINGS.mkdir(exist_ok=True)
    for name in sys.argv[1:] or names():
        text = json.dumps(run(name, REAL), indent=1, sort_keys=True)
        (RECORDINGS / f"{name}.json").write_text(text + "\n")
        print(name, flush=True)


if __name__ == "__main__":
    main()
