"""Runs one program under one Estimator API and writes down what it did.

    python -m tests.estimator_compat.tpu.runner regression --api=estimator_compat --out=run.json

The names `errors` and `values` stand for the cases of `error_cases` and `value_cases`. The losses
are caught in the same `Session.run` in which the Estimator fetches them anyway.
"""

import argparse
import base64
import importlib
import json
import os
import platform
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

CONFIG = {
    "tf_random_seed": 7,
    "save_summary_steps": 3,
    "log_step_count_steps": 4,
    "save_checkpoints_steps": 5,
}
SPEEDS = ("global_step/sec", "examples/sec")
STEP_READ = "global_step_read_op_cache"


class LossRecorder(tf1.train.SessionRunHook):
    """Keeps the loss of every training step."""

    def __init__(self) -> None:
        self.losses: list[str] = []

    def begin(self) -> None:
        # The Estimator adds the model_fn's loss to this collection, after any of its parts.
        self._loss = tf1.get_collection(tf1.GraphKeys.LOSSES)[-1]

    def before_run(self, run_context: Any) -> Any:
        return tf1.train.SessionRunArgs(self._loss)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.losses.append(float(run_values.results).hex())


def encode(value: Any) -> dict[str, Any]:
    """Writes an array as its dtype, shape and bytes (little-endian)."""
    array = np.asarray(value)
    data = array.astype(array.dtype.newbyteorder("<")).tobytes()
    return {
        "dtype": array.dtype.name,
        "shape": list(array.shape),
        "base64": base64.b64encode(data).decode(),
    }


def _platform() -> dict[str, Any]:
    """Describes what the bits of a kernel depend on."""
    try:
        cpuinfo = Path("/proc/cpuinfo").read_text()
    except OSError:
        cpuinfo = ""
    model = re.search(r"^model name\s*:\s*(.*)$", cpuinfo, re.MULTILINE)
    features = re.search(r"^(?:flags|Features)\s*:(.*)$", cpuinfo, re.MULTILINE)
    chosen = re.findall(r"\b(?:avx|fma|amx|sse4|sve)\w*", features.group(1) if features else "")
    return {
        "tensorflow": tf.__version__,
        "machine": f"{platform.system()} {platform.machine()}",
        "cpu": model.group(1) if model else platform.processor(),
        "cpu_features": sorted(chosen),
        "cpus": os.cpu_count(),
        "TF_ENABLE_ONEDNN_OPTS": os.environ.get("TF_ENABLE_ONEDNN_OPTS", ""),
    }


def move_the_step_after_its_read() -> None:
    """Makes every v1 optimizer wait for the hooks' read of the step, which nothing else orders."""
    apply_gradients = tf1.train.Optimizer.apply_gradients

    def ordered(self: Any, *args: Any, **kwargs: Any) -> Any:
        with tf1.control_dependencies(tf1.get_collection(STEP_READ)):
            return apply_gradients(self, *args, **kwargs)

    tf1.train.Optimizer.apply_gradients = ordered


def _rows(path: Path) -> Iterator[list[Any]]:
    """Reads step, tag and scalar of an event file; None for a speed or what is no scalar."""
    for event in tf1.train.summary_iterator(str(path)):
        for value in event.summary.value:
            scalar = None
            if value.HasField("simple_value") and value.tag not in SPEEDS:
                scalar = float(value.simple_value).hex()
            elif value.HasField("tensor") and value.tensor.dtype == tf.float32.as_datatype_enum:
                scalar = float(tf.make_ndarray(value.tensor)).hex()
            yield [event.step, value.tag, scalar]


def _events(model_dir: Path) -> dict[str, list[list[Any]]]:
    found: dict[str, list[list[Any]]] = {}
    for path in sorted(model_dir.rglob("events.out.tfevents.*")):
        rows = list(_rows(path))
        # A host call's writes of one step have no order; nor do a step's writers in one file.
        found.setdefault(str(path.parent.relative_to(model_dir)), []).extend(
            sorted(rows, key=lambda row: row[:2])
        )
    return found


