"""Builds a model_fn's model in each replica of a `tf.distribute` strategy, as an Estimator did."""

from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import legacy_keras
from estimator_compat.inputs import parse_input_fn_result
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import sessions
from estimator_compat.spec import EstimatorSpec
from estimator_compat.type_aliases import Nest, Tensor
from migrate.batch import Batch
from migrate.hosting.replicas import (
    batches,
    global_mean,
    gradient_scales,
    loss_scaling,
    worker_strategy,
)
from migrate.targets import Target


class ReplicaGraph(NamedTuple):
    """The TRAIN graph of a target, with a replica of the model for each device of this process.

    Attributes:
      graph: The `tf.Graph`.
      element: An element of the target's input: a nest of tensors of the graph.
      inputs: The input of each replica, as a nest of placeholders like `element`.
      losses: The loss that the model_fn returned in each replica.
      spec: The EstimatorSpec of all replicas. It has the reduced loss of all replicas, a train_op
        that groups their train_ops, and the hooks, predictions and scaffold of the first replica.
      rewired: The operations whose first input another tensor replaces on import: operation names
        to tensor names.
    """

    graph: tf.Graph
    element: Nest
    inputs: list[Nest]
    losses: list[tf.Tensor]
    spec: EstimatorSpec
    rewired: dict[str, str]


def build(
    target: Target, strategy: tf.distribute.Strategy, *, split: bool, exact: bool
) -> ReplicaGraph:
    """Builds the graph, in the order in which an Estimator with `train_distribute` built it.

    Args:
      target: The model_fn, its inputs, params and config.
      strategy: The strategy that creates the variables and runs the replicas.
      split: Whether a batch of the input is split over the replicas. Otherwise each replica takes a
        whole batch.
      exact: Whether the loss is computed over the global batch: see `global_mean`. Otherwise it is
        the loss of an Estimator, usually the average of the replicas' losses.

    Raises:
      ValueError: The input cannot be split, or the loss of the global batch cannot be derived.
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
        calls = _ModelFnCalls(target, inputs, exact)
        with legacy_keras.seeded(seed), legacy_keras.explained():
            losses = strategy.extended.call_for_each_replica(calls.call)
        reduce_op = tf.distribute.ReduceOp.SUM if exact else loss_scaling.reported_by(graph)
        combined = _combine(calls.specs, strategy.reduce(reduce_op, losses, axis=None))
    rewired = global_mean.rewired(graph, calls.parts) if exact else {}
    replica_losses = [spec.loss for spec in calls.specs]
    return ReplicaGraph(graph, element, inputs, replica_losses, combined, rewired)


def _element(target: Target, strategy: tf.distribute.Strategy) -> Nest:
    """Calls the input_fn; returns an element of the input.

    It is called before the model_fn, as an Estimator does, because the ops of both take their seeds
    from one sequence.
    """
    with tf1.device("/cpu:0"):
        result = target.call_input_fn(ModeKeys.TRAIN, worker_strategy.input_context(strategy))
        parsed = parse_input_fn_result(result)
    return Batch(parsed.features, parsed.labels).element


class _ModelFnCalls:
    """Calls the model_fn in each replica.

    Args:
      target: The model_fn, its params and config.
      inputs: The inputs of the replicas.
      exact: Whether the loss is computed over the global batch.

    Attributes:
      specs: The EstimatorSpecs, first replica first.
      parts: The replicas' parts of the global loss; empty if `exact` is False.
    """

    def __init__(self, target: Target, inputs: list[Nest], exact: bool) -> None:
        self._target, self._inputs, self._exact = target, inputs, exact
        self.specs: list[Any] = [None] * len(inputs)
        self.parts: list[global_mean.ReplicaPart] = []

    @tf.autograph.experimental.do_not_convert
    def call(self) -> Tensor:
        """Builds the model of the replica in whose context it is called; returns the loss."""
        index = replica_index(len(self._inputs))
        own_input = self._inputs[index]
        batch = Batch.of(own_input)
        spec = self._target.call_model_fn(batch.features, batch.labels, ModeKeys.TRAIN)
        self.specs[index] = spec
        if not self._exact:
            return spec.loss
        others = [element for element in self._inputs if element is not own_input]
        part = global_mean.replica_part(spec.loss, batch.features, batch.labels, others)
        self.parts.append(part)
        return part.loss


def replica_index(replicas: int) -> int:
    """Returns the index of the present replica among the replicas of this process.

    Args:
      replicas: The number of replicas in this process.
    """
    replica_id = tf.get_static_value(tf.distribute.get_replica_context().replica_id_in_sync_group)
    return int(replica_id) % replicas


def _combine(specs: list[Any], loss: tf.Tensor) -> EstimatorSpec:
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
