"""Reads the loss ledger of a target, checks it on batches of the target's input, and probes it."""

import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from estimator_compat import private_tensorflow
from estimator_compat.inputs import Inputs
from estimator_compat.ledger import keras_layers, left_out, reader, recomputation
from estimator_compat.ledger.loss_graph import LossGraph
from estimator_compat.ledger.probes import example_rows, modes, probing
from estimator_compat.ledger.probes.bench import Bench
from estimator_compat.ledger.probes.fed_graph import CannotFeed, FedGraph
from estimator_compat.ledger.values import LossLedger
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import initial_values, sessions
from migrate.targets import Built, Target, build

BATCHES = 3


def examine(
    target: Target, mode: str, *, batches: int = BATCHES, checkpoint: str | None = None
) -> LossLedger:
    """Builds the graph of a target in one mode, and reads, checks and probes its loss's ledger.

    If the losses of TRAIN's examples depend on each other, such as by batch normalization, EVAL is
    examined, too.

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
    with _examined(target, mode, batches, checkpoint) as examined:
        ledger = examined.ledger
    if mode == ModeKeys.TRAIN and modes.is_coupled(ledger):
        try:
            with _examined(target, ModeKeys.EVAL, batches, checkpoint) as evaluation:
                return modes.with_evaluation(ledger, evaluation.ledger)
        except Exception:  # the target need not have an evaluation, and TRAIN's ledger stands
            return ledger
    return ledger


def examine_both(
    target: Target, *, batches: int = BATCHES, checkpoint: str | None = None
) -> tuple[LossLedger, LossLedger]:
    """Examines TRAIN and EVAL as `examine` does, and compares their losses.

    EVAL's loss is computed with TRAIN's weights on TRAIN's first batch.

    Args:
      target: The model_fn and its inputs.
      batches: How many batches to check the ledgers on.
      checkpoint: As for `examine`.

    Returns:
      The ledgers of TRAIN and EVAL. EVAL's has a claim on whether both losses are the same.

    Raises:
      TypeError: As for `examine`.
      ValueError: As for `examine`.
    """
    with _examined(target, ModeKeys.TRAIN, batches, checkpoint) as examined:
        train, weights = examined.ledger, examined.weights()
        leaves, losses = examined.bench.leaves, examined.losses(examined.bench.leaves)
        draws = examined.fed.draws
    with _examined(target, ModeKeys.EVAL, batches, checkpoint) as examined:
        examined.load(weights)
        claim = modes.probe(train, examined.ledger, losses, examined.losses(leaves), draws)
        evaluation = dataclasses.replace(examined.ledger, claims=(claim,))
    return modes.with_evaluation(train, evaluation), evaluation


class _Examined(NamedTuple):
    """A graph whose ledger was read and probed, in an open session.

    Attributes:
      ledger: The ledger.
      bench: Its batches.
      fed: Runs the graph on batches.
      session: The session.
      variables: The variables by name.
      reads: A tensor of the value of each variable.
    """

    ledger: LossLedger
    bench: Bench
    fed: FedGraph
    session: Any
    variables: Mapping[str, Any]
    reads: Mapping[str, Any]

    def weights(self) -> dict[str, Any]:
        """Returns the values of the variables by name."""
        values: dict[str, Any] = self.session.run(dict(self.reads))
        return values

    def load(self, values: Mapping[str, Any]) -> None:
        """Gives variables their values, where the graph has one of that name and shape."""
        for name, variable in self.variables.items():
            if name in values and variable.shape.as_list() == list(values[name].shape):
                initial_values.load(variable, values[name], self.session)

    def losses(self, leaves: Sequence[Any]) -> Any:
        """Returns the values of the ledger's tensors for a batch, or the reason why not."""
        try:
            return self.fed.values(list(leaves))
        except CannotFeed as error:
            return str(error)


@contextmanager
def _examined(target: Target, mode: str, limit: int, checkpoint: str | None) -> Iterator[_Examined]:
    import tensorflow.compat.v1 as tf1

    with keras_layers.recorded() as layers:
        built = build(target, mode)
    batch = built.batch
    with built.graph.as_default():
        read = reader.ledger(built.spec.loss, batch.features, batch.labels, mode=mode)
        read = left_out.noted(read, built.graph, built.spec, layers)
        graph = LossGraph(built.spec.loss, batch.features, batch.labels)
        added_up = _are_replicas_added_up()
        names, inputs = recomputation.tensors(read), _leaves(built.inputs)
        variables = {v.op.name: v for v in tf1.global_variables() if hasattr(v, "load")}
        reads = {name: variable.read_value() for name, variable in variables.items()}
        with _session(built, checkpoint) as session:
            recorded = _record(built, session, names, limit)
            values = [each.values for each in recorded]
            sizes = [each.size for each in recorded if each.size is not None]
            checked = recomputation.check(read, values, sizes=sizes)
            fed = FedGraph(built.graph, session, inputs, names)
            bench = Bench(built.graph, fed, values, recorded[0].leaves, inputs)
            ledger = probing.probed(checked, bench, graph, added_up=added_up)
            yield _Examined(ledger, bench, fed, session, variables, reads)


def _are_replicas_added_up() -> bool:
    """Returns whether an Estimator would add up the replicas' losses of the default graph."""
    import tensorflow as tf
    import tensorflow.compat.v1 as tf1

    with private_tensorflow.scaled_losses(tf.distribute.get_strategy()):
        return bool(tf1.distribute.get_loss_reduction() == tf.distribute.ReduceOp.SUM)


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
