"""Records every golden program under the real Estimator of the interpreter at hand.

    python -m tests.golden.record                                    # TensorFlow 2.15
    python -m tests.golden.record --estimator=MODULE[:ATTRIBUTE]     # the original code elsewhere

TensorFlow 2.16 and later have no Estimator. To record the original's own Python code on their
kernels, the recorder needs a module that makes this code importable. Such a module is not a part of
this project, and the tests do not need it.

Each recording is kept under the name of what produced it; recording again replaces it.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.recording import programs
from tests.recording.estimator_apis import TENSORFLOWS_OWN, recorded_as

HERE = Path(__file__).parent
RECORDINGS = HERE / "recordings"


def program_names() -> list[str]:
    return sorted(path.stem for path in (HERE / "programs").glob("[!_]*.py"))


def run_program(
    name: str, estimator: str, *options: str, python: Sequence[str] = (sys.executable,)
) -> dict:
    """Runs one program in a separate process; raises with its stderr where it fails."""
    what = f"golden program `{name}` under `{estimator}`"
    arguments = [name, "--estimator", estimator, *options]
    return programs.run(what, python, "tests.golden.runner", *arguments)


def keeps_v2_behavior(name: str) -> bool:
    return "\nKEEPS_V2_BEHAVIOR = True\n" in (HERE / "programs" / f"{name}.py").read_text()


def recorded(name: str) -> dict[str, dict]:
    path = RECORDINGS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def record(name: str, estimator: str) -> str:
    options = ["--seed_python_random"] if keeps_v2_behavior(name) else []
    made = run_program(name, estimator, *options)
    key = recorded_as(estimator, made["platform"]["tensorflow"])
    recordings = {**recorded(name), key: made}
    text = json.dumps(recordings, indent=1, sort_keys=True)
    (RECORDINGS / f"{name}.json").write_text(text + "\n")
    return key


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--estimator", default=TENSORFLOWS_OWN, metavar="MODULE[:ATTRIBUTE]")
    parser.add_argument("programs", nargs="*", default=program_names())
    options = parser.parse_args()
    RECORDINGS.mkdir(exist_ok=True)
    for name in options.programs:
        print(f"{name}: {record(name, options.estimator)}", flush=True)


if __name__ == "__main__":
    main()
