"""Runs a golden program that was rewritten, and writes down what it did, as `tests.golden` does.

    python -m tests.migrate.rewriting.golden_runner rewritten.py --out=run.json

The program imports `estimator_compat` by itself: the runner gives TensorFlow no Estimator.
"""

import argparse
import importlib.util
import json
import tempfile
from pathlib import Path
from typing import Any

from tests.golden import runner
from tests.recording import training


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("--out", required=True, type=Path)
    options = parser.parse_args()

    spec = importlib.util.spec_from_file_location(options.program.stem, options.program)
    assert spec is not None
    assert spec.loader is not None
    program: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    watched = runner.Watched(program.estimator_compat)
    program.estimator_compat = watched
    training.move_the_step_after_its_read()
    with tempfile.TemporaryDirectory() as model_dir:
        result = runner.run(program, program.model_fn, watched, Path(model_dir))
    options.out.write_text(json.dumps(result))


if __name__ == "__main__":
    main()
