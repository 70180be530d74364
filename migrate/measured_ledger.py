"""Reads the loss ledger of a target and checks it on batches of the target's input."""

import os
from typing import Any

from estimator_compat.inputs import Inputs
from estimator_compat.ledger import keras_layers, left_out, reader, recomputation
from estimator_compat.ledger.values import LossLedger
from estimator_compat.runtime import sessions
from migrate.targets import Built, Target, build

BATCHES = 3


def examine(
    target: Target, mode: str, *, batches: int = BATCHES, checkpoint: str | None = None
) -> LossLedger:
    """Builds the graph of a target in one mode, and reads and checks the ledger of its loss.

    Args:
      target: The model_fn and its inputs.
      mode: `ModeKeys.TRAIN` or `ModeKeys.EVAL`.
      batches: How many batches to check the ledger on; fewer if the input ends before.
      checkpoint: The path of a checkpoint with values for the variables, or a folder, whose latest
        checkpoint is taken; None for the initial values.

    Raises:
      TypeError: The model_fn's loss is not a Tensor of a graph, or not of floats.
      ValueError: The features or labels belong to another graph, or the input is empty.
    """
    with keras_layers.recorded() as layers:
        built = build(target, mode)
    batch = built.batch
    with built.graph.as_default():
        read = reader.ledger(built.spec.loss, batch.features, batch.labels, mode=mode)
        read = left_out.noted(read, built.graph, built.spec, layers)
        return _checked(built, read, batches, checkpoint)


def _checked(built: Built, read: LossLedger, limit: int, checkpoint: str | None) -> LossLedger:
    import tensorflow as tf

    if checkpoint and os.path.isdir(checkpoint):
        checkpoint = tf.train.latest_checkpoint(checkpoint) or checkpoint
    names = recomputation.tensors(read)
    size = _batch_size(built.inputs)
    batches = sessions.batches(
        ({name: built.graph.get_tensor_by_name(name) for name in names}, size),
        scaffold=built.spec.scaffold,
        hooks=built.inputs.hooks,
        config=built.config,
        checkpoint=checkpoint,
        limit=limit,
    )
    recorded = list(batches)
    return recomputation.check(
        read,
        [values for values, _ in recorded],
        sizes=[int(size) for _, size in recorded] if size != () else (),
    )


def _batch_size(inputs: Inputs) -> Any:
    """Returns the number of examples in a batch, as a tensor; () if no tensor has a batch axis."""
    import tensorflow as tf

    tensors = tf.nest.flatten((inputs.features, inputs.labels), expand_composites=False)
    dense = [t for t in tensors if isinstance(t, tf.Tensor) and t.shape.rank]
    return tf.shape(dense[0])[0] if dense else ()
