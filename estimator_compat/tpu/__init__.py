"""`tf.estimator.tpu` on CPU and GPU, and the remaining names of `tf.contrib.tpu`.

The names that TensorFlow still has in `tf.compat.v1.tpu` are available here too.
"""

from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.tpu.config import InputPipelineConfig, RunConfig, TPUConfig
from estimator_compat.tpu.estimator import TPUEstimator
from estimator_compat.tpu.optimizer import CrossShardOptimizer
from estimator_compat.tpu.spec import TPUEstimatorSpec
from estimator_compat.tpu.speed import ExamplesPerSecondHook

__all__ = [
    "CrossShardOptimizer",
    "ExamplesPerSecondHook",
    "InputPipelineConfig",
    "RunConfig",
    "TPUConfig",
    "TPUEstimator",
    "TPUEstimatorSpec",
]

# Names of `tf.compat.v1.tpu`, then names of `tf.compat.v1.tpu.experimental`.
_TENSORFLOW_NAMES = (
    "PaddingSpec",
    "XLAOptions",
    "batch_parallel",
    "bfloat16_scope",
    "core",
    "cross_replica_sum",
    "initialize_system",
    "outside_compilation",
    "replicate",
    "rewrite",
    "shard",
    "shutdown_system",
)
_EXPERIMENTAL_NAMES = ("DeviceAssignment", "Topology")


def __getattr__(name: str) -> Any:
    if name in _TENSORFLOW_NAMES:
        return getattr(tf1.tpu, name)
    if name in _EXPERIMENTAL_NAMES:
        return getattr(tf1.tpu.experimental, name)
    if name == "experimental":
        raise AttributeError(
            "`tpu.experimental` held EmbeddingConfigSpec only, which needs the TPU embedding that "
            "TensorFlow removed in 2.16; expected a program without it; use feature columns, or "
            "tf.tpu.experimental.embedding under TPUStrategy."
        )
    raise AttributeError(f"module 'estimator_compat.tpu' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_TENSORFLOW_NAMES, *_EXPERIMENTAL_NAMES})
