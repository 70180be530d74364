"""The methods of an Estimator that build and train a model in the replicas of a strategy."""

import copy
from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import inputs, legacy_keras
from estimator_compat.config import RunConfig
from estimator_compat.distribution import coordinating, replica_graphs
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import evaluation
from estimator_compat.spec import EstimatorSpec
from estimator_compat.type_aliases import Hook, InputFn, Variable


class RunsInReplicas:
    """The methods of an Estimator for `train_distribute` and `eval_distribute`, a mixin.

    `Estimator` sets the attributes and defines the methods that are declared here.
    """

    _config: RunConfig
    _call_model_fn: Callable[..., EstimatorSpec]
    _create_global_step: Callable[[], Variable]
    _inputs: Callable[..., inputs.Inputs]
    _finish_training: Callable[..., Any]
    config: Any

    def _train_in_replicas(self, input_fn: InputFn, hooks: list[Hook], listeners: list[Any]) -> Any:
        """Trains under `train_distribute`, in the order in which the original built the graph."""
        coordinating.check_single_call(self._config, "estimator.train")
        strategy = self._config.train_distribute
        coordinating.configure(strategy, self._config)
        graph = tf.Graph()
        with graph.as_default(), strategy.scope(), replica_graphs.scaled_losses(strategy):
            tf1.set_random_seed(self._config.tf_random_seed)
            parsed = self._inputs(input_fn, ModeKeys.TRAIN, strategy)
            replica_graphs.read_global_step(strategy, self._create_global_step())
            with legacy_keras.seeded(self._config.tf_random_seed):
                spec = replica_graphs.training(
                    strategy, self._replica_of(ModeKeys.TRAIN), parsed.features, parsed.labels
                )
            return self._finish_training(spec, [*parsed.hooks, *hooks], listeners)

    def _evaluation_in_replicas(self, input_fn: InputFn, hooks: list[Hook]) -> evaluation.Graph:
        """Builds the inputs, the model and the metrics under `eval_distribute`."""
        strategy = self._config.eval_distribute
        for hook in hooks:
            if isinstance(hook, evaluation.InputsHook):
                raise ValueError(
                    f"`hooks` has {hook!r:.100}, which reads the features and labels of a batch, "
                    "and each replica of `eval_distribute` has a batch of its own; expected an "
                    "evaluation on one device; evaluate with an Estimator whose RunConfig has no "
                    "`eval_distribute`."
                )
        parsed = self._inputs(input_fn, ModeKeys.EVAL, strategy)
        with legacy_keras.seeded(self._config.tf_random_seed):
            scaffold, update_op, values, own_hooks = replica_graphs.evaluated(
                strategy, self._replica_of(ModeKeys.EVAL), parsed.features, parsed.labels
            )
        return evaluation.Graph(
            scaffold=scaffold,
            update_op=update_op,
            values=values,
            hooks=[*parsed.hooks, *hooks, *own_hooks],
        )

    def _in_task(self, config: RunConfig) -> Any:
        """Returns a copy of the Estimator with the RunConfig of a task of the cluster."""
        copied = copy.copy(self)
        copied._config = config  # noqa: SLF001
        return copied

    def _replica_of(self, mode: str) -> replica_graphs.Build:
        def build(features: Any, labels: Any) -> EstimatorSpec:
            return self._call_model_fn(features, labels, mode, self.config)

        return build
