"""Adds a graph with its variables to a SavedModel."""

from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_keras
from estimator_compat.runtime import sessions
from estimator_compat.type_aliases import Operation


def save_graph(
    builder: Any,
    *,
    scaffold: Any,
    train_op: Operation | None,
    checkpoint_path: str,
    config: Any,
    with_variables: bool,
    **meta_graph: Any,
) -> None:
    """Adds the default graph to a SavedModel.

    Args:
      builder: A `tf.compat.v1.saved_model.Builder`.
      scaffold: Its saver restores the checkpoint; its `local_init_op` becomes the `main_op`.
      train_op: The op of a TRAIN graph that makes a training step, or None.
      checkpoint_path: The checkpoint to restore.
      config: The RunConfig.
      with_variables: Whether to save the variables, too; a SavedModel has them once, not for each
        graph.
      **meta_graph: Further arguments of `add_meta_graph`, such as `tags` and `signature_def_map`.

    Raises:
      ValueError: The checkpoint lacks a variable of the graph.
    """
    saver = scaffold.saver or sessions.sharded_saver()
    if isinstance(saver, tf.train.Checkpoint):
        saver = sessions.sharded_saver(private_keras.saveables(saver))
    local_init_op = scaffold.local_init_op
    if local_init_op is None:
        local_init_op = tf1.train.Scaffold.default_local_init_op()
    if train_op is not None:
        tf1.add_to_collection("saved_model_train_op", train_op)
    meta_graph = {
        "assets_collection": tf1.get_collection(tf1.GraphKeys.ASSET_FILEPATHS),
        "main_op": local_init_op,
        "saver": saver,
        **meta_graph,
    }
    with sessions.plain(config) as session:
        try:
            saver.restore(session, checkpoint_path)
        except tf.errors.NotFoundError as error:
            raise ValueError(
                "Could not load all requested variables from checkpoint. "
                f"{checkpoint_path} lacks some variables of the exported graph; expected the "
                "model_fn to create the same variables in this mode as in TRAIN; create them in "
                "both. "
                f"TensorFlow says: {error.message}"
            ) from error
        if with_variables:
            builder.add_meta_graph_and_variables(session, **meta_graph)
        else:
            builder.add_meta_graph(**meta_graph)
