"""Records every scenario under the real Estimator of TensorFlow 2.15.

python -m tests.scenarios.record [SCENARIO ...]
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.recording import programs
from tests.recording.estimator_apis import TENSORFLOWS_OWN

HERE = Path(__file__).parent
RECORDINGS = HERE / "recordings"
SHARED = ("model",)


def names() -> list[str]:
    scripts = (path.stem for path in (HERE / "scripts").glob("[!_]*.py"))
    return sorted(name for name in scripts if name not in SHARED)


def run(name: str, estimator: str, python: Sequence[str] = (sys.executable,)) -> dict:
    """Runs one scenario in a separate process; raises with its stderr where it fails."""
    what = f"scenario `{name}` under `{estimator}`"
    return programs.run(what, python, "tests.scenarios.runner", name, "--estimator", estimator)


def recorded(name: str) -> dict:
    return json.loads((RECORDINGS / f"{name}.json").read_text())


def main() -> None:
    RECORDINGS.mkdir(exist_ok=True)
    for name in sys.argv[1:] or names():
        text = json.dumps(run(name, TENSORFLOWS_OWN), indent=1, sort_keys=True)
        (RECORDINGS / f"{name}.json").write_text(text + "\n")
        print(name, flush=True)


if __name__ == "__main__":
    main()
