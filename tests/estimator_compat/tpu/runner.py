"""Runs one program under one Estimator API and writes down what it did.

    python -m tests.estimator_compat.tpu.runner regression --api=estimator_compat --out=run.json

The names `errors` and `values` stand for the cases of `error_cases` and `value_cases`. The losses
are caught in the same `Session.run` in which the Estimator fetches them anyway.
"""

import argparse
import importlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from tests.recording import estimator_apis, platforms, training, values

CONFIG = {
    "tf_random_seed": 7,
    "save_summary_steps": 3,
    "log_step_count_steps": 4,
    "save_checkpoints_steps": 5,
}
SPEEDS = ("global_step/sec", "examples/sec")


def _platform() -> dict[str, Any]:
    """Describes what the bits of a kernel depend on, in the words of the recordings."""
    stamp = platforms.at_hand()
    del stamp["numpy"]
    features = [one for one in stamp["cpu_features"] if re.match("avx|fma|amx|sse4|sve", one)]
    return {**stamp, "cpu_features": features, "cpus": os.cpu_count()}


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


def run(program: Any, estimator: Any, model_dir: Path) -> dict[str, Any]:
    """Trains in two calls, evaluates twice and predicts, and returns what could be observed."""
    recorder = training.LossRecorder()
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
            name: {key: values.encode(value) for key, value in result.items()}
            for name, result in evaluations.items()
        },
        "predictions": values.predictions(predictions),
        "variables": {
            name: values.encode(reader.get_tensor(name))
            for name in reader.get_variable_to_shape_map()
        },
        "events": _events(model_dir),
        "files": sorted(set(values.files(model_dir))),
        "seen": json.loads(json.dumps(program.SEEN)),
        "platform": _platform(),
    }


def run_program(name: str, api: Any) -> dict[str, Any]:
    program = importlib.import_module(f"tests.estimator_compat.tpu.programs.{name}")
    training.move_the_step_after_its_read()
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


def error_table(api: Any) -> dict[str, Any]:
    from tests.estimator_compat.tpu import error_cases

    found = {case: error_cases.raised(case, api) for case in error_cases.CASES}
    return {
        case: None if error is None else [type(error).__name__, _without_places(str(error))]
        for case, error in found.items()
    }


def value_table(api: Any) -> dict[str, Any]:
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
    tf.estimator = tf1.estimator = api = estimator_apis.find(options.api)
    tf1.disable_v2_behavior()
    tables = {"errors": error_table, "values": value_table}
    if options.program in tables:
        result = tables[options.program](api)
    else:
        result = run_program(options.program, api)
    options.out.write_text(json.dumps(result))


if __name__ == "__main__":
    main()
