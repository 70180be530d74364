"""One of two processes that train a program, on every second of its batches.

python -m tests.migrate.hosting.replicas.worker FOLDER PROGRAM OPTIONS

OPTIONS is a JSON object. The processes write a checkpoint at every second step, or as `saves` says,
resume from the latest checkpoint, evaluate, and print the results. Each process writes to its own
folder. With `dies_after`, this process ends after that many steps, without a message. With
`legacy`, it writes the checkpoints of an Estimator. With `named`, the RunConfig names the strategy.
The PROGRAM by_hand makes one step on losses that are numbers, in two loops, one after the other.
"""

import dataclasses
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

import estimator_compat
from migrate.hosting.host import host
from migrate.hosting.loop import CustomLoop
from tests.migrate.hosting.replicas import programs
from tests.migrate.hosting.replicas.models import BY_HAND, UNEVEN, VALUES, model
from tests.migrate.hosting.replicas.programs import PROGRAMS, STEPS
from tests.recording.values import hex_of


def input_fn_of(dies_after: int | None) -> Any:
    def batches() -> Iterator[Any]:
        for index, batch in enumerate(programs.batches()):
            if dies_after is not None and index == 2 * dies_after:
                os._exit(7)
            yield batch

    def input_fn(input_context: Any = None) -> tf.data.Dataset:
        spec = programs.input_fn().element_spec
        options = tf.data.Options()
        # It dies when a step asks for a batch, not when one is read ahead.
        options.experimental_optimization.inject_prefetch = False
        found = tf.data.Dataset.from_generator(batches, output_signature=spec)
        found = found.with_options(options)
        if input_context is None:
            return found
        return found.shard(input_context.num_input_pipelines, input_context.input_pipeline_id)

    return input_fn


def main(folder: Path, program: str, options: dict[str, Any]) -> None:
    named = tf.distribute.MultiWorkerMirroredStrategy() if options.get("named") else None
    config = estimator_compat.RunConfig(
        tf_random_seed=1,
        save_summary_steps=2,
        **options.get("saves", {"save_checkpoints_steps": 2}),
        train_distribute=named,
    )
    task = json.loads(os.environ.get("TF_CONFIG", "{}")).get("task", {})
    own = str(folder / task.get("type", config.task_type))
    if not options.get("legacy"):
        config = config.replace(model_dir=own)
    hosted = host(
        PROGRAMS[program](estimator_compat.EstimatorSpec),
        input_fn=input_fn_of(options.get("dies_after")),
        config=config,
    )
    hosted.graph("train")
    if tf.train.latest_checkpoint(str(folder / "chief")):
        hosted.restore(str(folder / "chief"))
    first = hosted.global_step
    losses = np.concatenate(list(_trained(hosted, own, options)))
    print(
        json.dumps(
            {
                "first": first + 1,
                "losses": hex_of(losses),
                "variables": {name: hex_of(v.numpy()) for name, v in hosted.variables.items()},
                "saved": os.path.relpath(hosted.save(own), folder),
                "evaluation": {key: float(value) for key, value in hosted.evaluate().items()},
                "exported": config.is_chief or hosted.export(f"{own}/export", dict),
            }
        )
    )


def by_hand(config: Any) -> dict[str, Any]:
    """Makes one step of a weighted mean; returns its values."""
    mine = slice(0, 3) if config.is_chief else slice(3, 5)
    data = np.array(UNEVEN, np.float32)[mine], VALUES[mine]
    hosted = host(
        model(BY_HAND["weighted_mean"][0]),
        input_fn=lambda: tf.data.Dataset.from_tensors(data),
        config=config,
    )
    fields = dataclasses.asdict(hosted.train_step(*map(tf.constant, data)))
    return {name: value.numpy().tolist() for name, value in fields.items()}


def _trained(hosted: CustomLoop, own: str, options: dict[str, Any]) -> Iterator[np.ndarray]:
    """Trains, in one call, or with the checkpoints of an Estimator between calls."""
    while (step := hosted.global_step) < STEPS:
        batches = hosted.dataset("train").skip(step)
        yield hosted.train(batches, 2 if options.get("legacy") else STEPS - step)
        if options.get("legacy"):
            hosted.save_legacy(f"{own}/model.ckpt")


if __name__ == "__main__":
    folder, program, options = sys.argv[1:]
    if program == "by_hand":
        config = estimator_compat.RunConfig(tf_random_seed=1)
        print(json.dumps([by_hand(config) for _ in range(2)]))
    else:
        main(Path(folder), program, json.loads(options))
