"""A process of `test_faults.py`: it trains, evaluates and exports a model of many numbers.

Each step adds one to every number, so that every number of a checkpoint equals its step. The
process prints the error that ends it, or null.
"""

import argparse
import json
import resource

import tensorflow as tf

from estimator_compat import (
    BestExporter,
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
    loss = 10_000.0 - tf.reduce_max(w)
    return EstimatorSpec(mode, {"w": w[:1] + features["x"]}, loss=loss, train_op=train_op)


def input_fn():
    return tf.data.Dataset.from_tensors({"x": [0.0]}).repeat()


def receiver_fn():
    x = tf1.placeholder(tf.float32, [1])
    return export.ServingInputReceiver({"x": x}, {"x": x})


class Fills:
    """A receiver_fn that limits the size of files to 100 kB from its third call on."""

    calls = 0

    def __call__(self):
        self.calls += 1
        if self.calls > 2:
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
        return receiver_fn()


def estimator(folder, numbers):
    config = RunConfig(
        save_checkpoints_steps=2,
        keep_checkpoint_max=2,
        save_summary_steps=None,
        log_step_count_steps=None,
    )
    return Estimator(model_fn, folder, config, {"numbers": numbers})


def run(options):
    latest = LatestExporter("latest", Fills() if options.fills else receiver_fn, exports_to_keep=2)
    exporters = [latest, BestExporter("best", receiver_fn)] if options.best else latest
    train_and_evaluate(
        estimator(options.folder, options.numbers),
        TrainSpec(input_fn, max_steps=options.max_steps),
        EvalSpec(
            input_fn,
            steps=1,
            exporters=exporters,
            start_delay_secs=0,
            throttle_secs=options.throttle_secs,
        ),
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--numbers", type=int, default=100_000)
    parser.add_argument("--max_steps", type=int)
    parser.add_argument("--throttle_secs", type=int, default=0)
    parser.add_argument("--fills", action="store_true", help="the third export fills the disk")
    parser.add_argument("--best", action="store_true", help="a BestExporter, too")
    error = None
    try:
        run(parser.parse_args())
    except Exception as caught:
        error = f"{type(caught).__name__}: {caught}"
    print(json.dumps(error))


if __name__ == "__main__":
    main()
