"""`tf.estimator.tpu` on CPU and GPU, and what is left of `tf.contrib.tpu`.

Names that TensorFlow still has in `tf.compat.v1.tpu` are found here too.
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

# TensorFlow's own names that a program finds here too.
_TENSORFLOWS = (
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
_EXPERIMENTAL = ("DeviceAssignment", "Topology")


def __getattr__(name: str) -> Any:
    if name in _TENSORFLOWS:
        return getattr(tf1.tpu, name)
    if name in _EXPERIMENTAL:
        return getattr(tf1.tpu.experimental, name)
    if name == "experimental":
        raise AttributeError(
            "`tpu.experimental` held EmbeddingConfigSpec only, which needs the TPU embedding that "
            "TensorFlow removed in 2.16; expected a program without it; use feature columns, or "
            "tf.tpu.experimental.embedding under TPUStrategy."
        )
    raise AttributeError(f"module 'estimator_compat.tpu' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_TENSORFLOWS, *_EXPERIMENTAL})
