"""Runs a golden program under the Estimator and as a hosted loop; prints what both did as JSON.

    python -m tests.migrate.hosting.golden_runner default_reduction

Each trains twice, evaluates twice and predicts, with the same functions and config. Legacy programs
change how tensors compare, for the whole process, so each has a separate process.
"""

import importlib
import itertools
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat
import migrate
from migrate.hosting import eager_mode
from migrate.hosting.checkpoints import loop_checkpoints
from migrate.verifying import batches
from tests.golden.runner import CONFIG, LossRecorder, Watched
from tests.recording import training, values

Json = Any


def _content(value: Any) -> Json:
    """Returns the bits of a summary's value; a speed and a path are the side's own."""
    if value.tag in ("global_step/sec", "checkpoint_path"):
        return None
    return value.SerializeToString().hex()


def _events(model_dir: Path) -> list[Json]:
    def rows() -> Iterator[Json]:
        for path in model_dir.rglob("events.out.tfevents.*"):
            for event in tf1.train.summary_iterator(str(path)):
                for value in event.summary.value:
                    folder = str(path.parent.relative_to(model_dir))
                    yield [folder, event.step, value.tag, _content(value)]

    return sorted(rows(), key=str)


def _files(model_dir: Path) -> Json:
    """Returns the steps of the checkpoints that were kept, and the values of the last one."""
    kept = sorted(int(path.stem.rpartition("-")[2]) for path in model_dir.glob("*.index"))
    last = tf.train.latest_checkpoint(str(model_dir))
    found = loop_checkpoints.read(last)
    return {"kept": kept, "values": {name: values.encode(v) for name, v in sorted(found.items())}}


def _eval_batches(program: Any, config: Any) -> int:
    """Returns how many batches are evaluated: all, if the program does not say.

    Where the input's end ends an evaluation, an Estimator may update a metric that needs no input
    once more, such as the mean of a regularization term: a session runs the two in any order.
    """
    target = migrate.Target(
        model_fn=program.model_fn,
        input_fns=program.eval_input_fn,
        params=getattr(program, "PARAMS", None),
        config=config,
    )
    limit = getattr(program, "EVAL_STEPS", None) or 100
    return len(batches.materialize(target, "eval", limit).values)


def _encoded(nest: Any) -> Json:
    return [values.encode(np.asarray(leaf)) for leaf in tf.nest.flatten(nest)]


def _under_an_estimator(program: Any, api: Watched, config: Any, eval_steps: int) -> Json:
    params = getattr(program, "PARAMS", None)
    run = estimator_compat.Estimator(program.model_fn, config=config, params=params)
    recorder = LossRecorder(api.specs)
    first, last = program.STEPS
    run.train(program.train_input_fn, hooks=[recorder], steps=first)
    run.train(program.train_input_fn, hooks=[recorder], max_steps=last)
    evaluations = [
        run.evaluate(program.eval_input_fn, steps=eval_steps),
        run.evaluate(program.eval_input_fn, steps=2, name="two"),
    ]
    predictions = run.predict(program.predict_input_fn, yield_single_examples=False)
    return recorder.losses, evaluations, list(itertools.islice(predictions, 3))


def _hosted(program: Any, config: Any, eval_steps: int) -> Json:
    loop = migrate.host(
        program.model_fn,
        input_fn={
            "train": program.train_input_fn,
            "eval": program.eval_input_fn,
            "infer": program.predict_input_fn,
        },
        params=getattr(program, "PARAMS", None),
        config=config,
        loss_summaries=False,
    )
    first, last = program.STEPS
    losses = np.concatenate([loop.train(steps=first), loop.train(max_steps=last)])
    evaluations = [
        loop.evaluate(steps=eval_steps),
        loop.evaluate(steps=2, name="two"),
    ]
    predictions = list(itertools.islice(loop.predict(), 3))
    return [float(loss).hex() for loss in losses], evaluations, predictions


def main(name: str) -> None:
    eager_mode.keep_eager_execution()
    api = Watched(estimator_compat)
    tf.estimator = tf1.estimator = api
    program = importlib.import_module(f"tests.golden.programs.{name}")
    training.move_the_step_after_its_read()
    found = {}
    for side in ("estimator", "hosted"):
        with tempfile.TemporaryDirectory() as folder:
            config = estimator_compat.RunConfig(folder, **CONFIG)
            if side == "hosted":
                results = _hosted(program, config, _eval_batches(program, config))
            else:
                eval_steps = _eval_batches(program, config)
                results = _under_an_estimator(program, api, config, eval_steps)
            losses, evaluations, predictions = results
            found[side] = {
                "losses": losses,
                "evaluations": [
                    {key: values.encode(np.asarray(value)) for key, value in sorted(each.items())}
                    for each in evaluations
                ],
                "predictions": [_encoded(batch) for batch in predictions],
                "checkpoints": _files(Path(folder)),
                "events": _events(Path(folder)),
            }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
