"""The private member of TensorFlow that says which TPUs there are."""

import importlib
from typing import Any


def system(master: str, cluster_def: Any, *, with_topology: bool) -> Any:
    """Returns how many TPU cores and hosts a system has, and its devices.

    TPUEstimator asked for it. The public `tf.tpu.experimental.initialize_tpu_system` also starts
    the TPUs, and fails without them.

    Args:
      master: The target of sessions.
      cluster_def: The cluster of the sessions, or None.
      with_topology: Whether the topology is asked for, too.
    """
    metadata = importlib.import_module("tensorflow.python.tpu.tpu_system_metadata")
    return metadata._query_tpu_system_metadata(
        master, cluster_def=cluster_def, query_topology=with_topology
    )
