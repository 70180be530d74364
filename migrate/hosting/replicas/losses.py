"""The losses behind the loss, of all replicas: for each example, and their weighted mean."""

from typing import Any, NamedTuple

import tensorflow as tf

from estimator_compat.ledger import reader, summary_wrapper
from estimator_compat.ledger.values import LossLedger, LossTerm
from estimator_compat.losses import summaries
from estimator_compat.losses.weighted_losses import check_weights
from estimator_compat.mode_keys import ModeKeys
from migrate.batch import Batch
from migrate.hosting.replicas import build, global_mean


class Term(NamedTuple):
    """A term of the loss that is reduced from unreduced losses.

    Attributes:
      of: The term in the ledger of the first replica.
      losses: The unreduced losses of each replica of this process.
      average: Their weighted mean, over the replicas of all processes; 0 where no weights are.
    """

    of: LossTerm
    losses: list[tf.Tensor]
    average: tf.Tensor


class Terms(NamedTuple):
    """The terms, first term first, and the ledger of the first replica's loss."""

    ledger: LossLedger
    terms: list[Term]


def find(losses: list[tf.Tensor], inputs: list[Any], strategy: Any) -> Terms:
    """Finds the terms of the replicas' losses in the default graph.

    Args:
      losses: What the model_fn returned for each replica of this process.
      inputs: What each was given.
      strategy: Whose replicas they are.

    Returns:
      No terms where the replicas' are not alike.
    """
    with strategy.scope():
        found = _Replicas(losses, inputs)
        strategy.extended.call_for_each_replica(found.read)
        alike = {len(terms) for terms in found.terms}
        if alike == {0} or len(alike) > 1:
            return Terms(found.ledgers[0], [])
        sums = strategy.extended.call_for_each_replica(found.sums)
        sums = strategy.reduce(tf.distribute.ReduceOp.SUM, sums, axis=None)
    terms = [
        Term(
            of=term,
            losses=[one[index][0] for one in found.unreduced],
            average=tf.math.divide_no_nan(sums[index, 0], sums[index, 1]),
        )
        for index, term in enumerate(found.terms[0])
    ]
    return Terms(found.ledgers[0], terms)


class _Replicas:
    """Reads the ledgers of the replicas' losses; its methods are called in a replica's context.

    Attributes:
      ledgers: Those of the replicas.
      terms: Of each ledger, the terms that are the replica's own: its total loss may have others'.
      unreduced: Their losses and weights.
    """

    def __init__(self, losses: list[tf.Tensor], inputs: list[Any]) -> None:
        self._losses, self._inputs = losses, inputs
        self.ledgers: list[Any] = [None] * len(inputs)
        self.terms: list[list[LossTerm]] = [[] for _ in inputs]
        self.unreduced: list[list[Any]] = [[] for _ in inputs]

    @tf.autograph.experimental.do_not_convert
    def read(self) -> None:
        """Finds the replica's terms."""
        place = build.own_place(len(self._inputs))
        loss, given = self._losses[place], self._inputs[place]
        batch = Batch.of(given)
        foreign = global_mean.foreign([one for one in self._inputs if one is not given])
        self.ledgers[place] = reader.ledger(loss, batch.features, batch.labels, mode=ModeKeys.TRAIN)
        for term in self.ledgers[place].data_terms:
            if global_mean.own_tensors(term, loss.graph, foreign):
                self.terms[place].append(term)
                self.unreduced[place].append(summary_wrapper.unreduced(term))

    @tf.autograph.experimental.do_not_convert
    def sums(self) -> tf.Tensor:
        """The sums of each term's weighted losses and of its weights, in float32: `[terms, 2]`."""
        found = []
        for losses, weights in self.unreduced[build.own_place(len(self._inputs))]:
            losses = tf.cast(losses, tf.float32)
            weights = check_weights(losses, 1.0 if weights is None else weights)
            whole = tf.cast(weights, tf.float32) * tf.ones_like(losses)
            found.append(tf.stack([tf.reduce_sum(whole * losses), tf.reduce_sum(whole)]))
        return tf.stack(found)


def step_values(found: Terms) -> dict[str, tf.Tensor]:
    """What a step can tell of its first term, by the names of `StepResult`."""
    if not found.terms:
        return {}
    told, parts = {"average_loss": found.terms[0].average}, found.terms[0].losses
    shape = parts[0].shape
    # Replicas may have padded their examples to unequal lengths.
    if len(parts) == 1 or (shape.rank and shape[1:].is_fully_defined()):
        told["loss_per_example"] = tf.concat(parts, 0) if parts[1:] else parts[0]
    return told


def summarize(found: Terms) -> None:
    """Adds `loss_per_example` and `average_loss` of the terms, once for all replicas.

    Tags are as `with_loss_summaries` gives them; one that the model_fn has is left to it. What is
    left out is logged.
    """
    taken, known = summaries.taken_tags(), summary_wrapper.summarized(found.ledger)
    shown = [term for term in found.terms if term.of in known]
    for term in shown:
        name = term.of.name if len(shown) > 1 else ""
        if taken.isdisjoint(summaries.tags(name)):
            flat = tf.concat([tf.reshape(part, [-1]) for part in term.losses], 0)
            summaries.add(flat, term.average, term=name)
