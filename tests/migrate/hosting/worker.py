"""One of two processes that train a program, on every second of its batches.

python -m tests.migrate.hosting.worker FOLDER PROGRAM STEPS [DIES_AFTER]

The processes make a checkpoint at every second step, resume from the latest, and print their steps'
losses and the variables. With DIES_AFTER, this one ends without a word after so many steps.
"""

import json
import os
import sys
from typing import Any

import tensorflow as tf

import estimator_compat
from migrate.hosting import loop, worker_strategy
from tests.migrate.hosting.record_replicas import hex_of
from tests.migrate.hosting.replica_programs import PROGRAMS, batches, input_fn


def main(folder: str, program: str, steps: int, dies_after: int | None) -> None:
    strategy = worker_strategy.from_tf_config()
    config = estimator_compat.RunConfig(tf_random_seed=1)
    model_fn = PROGRAMS[program](estimator_compat.EstimatorSpec)
    hosted = loop.host(model_fn, input_fn=input_fn, config=config, strategy=strategy)
    graph: Any = hosted.graph("train")
    checkpoint = tf.train.Checkpoint(variables=hosted.variables)
    latest = tf.train.latest_checkpoint(folder)
    if latest:
        checkpoint.read(latest).assert_consumed()
        graph.spread()
    mine = list(batches())[0 if config.is_chief else 1 :: 2]
    losses = {}
    while (step := hosted.global_step) < steps:
        if dies_after == step:
            os._exit(7)
        losses[step + 1] = float(hosted.train_step(*mine[step]).loss).hex()
        if config.is_chief and step % 2:
            checkpoint.write(f"{folder}/model.ckpt-{step + 1}")
            tf.compat.v1.train.update_checkpoint_state(folder, f"{folder}/model.ckpt-{step + 1}")
    values = {name: hex_of(variable.numpy()) for name, variable in hosted.variables.items()}
    print(json.dumps({"losses": losses, "variables": values}))


if __name__ == "__main__":
    folder, program, *numbers = sys.argv[1:]
    main(folder, program, int(numbers[0]), int(numbers[1]) if numbers[1:] else None)
