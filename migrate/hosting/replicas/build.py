"""Builds a model_fn once for each replica of a `tf.distribute` strategy, as an Estimator did."""

from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import legacy_keras
from estimator_compat.inputs import parse_input_fn_result
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import sessions
from estimator_compat.spec import EstimatorSpec
from migrate.batch import Batch
from migrate.hosting.replicas import (
    batches,
    global_mean,
    gradient_scales,
    loss_scaling,
    worker_strategy,
)
from migrate.targets import Target


class Replicas(NamedTuple):
    """The TRAIN graph of a target, with a replica for each device of this process.

    Attributes:
      graph: A `tf.Graph`.
      element: What one iteration of the target's input yields: tensors of the graph.
      inputs: What each replica is given, like it.
      losses: What the model_fn returned for each replica.
      spec: The EstimatorSpec of all of them: one loss, one train_op, the first one's hooks.
      rewired: Which operations need another input on import: name to tensor name.
    """

    graph: tf.Graph
    element: Any
    inputs: list[Any]
    losses: list[tf.Tensor]
    spec: EstimatorSpec
    rewired: dict[str, str]


def build(
    target: Target, strategy: tf.distribute.Strategy, *, split: bool, exact: bool
) -> Replicas:
    """Builds the graph, in the order in which an Estimator with `train_distribute` built it.

    Args:
      target: The model_fn, its input, params and a config.
      strategy: What creates the variables and runs the replicas.
      split: Whether a batch of the input is split over the replicas; else each gets its own.
      exact: Whether the loss is that of the global batch: see `global_mean`. Else it is what it was
        under an Estimator, as a rule the average of the replicas' losses.

    Raises:
      ValueError: The input cannot be split, or the loss of the global batch is not known.
    """
    graph, seed = tf1.Graph(), target.run_config.tf_random_seed
    context = gradient_scales.recorded(graph) if exact else loss_scaling.as_an_estimator(strategy)
    with graph.as_default(), strategy.scope(), context:
        tf1.set_random_seed(seed)
        element = _element(target, strategy)
        tf1.train.create_global_step()
        sessions.create_global_step_read()
        inputs = (batches.parts if split else batches.placeholders)(
            element, len(strategy.extended.worker_devices)
        )
        calls = _Calls(target, inputs, exact)
        with legacy_keras.seeded(seed), legacy_keras.explained():
            losses = strategy.extended.call_for_each_replica(calls.one)
        how = tf.distribute.ReduceOp.SUM if exact else loss_scaling.reported_by(graph)
        combined = _combined(calls.specs, strategy.reduce(how, losses, axis=None))
    rewired = global_mean.rewired(graph, calls.means) if exact else {}
    own = [spec.loss for spec in calls.specs]
    return Replicas(graph, element, inputs, own, combined, rewired)


def _element(target: Target, strategy: tf.distribute.Strategy) -> Any:
    """Calls the input_fn, which draws its seeds before the model does."""
    with tf1.device("/cpu:0"):
        result = target.call_input_fn(ModeKeys.TRAIN, worker_strategy.input_context(strategy))
        given = parse_input_fn_result(result)
    return Batch(given.features, given.labels).element


class _Calls:
    """Calls of the model_fn, one for each replica.

    Attributes:
      specs: The EstimatorSpecs, first replica first.
      means: The replicas' parts of the global loss, where it is asked for.
    """

    def __init__(self, target: Target, inputs: list[Any], exact: bool) -> None:
        self._target, self._inputs, self._exact = target, inputs, exact
        self.specs: list[Any] = [None] * len(inputs)
        self.means: list[global_mean.Mean] = []

    @tf.autograph.experimental.do_not_convert
    def one(self) -> tf.Tensor:
        """Builds the model of the replica in whose context it is called; returns its loss."""
        place = own_place(len(self._inputs))
        given = self._inputs[place]
        batch = Batch.of(given)
        spec = self._target.call_model_fn(batch.features, batch.labels, ModeKeys.TRAIN)
        self.specs[place] = spec
        if not self._exact:
            return spec.loss
        others = [one for one in self._inputs if one is not given]
        self.means.append(global_mean.of(spec.loss, batch.features, batch.labels, others))
        return self.means[-1].loss


def own_place(replicas: int) -> int:
    """The place of the replica in whose context it is called among those of this process."""
    number = tf.get_static_value(tf.distribute.get_replica_context().replica_id_in_sync_group)
    return int(number) % replicas


def _combined(specs: list[Any], loss: tf.Tensor) -> EstimatorSpec:
    first = specs[0]
    return EstimatorSpec(
        ModeKeys.TRAIN,
        predictions=first.predictions,
        loss=loss,
        train_op=tf.group(*[spec.train_op for spec in specs]),
        training_hooks=first.training_hooks,
        training_chief_hooks=first.training_chief_hooks,
        scaffold=first.scaffold,
    )
