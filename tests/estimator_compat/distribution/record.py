"""Records the cases under TensorFlow's own Estimator.

    python -m tests.estimator_compat.distribution.record    # with the Python of TensorFlow 2.15.1

Two logical CPUs are enough. Numbers are kept as TensorFlow's float32, to seven digits.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.recording import programs

RECORDING = Path(__file__).with_name("recording.json")
RUNNER = "tests.estimator_compat.distribution.runner"


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: rounded(item) for name, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.7g}") if isinstance(value, float) else value


def main() -> None:
    facts = programs.run(
        "the cases of distribution", [sys.executable], RUNNER, "--api", "tensorflow", foreign=True
    )
    failed = {name: fact["error"] for name, fact in facts.items() if "error" in fact}
    if failed:
        raise RuntimeError(f"cases failed: {failed}; expected all to run; see the runner.")
    rows = [
        f"{json.dumps(name)}: {json.dumps(rounded(fact), sort_keys=True)}"
        for name, fact in facts.items()
    ]
    RECORDING.write_text("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    main()
