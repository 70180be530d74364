"""Records the programs of `replica_programs` under the real Estimator of TensorFlow 2.15.

python -m tests.migrate.hosting.replicas.record
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import tensorflow as tf

from tests.migrate.hosting.replicas.programs import PROGRAMS, STEPS, input_fn
from tests.recording import platforms
from tests.recording.values import hex_of

# CPUs with and without AVX-512 round differently: see `cases.check`.
_SUFFIX = "" if "avx512f" in platforms.at_hand()["cpu_features"] else "_without_avx512"
RECORDING = Path(__file__).parent / f"recording{_SUFFIX}.json"


def two_devices() -> tf.distribute.Strategy:
    """Splits the processor in two; before anything else is done with TensorFlow."""
    processor = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration() for _ in range(2)]
    tf.config.set_logical_device_configuration(processor, parts)
    reduction = tf.distribute.ReductionToOneDevice()
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"], cross_device_ops=reduction)


def run(name: str, strategy: tf.distribute.Strategy) -> dict[str, Any]:
    estimators = tf.compat.v1.estimator
    losses = []

    class Losses(tf.compat.v1.train.SessionRunHook):
        def before_run(self, run_context: Any) -> Any:
            loss = tf.compat.v1.get_collection(tf.compat.v1.GraphKeys.LOSSES)[-1]
            return tf.compat.v1.train.SessionRunArgs(loss)

        def after_run(self, run_context: Any, run_values: Any) -> None:
            losses.append(float(run_values.results).hex())

    with tempfile.TemporaryDirectory() as folder:
        config = estimators.RunConfig(
            folder, tf_random_seed=1, train_distribute=strategy, save_checkpoints_steps=3
        )
        estimator = estimators.Estimator(PROGRAMS[name](estimators.EstimatorSpec), config=config)
        estimator.train(input_fn, hooks=[Losses()])
        read = tf.train.load_checkpoint(folder)
        variables = {n: hex_of(read.get_tensor(n)) for n in read.get_variable_to_shape_map()}
    assert len(losses) == STEPS
    return {"losses": losses, "variables": variables}


def main() -> None:
    strategy = two_devices()
    found = {name: run(name, strategy) for name in PROGRAMS}
    found["tensorflow"] = tf.__version__
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in sorted(found.items())]
    RECORDING.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
