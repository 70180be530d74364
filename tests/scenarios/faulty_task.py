"""A process of `test_faults.py`: it trains, evaluates and exports a model of many numbers.

    python -m tests.scenarios.faulty_task MODEL_DIR NUMBERS MAX_STEPS

Each step adds one to every number, so that a checkpoint's numbers are its step, and the loss counts
down. It prints the error that ends it, or the folders that it has exported.
"""

import json
import sys
from pathlib import Path

import tensorflow as tf

from estimator_compat import (
    Estimator,
    EstimatorSpec,
    EvalSpec,
    LatestExporter,
    RunConfig,
    TrainSpec,
    export,
    train_and_evaluate,
)

tf1 = tf.compat.v1


def model_fn(features, labels, mode, params):
    w = tf1.get_variable("w", [params["numbers"]], initializer=tf1.zeros_initializer())
    step = tf1.assign_add(tf1.train.get_global_step(), 1)
    train_op = tf.group(step, tf1.assign_add(w, tf.ones_like(w)))
    loss = 100.0 - tf.reduce_mean(w)
    return EstimatorSpec(mode, {"w": w[:1] + features["x"]}, loss=loss, train_op=train_op)


def input_fn():
    return tf.data.Dataset.from_tensors({"x": [0.0]}).repeat(1000)


def receiver_fn():
    x = tf1.placeholder(tf.float32, [1])
    return export.ServingInputReceiver({"x": x}, {"x": x})


def estimator(folder, numbers):
    config = RunConfig(
        save_checkpoints_steps=2,
        keep_checkpoint_max=2,
        save_summary_steps=None,
        log_step_count_steps=None,
    )
    return Estimator(model_fn, folder, config, {"numbers": numbers})


def main():
    folder, numbers, max_steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    try:
        train_and_evaluate(
            estimator(folder, numbers),
            TrainSpec(input_fn, max_steps=max_steps),
            EvalSpec(
                input_fn, steps=1, exporters=LatestExporter("latest", receiver_fn), throttle_secs=0
            ),
        )
    except Exception as error:
        print(json.dumps([type(error).__name__, str(error)]))
        return
    exported = Path(folder, "export", "latest")
    print(json.dumps(sorted(path.name for path in exported.iterdir())))


if __name__ == "__main__":
    main()
