"""The names of the variables in an object-based checkpoint that a graph's session wrote."""

import tensorflow as tf
from tensorflow.core.protobuf import trackable_object_graph_pb2

from estimator_compat.runtime import checkpoint_files


def by_name(checkpoint: str) -> dict[str, str]:
    """Maps the variables' names in their graph to their keys in the checkpoint.

    Args:
      checkpoint: The path of a checkpoint of `tf.train.Checkpoint`.

    Returns:
      The keys; none if the checkpoint has no global step, and so is not an Estimator's.
    """
    serialized = tf.train.load_checkpoint(checkpoint).get_tensor(checkpoint_files.OBJECT_GRAPH)
    graph = trackable_object_graph_pb2.TrackableObjectGraph.FromString(serialized)
    saved = (attribute for node in graph.nodes for attribute in node.attributes)
    keys = {each.full_name: each.checkpoint_key for each in saved if each.full_name}
    return keys if tf.compat.v1.GraphKeys.GLOBAL_STEP in keys else {}
