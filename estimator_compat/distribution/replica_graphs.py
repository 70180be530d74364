"""The graphs of a model_fn in the replicas of a strategy: its training and its evaluation."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.distribution import scaffolds
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import evaluation
from estimator_compat.spec import EstimatorSpec
from estimator_compat.type_aliases import Hook, Operation, Tensor

_ONE_DEVICE = (tf.distribute.OneDeviceStrategy, tf1.distribute.OneDeviceStrategy)
# Builds the model of a replica from its features and labels.
Build = Callable[[Any, Any], EstimatorSpec]


def scaled_losses(strategy: tf.distribute.Strategy) -> AbstractContextManager[Any]:
    """Returns the context in which optimizers divide losses by the number of replicas.

    The optimizers of `tf.compat.v1.train` add up the gradients of all replicas. In this context
    they divide the loss first, unless the last loss of `tf.compat.v1.losses` was reduced by SUM.
    """
    return private_tensorflow.scaled_losses(strategy)


def reported_reduction() -> Any:
    """Returns the `ReduceOp` that makes one loss from the losses of the replicas.

    It must be called inside the context of `scaled_losses`, after all replicas are built.
    """
    if private_tensorflow.is_loss_scaled(tf1.get_default_graph()):
        return tf1.distribute.get_loss_reduction()
    return tf.distribute.ReduceOp.SUM


def read_global_step(strategy: tf.distribute.Strategy, global_step: Any) -> None:
    """Lets hooks and optimizers read the global step outside the replicas."""
    private_tensorflow.add_global_step_read(strategy.extended.read_var(global_step))


def training(
    strategy: tf.distribute.Strategy, build: Build, features: Any, labels: Any
) -> EstimatorSpec:
    """Builds the model of each replica, and returns one EstimatorSpec for all of them.

    Its loss is the sum or the mean of the replicas' losses, its train_op runs their train_ops, and
    its hooks are those of the first replica.

    Args:
      strategy: The strategy. Its scope and the context of `scaled_losses` are entered.
      build: Builds the model of a replica.
      features: A value for each replica.
      labels: A value for each replica, or None.
    """
    specs = _in_each(strategy, build, features, labels)
    loss = strategy.reduce(reported_reduction(), specs.loss, axis=None)
    return EstimatorSpec(
        ModeKeys.TRAIN,
        loss=loss,
        train_op=strategy.group(specs.train_op),
        training_hooks=_of_the_first(strategy, specs.training_hooks),
        training_chief_hooks=_of_the_first(strategy, specs.training_chief_hooks),
        scaffold=scaffolds.combined(strategy, specs.scaffold),
    )


def evaluated(
    strategy: tf.distribute.Strategy, build: Build, features: Any, labels: Any
) -> tuple[Any, Operation, dict[str, Tensor], list[Hook]]:
    """Builds the model and the metrics of each replica; the metrics count all replicas.

    Args:
      strategy: The strategy. Its scope is entered.
      build: Builds the model of a replica.
      features: A value for each replica.
      labels: A value for each replica, or None.

    Returns:
      The combined Scaffold, the op that adds a batch of each replica to the metrics, the metrics'
      values, and the evaluation_hooks of the first replica.
    """
    specs = _in_each(strategy, build, features, labels)
    evaluation.check_metric_names(specs.eval_metric_ops)
    mean_loss = strategy.extended.call_for_each_replica(tf1.metrics.mean, args=(specs.loss,))
    metrics = {**specs.eval_metric_ops, evaluation.LOSS: mean_loss}
    update_op, values = _split(strategy, metrics)
    scaffold = scaffolds.combined(strategy, specs.scaffold)
    return scaffold, update_op, values, _of_the_first(strategy, specs.evaluation_hooks)


def _in_each(strategy: tf.distribute.Strategy, build: Build, features: Any, labels: Any) -> Any:
    """Builds the model of each replica; returns an EstimatorSpec with a value for each.

    AutoGraph converts the model_fn under the same strategies as it did under the original: all that
    may have several replicas.
    """

    def build_one(features: Any, labels: Any) -> EstimatorSpec:
        with private_tensorflow.converting():
            return build(features, labels)

    with private_tensorflow.kept_as_written(__name__.partition(".")[0]):
        return strategy.extended.call_for_each_replica(
            build if isinstance(strategy, _ONE_DEVICE) else build_one, args=(features, labels)
        )


def _split(
    strategy: tf.distribute.Strategy, metrics: Mapping[str, Any]
) -> tuple[Operation, dict[str, Tensor]]:
    ordered = sorted(metrics.items())
    update_op = tf.group(*(strategy.group(update) for _, (_, update) in ordered))
    return update_op, {name: value for name, (value, _) in ordered}


def _of_the_first(strategy: tf.distribute.Strategy, hooks: Any) -> list[Hook]:
    return [strategy.experimental_local_results(hook)[0] for hook in hooks]
