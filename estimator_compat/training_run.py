"""Trains the model of a graph: adds what its training needs, and makes the steps."""

from collections.abc import Sequence
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.config import RunConfig
from estimator_compat.distribution import coordinating
from estimator_compat.losses import summaries
from estimator_compat.runtime import sessions, training_hooks
from estimator_compat.spec import EstimatorSpec
from estimator_compat.type_aliases import Hook


def run(
    spec: EstimatorSpec, config: RunConfig, hooks: Sequence[Hook], listeners: Sequence[Any]
) -> Any:
    """Trains until the input ends or a hook stops it; returns the last loss, or None.

    Args:
      spec: The EstimatorSpec of the default graph.
      config: The RunConfig.
      hooks: The hooks of the input and of the caller.
      listeners: The `CheckpointSaverListener`s.
    """
    summaries.add_loss(spec.loss)
    tf1.add_to_collection(tf1.GraphKeys.LOSSES, spec.loss)
    hooks = [*hooks, *training_hooks.loss_hooks(spec.loss, config), *spec.training_hooks]
    if not (spec.scaffold.saver or tf1.get_collection(tf1.GraphKeys.SAVERS)):
        tf1.add_to_collection(tf1.GraphKeys.SAVERS, sessions.default_saver(config))
    if config.cluster_spec and coordinating.saves_on_every_worker(config.train_distribute):
        return coordinating.train(spec, config, hooks, listeners)
    savers = training_hooks.saving_hooks(
        config, spec.scaffold, hooks=[*hooks, *spec.training_chief_hooks], listeners=listeners
    )
    intervals = training_hooks.summary_intervals(config, spec.scaffold)
    return sessions.train(
        train_op=spec.train_op,
        loss=spec.loss,
        scaffold=spec.scaffold,
        config=config,
        hooks=[*hooks, *intervals.extra_hooks],
        chief_hooks=[*savers, *spec.training_chief_hooks],
        save_summary_steps=intervals.save_summary_steps,
        log_step_count_steps=intervals.log_step_count_steps,
    )
