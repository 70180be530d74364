"""Reads the loss ledger of a target, checks it on batches of the target's input, and probes it."""

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

from estimator_compat import private_tensorflow
from estimator_compat.inputs import Inputs
from estimator_compat.ledger import reader, recomputation
from estimator_compat.ledger.loss_graph import LossGraph
from estimator_compat.ledger.probes import example_rows, probing
from estimator_compat.ledger.probes.bench import Bench
from estimator_compat.ledger.probes.fed_graph import FedGraph
from estimator_compat.ledger.values import LossLedger
from estimator_compat.runtime import sessions
from migrate.targets import Built, Target, build

BATCHES = 3


def examine(
    target: Target,
    mode: str,
    *,
    batches: int = BATCHES,
    checkpoint: str | None = None,
) -> LossLedger:
    """Builds the graph of a target in one mode, and reads, checks and probes its loss's ledger.

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
    import tensorflow as tf
    import tensorflow.compat.v1 as tf1

    built = build(target, mode)
    batch = built.batch
    with built.graph.as_default():
        read = reader.ledger(built.spec.loss, batch.features, batch.labels, mode=mode)
        graph = LossGraph(built.spec.loss, batch.features, batch.labels)
        with private_tensorflow.scaled_losses(tf.distribute.get_strategy()):
            added_up = tf1.distribute.get_loss_reduction() == tf.distribute.ReduceOp.SUM
        names = recomputation.tensors(read)
        with _session(built, checkpoint) as session:
            recorded = _record(built, session, names, batches)
            checked = recomputation.check(
                read,
                [each.values for each in recorded],
                sizes=[each.size for each in recorded if each.size is not None],
            )
            inputs = _leaves(built.inputs)
            fed = FedGraph(built.graph, session, inputs, names)
            values = [each.values for each in recorded]
            bench = Bench(built.graph, fed, values, recorded[0].leaves, inputs)
            return probing.probed(checked, bench, graph, added_up=added_up)


class _Recorded(NamedTuple):
    """The values of one batch: the ledger's tensors, the inputs, the number of examples."""

    values: dict[str, Any]
    leaves: list[Any]
    size: int | None


def _record(built: Built, session: Any, names: Sequence[str], limit: int) -> list[_Recorded]:
    import tensorflow as tf

    fetches = {name: built.graph.get_tensor_by_name(name) for name in names}
    leaves = _leaves(built.inputs)
    recorded: list[_Recorded] = []
    while len(recorded) < limit and not session.should_stop():
        try:
            values, inputs = session.run((fetches, leaves))
        except tf.errors.OutOfRangeError:  # the end of the input
            break
        recorded.append(_Recorded(values, inputs, example_rows.size_of(inputs)))
    return recorded


def _session(built: Built, checkpoint: str | None) -> Any:
    import tensorflow as tf

    if checkpoint and os.path.isdir(checkpoint):
        checkpoint = tf.train.latest_checkpoint(checkpoint) or checkpoint
    return sessions.restored(
        scaffold=built.spec.scaffold,
        hooks=built.inputs.hooks,
        config=built.config,
        checkpoint=checkpoint,
    )


def _leaves(inputs: Inputs) -> list[Any]:
    """Returns the tensors of features and labels; a sparse or ragged tensor is one leaf."""
    import tensorflow as tf

    leaves = tf.nest.flatten((inputs.features, inputs.labels))
    return [leaf for leaf in leaves if tf.is_tensor(leaf) and hasattr(leaf, "graph")]
