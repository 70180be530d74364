"""Runs one golden program under one Estimator and writes down everything it did.

    python -m tests.golden.runner default_reduction --estimator=estimator_compat --out run.json

Graph switches (`disable_v2_behavior`, resource variables) are global, so each program has its own
process. A hook records the loss of every step. It fetches the tensor that the Estimator fetches
anyway, in the same `Session.run`. This adds nothing to the graph or its execution.
"""

import argparse
import contextlib
import importlib
import inspect
import itertools
import json
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import tensorflow as tf

# The first import of `tensorflow.compat.v1` replaces `tf.compat.v1` by another module. An attribute
# that was set before would be lost.
import tensorflow.compat.v1 as tf1

from tests.recording import estimator_apis, platforms, training, values

Json = Any

SEED = 7
# Summaries, checkpoints and the step counter have different intervals. With STEPS = (7, 12) the
# second call of `train` deletes a checkpoint of the first.
CONFIG = {
    "tf_random_seed": SEED,
    "save_summary_steps": 3,
    "log_step_count_steps": 4,
    "save_checkpoints_steps": 5,
    "keep_checkpoint_max": 3,
}
# Its value is a speed, which is not compared. The steps at which it is written are compared.
UNREPEATABLE_VALUES = ("global_step/sec",)


class Watched:
    """Passes an Estimator API on to a program and keeps the specs that the program makes."""

    def __init__(self, api: Any) -> None:
        self._api = api
        self.specs: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    def EstimatorSpec(self, *args: Any, **kwargs: Any) -> Any:
        self.specs.append(self._api.EstimatorSpec(*args, **kwargs))
        return self.specs[-1]


class LossRecorder(tf1.train.SessionRunHook):
    """Keeps the loss of every training step, in the order of the steps."""

    def __init__(self, specs: list[Any]) -> None:
        self._specs = specs
        self.losses: list[str] = []

    def before_run(self, run_context: Any) -> Any:
        return tf1.train.SessionRunArgs(self._specs[-1].loss)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.losses.append(float(run_values.results).hex())


@contextlib.contextmanager
def _python_random_seeded() -> Iterator[None]:
    state = random.getstate()
    random.seed(SEED)
    try:
        yield
    finally:
        random.setstate(state)


def seeding_python_random(model_fn: Callable[..., Any]) -> Callable[..., Any]:
    """Seeds Python's `random` around each call of a model_fn, for Estimators that do not.

    With v2 behavior on, layer initializers draw their seeds from it.
    """

    def seeded_model_fn(*args: Any, **kwargs: Any) -> Any:
        with _python_random_seeded():
            return model_fn(*args, **kwargs)

    seeded_model_fn.__signature__ = inspect.signature(model_fn)  # type: ignore[attr-defined]
    return seeded_model_fn


def _variables(model_dir: Path) -> dict[str, Json]:
    reader = tf.train.load_checkpoint(str(model_dir))
    return {
        name: values.encode(reader.get_tensor(name)) for name in reader.get_variable_to_shape_map()
    }


def _content(value: Any) -> Json:
    kind = value.WhichOneof("value")
    if value.tag in UNREPEATABLE_VALUES:
        return kind
    if kind == "simple_value":
        return float(value.simple_value).hex()
    if kind == "histo":
        histogram = value.histo
        numbers = (histogram.num, histogram.min, histogram.max, histogram.sum)
        return [float(number).hex() for number in numbers]
    if kind == "image":
        return [value.image.height, value.image.width, value.image.colorspace]
    return kind


def _event_rows(event: Any) -> Iterator[list[Json]]:
    kind = event.WhichOneof("what")
    if kind == "session_log":
        yield [event.step, f"session_log {event.session_log.status}", None]
    elif kind != "summary":
        yield [event.step, kind, None]
    for value in event.summary.value:
        yield [event.step, value.tag, _content(value)]


def _events(model_dir: Path) -> dict[str, list[list[Json]]]:
    """Reads every event file: rows of step, tag (or kind of event) and value."""
    found: dict[str, list[list[Json]]] = {}
    for path in sorted(model_dir.rglob("events.out.tfevents.*")):
        rows = found.setdefault(str(path.parent.relative_to(model_dir)), [])
        for event in tf1.train.summary_iterator(str(path)):
            rows.extend(_event_rows(event))
    return found


def run(program: ModuleType, model_fn: Callable[..., Any], api: Watched, model_dir: Path) -> Json:
    """Trains in two calls, evaluates twice and predicts, and returns what could be observed."""
    config = api.RunConfig(**CONFIG)
    estimator = api.Estimator(model_fn, str(model_dir), config, getattr(program, "PARAMS", None))
    recorder = LossRecorder(api.specs)
    first, last = program.STEPS
    estimator.train(program.train_input_fn, hooks=[recorder], steps=first)
    estimator.train(program.train_input_fn, hooks=[recorder], max_steps=last)
    evaluations = {
        "": estimator.evaluate(program.eval_input_fn, steps=getattr(program, "EVAL_STEPS", None)),
        "two": estimator.evaluate(program.eval_input_fn, steps=2, name="two"),
    }
    rows = estimator.predict(program.predict_input_fn)
    predictions = list(itertools.islice(rows, getattr(program, "PREDICTIONS", None)))
    return {
        "losses": recorder.losses,
        "evaluations": {
            name: {key: values.encode(value) for key, value in result.items()}
            for name, result in evaluations.items()
        },
        "predictions": values.predictions(predictions),
        "variables": _variables(model_dir),
        "events": _events(model_dir),
        "files": values.files(model_dir),
        "platform": platforms.at_hand(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--estimator", required=True, metavar="MODULE[:ATTRIBUTE]")
    parser.add_argument("--seed_python_random", action="store_true")
    parser.add_argument("--out", required=True, type=Path)
    options = parser.parse_args()

    watched = Watched(estimator_apis.find(options.estimator))
    tf.estimator = tf1.estimator = watched
    program = importlib.import_module(f"tests.golden.programs.{options.program}")
    model_fn = program.model_fn
    if options.seed_python_random:
        model_fn = seeding_python_random(model_fn)
    training.move_the_step_after_its_read()
    with tempfile.TemporaryDirectory() as model_dir:
        result = run(program, model_fn, watched, Path(model_dir))
    options.out.write_text(json.dumps(result))


if __name__ == "__main__":
    main()