def _files(model_dir: Path) -> list[str]:
    paths = (path.relative_to(model_dir) for path in model_dir.rglob("*") if path.is_file())
    return sorted({re.sub(r"(tfevents)\..*", r"\1", str(path)) for path in paths})


def _predictions(rows: list[Any]) -> dict[str, Any]:
    if not isinstance(rows[0], dict):
        return {"": encode(np.stack(rows))}
    return {key: encode(np.stack([row[key] for row in rows])) for key in rows[0]}


def run(program: Any, estimator: Any, model_dir: Path) -> dict[str, Any]:
    """Trains in two calls, evaluates twice and predicts, and returns what could be observed."""
    recorder = LossRecorder()
    first, last = program.STEPS
    estimator.train(program.train_input_fn, hooks=[recorder], steps=first)
    estimator.train(program.train_input_fn, hooks=[recorder], max_steps=last)
    evaluations = {
        "": estimator.evaluate(program.eval_input_fn),
        "two": estimator.evaluate(program.eval_input_fn, steps=2, name="two"),
    }
    predictions = list(estimator.predict(program.predict_input_fn))
    reader = tf.train.load_checkpoint(str(model_dir))
    return {
        "losses": recorder.losses,
        "evaluations": {
            name: {key: encode(value) for key, value in result.items()}
            for name, result in evaluations.items()
        },
        "predictions": _predictions(predictions),
        "variables": {
            name: encode(reader.get_tensor(name)) for name in reader.get_variable_to_shape_map()
        },
        "events": _events(model_dir),
        "files": _files(model_dir),
        "seen": json.loads(json.dumps(program.SEEN)),
        "platform": _platform(),
    }


def use(name: str) -> Any:
    """Imports an Estimator API, `module` or `module:attribute`, and puts it at `tf.estimator`."""
    module, _, attributes = name.partition(":")
    api: Any = importlib.import_module(module)
    for attribute in filter(None, attributes.split(".")):
        api = getattr(api, attribute)
    tf.estimator = tf1.estimator = api
    return api


def run_program(name: str, api: Any) -> dict[str, Any]:
    program = importlib.import_module(f"tests.estimator_compat.tpu.programs.{name}")
    move_the_step_after_its_read()
    with tempfile.TemporaryDirectory() as folder:
        model_dir = Path(folder) / "model"
        estimator = tpu_estimator(api, program, program.make_model_fn(folder), model_dir)
        return run(program, estimator, model_dir)


def tpu_estimator(api: Any, program: Any, model_fn: Any, model_dir: Path) -> Any:
    tpu_config = api.tpu.TPUConfig(iterations_per_loop=program.ITERATIONS_PER_LOOP)
    return api.tpu.TPUEstimator(
        model_fn,
        str(model_dir),
        api.tpu.RunConfig(tpu_config=tpu_config, **CONFIG),
        params=getattr(program, "PARAMS", None),
        use_tpu=False,
        **program.BATCH_SIZES,
    )


def errors(api: Any) -> dict[str, Any]:
    from tests.estimator_compat.tpu import error_cases

    found = {case: error_cases.raised(case, api) for case in error_cases.CASES}
    return {
        case: None if error is None else [type(error).__name__, _without_places(str(error))]
        for case, error in found.items()
    }


def values(api: Any) -> dict[str, Any]:
    from tests.estimator_compat.tpu import value_cases

    return {case: value_cases.value(case, api) for case in value_cases.CASES}


def _without_places(message: str) -> str:
    return re.sub(r" at 0x[0-9a-f]+", "", message)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--api", required=True, metavar="MODULE[:ATTRIBUTE]")
    parser.add_argument("--out", required=True, type=Path)
    options = parser.parse_args()
    api = use(options.api)
    tf1.disable_v2_behavior()
    tables = {"errors": errors, "values": values}
    if options.program in tables:
        result = tables[options.program](api)
    else:
        result = run_program(options.program, api)
    options.out.write_text(json.dumps(result))


if __name__ == "__main__":
    main()
