"""Trains the program to a global step under one Estimator, and writes down what it did.

    python -m tests.interop.runner --estimator=estimator_compat --model_dir=DIR --max_steps=6 \
        --out=run.json

It continues whatever checkpoint the folder has, then evaluates and predicts. It runs on Python 3.7,
where TensorFlow 1.15 does.
"""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path
from typing import Any

import tensorflow.compat.v1 as tf

from tests.recording import estimator_apis, values

# The second run must know the checkpoints of the first run, because it deletes them. There is a
# summary at every step: hooks read the step while it is incremented, so a summary at a longer
# interval may come a step late.
CONFIG = {
    "tf_random_seed": 5,
    "save_summary_steps": 1,
    "log_step_count_steps": 4,
    "save_checkpoints_steps": 3,
    "keep_checkpoint_max": 2,
}


class StepRecorder(tf.train.SessionRunHook):
    """Keeps the global step that a session starts from, and the loss of every step after it."""

    def __init__(self) -> None:
        self.start = -1
        self.losses: list[list[Any]] = []

    def begin(self) -> None:
        self._step = tf.train.get_global_step()
        # The Estimator adds the model_fn's loss to this collection, after any of its parts.
        self._loss = tf.get_collection(tf.GraphKeys.LOSSES)[-1]

    def after_create_session(self, session: Any, coord: Any) -> None:
        self.start = int(session.run(self._step))

    def before_run(self, run_context: Any) -> Any:
        return tf.train.SessionRunArgs(self._loss)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        step = int(run_context.session.run(self._step))
        self.losses.append([step, float(run_values.results).hex()])


def _events(paths: list[Path]) -> list[list[Any]]:
    """Reads rows of step, tag and scalar value, or None where the value is a speed or no scalar."""
    rows: list[list[Any]] = []
    for path in sorted(paths):
        for event in tf.train.summary_iterator(str(path)):
            for value in event.summary.value:
                measured = value.HasField("simple_value") and value.tag != "global_step/sec"
                rows.append([event.step, value.tag, value.simple_value.hex() if measured else None])
    return rows


def _event_files(model_dir: Path) -> set[Path]:
    return set(model_dir.rglob("events.out.tfevents.*"))


def _checkpoint_state(model_dir: Path) -> dict[str, Any]:
    """Reads the `checkpoint` file: names relative to the folder, however it has them."""
    state = tf.train.get_checkpoint_state(str(model_dir))
    return {
        "latest": Path(tf.train.latest_checkpoint(str(model_dir))).name,
        "all": [Path(path).name for path in state.all_model_checkpoint_paths],
    }


def run(program: Any, estimator: Any, model_dir: Path, max_steps: int) -> dict[str, Any]:
    earlier = _event_files(model_dir)
    recorder = StepRecorder()
    estimator.train(program.train_input_fn, hooks=[recorder], max_steps=max_steps)
    evaluation = estimator.evaluate(program.eval_input_fn)
    rows = list(estimator.predict(program.eval_input_fn))
    new = _event_files(model_dir) - earlier
    return {
        "platform": tf.__version__,
        "start": recorder.start,
        "losses": recorder.losses,
        "evaluation": {name: values.encode(value) for name, value in evaluation.items()},
        "predictions": values.predictions(rows),
        "variables": {
            name: values.encode(estimator.get_variable_value(name))
            for name in estimator.get_variable_names()
        },
        "shapes": dict(tf.train.list_variables(str(model_dir))),
        "checkpoint": _checkpoint_state(model_dir),
        "events": _events([path for path in new if path.parent == model_dir]),
        "eval_events": _events([path for path in new if path.parent != model_dir]),
        "files": sorted(set(values.files(model_dir))),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--estimator", required=True, metavar="MODULE[:ATTRIBUTE]")
    parser.add_argument("--model_dir", required=True, type=Path)
    parser.add_argument("--max_steps", required=True, type=int)
    parser.add_argument("--out", required=True, type=Path)
    options = parser.parse_args()

    tf.estimator = api = estimator_apis.find(options.estimator)
    program = importlib.import_module("tests.interop.program")
    config = api.RunConfig(**CONFIG)
    estimator = api.Estimator(program.model_fn, str(options.model_dir), config)
    result = run(program, estimator, options.model_dir, options.max_steps)
    options.out.write_text(json.dumps(result))


if __name__ == "__main__":
    main()
