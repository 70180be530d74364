"""One task of a cluster: the legacy main of `test_cluster.py`, run once a process."""

import json
import sys

import tensorflow.compat.v1 as tf

import estimator_compat

tf.estimator = estimator_compat

from tests.scenarios.scripts import model  # noqa: E402 - it takes `tf.estimator` from here


def main() -> None:
    tf.disable_v2_behavior()
    estimator = model.estimator(
        sys.argv[1], save_checkpoints_steps=50, experimental_max_worker_delay_secs=0
    )
    result = tf.estimator.train_and_evaluate(
        estimator,
        tf.estimator.TrainSpec(model.train_input_fn, max_steps=200),
        tf.estimator.EvalSpec(model.eval_input_fn, steps=None, start_delay_secs=0, throttle_secs=1),
    )
    config = estimator.config
    print(json.dumps([result, config.task_type, config.is_chief, config.num_worker_replicas]))


if __name__ == "__main__":
    main()
