"""Records the programs and the cases under a real Estimator.

    python -m tests.estimator_compat.tpu.record                    # TensorFlow 2.15
    python -m tests.estimator_compat.tpu.record --api=MODULE:NAME  # the original code elsewhere

On a TensorFlow without the original, the recorder needs a module that makes the original
importable. It is not a part of this project: the tests need only the recordings.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.recording import programs
from tests.recording.estimator_apis import TENSORFLOWS_OWN, recorded_as

HERE = Path(__file__).parent
RECORDINGS = HERE / "recordings"
PROGRAMS = ("regression", "sentence_classifier")
TABLES = ("errors", "values")


def run(name: str, api: str, python: Sequence[str] = (sys.executable,)) -> dict[str, Any]:
    """Runs a program in a separate process; raises with its stderr where it fails."""
    module = "tests.estimator_compat.tpu.runner"
    return programs.run(f"`{name}` under `{api}`", python, module, name, "--api", api)


def recorded(name: str) -> dict[str, Any]:
    path = RECORDINGS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def record(name: str, api: str) -> str:
    """Adds a run to a program's recordings, and returns the name it is kept under."""
    made = run(name, api)
    if name in TABLES:
        kept, key = made, name
    else:
        key = recorded_as(api, made["platform"]["tensorflow"])
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
