"""Per-example losses and their weighted mean, over all replicas."""

from typing import Any, NamedTuple

import tensorflow as tf

from estimator_compat.ledger import function_bodies, reader, summary_wrapper
from estimator_compat.ledger.values import LossLedger, LossTerm
from estimator_compat.losses import summaries
from estimator_compat.losses.weighted_losses import check_weights
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import Nest
from migrate.batch import Batch
from migrate.hosting.replicas import build, global_mean


class ReplicatedTerm(NamedTuple):
    """A term of the loss that is reduced from unreduced losses, over all replicas.

    Attributes:
      term: The term in the ledger of the first replica's loss.
      losses: The unreduced losses of each replica of this process.
      average: The weighted mean of the unreduced losses of all processes' replicas; 0 if the sum of
        the weights is 0.
    """

    term: LossTerm
    losses: list[tf.Tensor]
    average: tf.Tensor


class ReplicatedTerms(NamedTuple):
    """The terms of the replicas' losses.

    Attributes:
      ledger: The ledger of the first replica's loss.
      terms: The terms that all replicas have, in the order of the ledger; empty if the replicas
        have different numbers of terms.
    """

    ledger: LossLedger
    terms: list[ReplicatedTerm]


def find_terms(
    losses: list[tf.Tensor], inputs: list[Nest], strategy: tf.distribute.Strategy
) -> ReplicatedTerms:
    """Finds the terms of the replicas' losses in the default graph.

    Args:
      losses: The loss that the model_fn returned in each replica of this process.
      inputs: The input of each replica.
      strategy: The strategy of the replicas.
    """
    with strategy.scope():
        ledger_reader = _LedgerReader(losses, inputs)
        strategy.extended.call_for_each_replica(ledger_reader.read)
        counts = {len(terms) for terms in ledger_reader.terms}
        if counts == {0} or len(counts) > 1:
            return ReplicatedTerms(ledger_reader.ledgers[0], [])
        sums = strategy.extended.call_for_each_replica(ledger_reader.sums)
        sums = strategy.reduce(tf.distribute.ReduceOp.SUM, sums, axis=None)
    terms = [
        ReplicatedTerm(
            term=term,
            losses=[unreduced[index][0] for unreduced in ledger_reader.unreduced],
            average=tf.math.divide_no_nan(sums[index, 0], sums[index, 1]),
        )
        for index, term in enumerate(ledger_reader.terms[0])
    ]
    return ReplicatedTerms(ledger_reader.ledgers[0], terms)


class _LedgerReader:
    """Reads the ledgers of the replicas' losses; its methods are called in each replica's context.

    Args:
      losses: The loss of each replica of this process.
      inputs: The input of each replica.

    Attributes:
      ledgers: The ledger of each replica's loss.
      terms: For each replica, the data terms of its ledger that are its own. Its total loss may
        also have terms of other replicas.
      unreduced: For each replica, pairs of the losses and the weights of these terms.
    """

    def __init__(self, losses: list[tf.Tensor], inputs: list[Nest]) -> None:
        self._losses, self._inputs = losses, inputs
        self.ledgers: list[Any] = [None] * len(inputs)
        self.terms: list[list[LossTerm]] = [[] for _ in inputs]
        self.unreduced: list[list[Any]] = [[] for _ in inputs]

    @tf.autograph.experimental.do_not_convert
    def read(self) -> None:
        """Reads the ledger of the replica's loss."""
        index = build.replica_index(len(self._inputs))
        loss, own_input = self._losses[index], self._inputs[index]
        batch = Batch.of(own_input)
        others = [element for element in self._inputs if element is not own_input]
        others_ops = global_mean.ops_of_other_replicas(others)
        self.ledgers[index] = reader.ledger(loss, batch.features, batch.labels, mode=ModeKeys.TRAIN)
        for term in self.ledgers[index].data_terms:
            if global_mean.own_tensors(term, loss.graph, others_ops):
                self.terms[index].append(term)
                self.unreduced[index].append(summary_wrapper.unreduced(term))

    @tf.autograph.experimental.do_not_convert
    def sums(self) -> tf.Tensor:
        """Returns each term's sums of weighted losses and of weights, in float32: `[terms, 2]`."""
        rows = []
        for losses, weights in self.unreduced[build.replica_index(len(self._inputs))]:
            losses = tf.cast(losses, tf.float32)
            weights = check_weights(losses, 1.0 if weights is None else weights)
            full_weights = tf.cast(weights, tf.float32) * tf.ones_like(losses)
            weighted_sum = tf.reduce_sum(full_weights * losses)
            rows.append(tf.stack([weighted_sum, tf.reduce_sum(full_weights)]))
        return tf.stack(rows)


def step_values(replicated: ReplicatedTerms) -> dict[str, tf.Tensor]:
    """Returns the losses of a step's first term, by the names of `StepResult`."""
    if not replicated.terms or summary_wrapper.first_term(replicated.ledger) is None:
        return {}
    first = replicated.terms[0]
    values, parts = {"average_loss": first.average}, first.losses
    if any(map(function_bodies.reads_again, parts)):
        return {}  # the losses would race with the update of a variable
    shape = parts[0].shape
    # If the size of an axis is unknown, replicas may have padded their examples to unequal lengths,
    # which cannot be concatenated.
    if len(parts) == 1 or (shape.rank and shape[1:].is_fully_defined()):
        values["loss_per_example"] = tf.concat(parts, 0) if parts[1:] else parts[0]
    return values


def summarize(replicated: ReplicatedTerms) -> None:
    """Adds the summaries `loss_per_example` and `average_loss` of the terms, once for all replicas.

    The tags are the same as in `with_loss_summaries`. A summary is left out if the model_fn itself
    uses its tag. Terms that are left out are logged.
    """
    taken_tags = summaries.taken_tags()
    to_summarize = summary_wrapper.summarized(replicated.ledger)
    summarized = [term for term in replicated.terms if term.term in to_summarize]
    # The ledger of the first replica may also have terms of other replicas, which do not count.
    are_parts = len(replicated.terms) > 1 or bool(replicated.ledger.stopped_by)
    for term in summarized:
        name = term.term.name if are_parts else ""
        if summary_wrapper.races(term.term.name, term.losses):
            continue
        if taken_tags.isdisjoint(summaries.tags(name)):
            flat = tf.concat([tf.reshape(part, [-1]) for part in term.losses], 0)
            summaries.add(flat, term.average, term=name)
