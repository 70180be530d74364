"""`host`: puts a model_fn into a TF2 custom training loop."""

import dataclasses
from collections.abc import Mapping

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.config import RunConfig, default_session_config
from estimator_compat.ledger.summary_wrapper import with_loss_summaries
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import ModelFn, Nest, Params, Tensor
from migrate.hosting.hooks.choice import HookChoice
from migrate.hosting.loop import CustomLoop
from migrate.hosting.replicas import worker_strategy
from migrate.hosting.replicas.replicated_graph import Replication
from migrate.targets import InputFn, Target


def host(
    model_fn: ModelFn | Target,
    *,
    input_fn: Mapping[str, InputFn] | InputFn | None = None,
    input_signature: Nest = None,
    params: Params = None,
    config: RunConfig | None = None,
    loss_summaries: bool = True,
    jit_compile: bool = False,
    ignore_hooks: bool = False,
    strategy: tf.distribute.Strategy | None = None,
    global_mean: bool = False,
    split: bool | None = None,
    legacy_checkpoints: bool = False,
) -> CustomLoop:
    """Hosts a model_fn in a custom loop.

    Without a `strategy`, the loop trains on the strategy that an Estimator would have: the config's
    `train_distribute`, or a strategy for the cluster in `TF_CONFIG`; see `worker_strategy`. All
    workers run the same program with the same config, and make the same number of steps. Their
    inputs must yield equally many batches, because the workers wait for a worker whose input has
    ended. Only the chief writes checkpoints, summaries and exports. Each process evaluates and
    predicts on one device; `eval_distribute` is ignored. An evaluator does not train.

    Args:
      model_fn: As for an Estimator, unedited. Or a `migrate.Target`, such as `migrate.load`
        returns, which has the input_fns, params and config, too.
      input_fn: One input_fn for all modes, or a mapping of `ModeKeys` values to input_fns. As under
        an Estimator, it is called in a graph with the seed of the config, for each training,
        evaluation and prediction. It may return a Dataset, or tensors: those of one iterator become
        the Dataset behind it; others, such as a queue's, are computed by a session of their own,
        one call of Python a batch.
      input_signature: The specs of the batches, instead of an `input_fn`: a nest of
        `tf.TensorSpec`s of features, or of `(features, labels)`. Datasets of such batches are
        passed to the loop later.
      params: As for an Estimator.
      config: A RunConfig; None for a default RunConfig. The loop uses its seed, its steps for
        summaries, checkpoints and logging, and its model_dir. Without a model_dir nothing is
        written. Its session_config is ignored, because a loop has no session.
      loss_summaries: Whether `loss_per_example` and `average_loss` are added to the summaries and
        metrics of the model_fn.
      jit_compile: Whether training steps are compiled by XLA. Some models are then faster, but
        their numbers differ slightly, because XLA reorders arithmetic.
      ignore_hooks: Whether the hooks of the model_fn are left out. Otherwise they run, and a hook
        that a custom loop cannot run raises a ValueError. The hooks of a caller always run.
      strategy: The strategy on whose replicas the loop trains: see `Replication`. None: see above.
      global_mean: Whether the loss is the mean over the examples of all replicas: see
        `Replication`.
      split: Whether a batch of the input is split over the replicas: see `Replication`. None is
        True if `strategy` is given. Otherwise None is False: an Estimator passed whole
        batches to the replicas.
      legacy_checkpoints: Whether training writes an Estimator's checkpoints to the model_dir,
        `model.ckpt-<global step>`, from which an Estimator resumes. Otherwise it writes
        `ckpt-<global step>` with `tf.train.Checkpoint`.

    Returns:
      The loop. Each mode's graph is built when it is first used.

    Raises:
      ValueError: Neither or both of `input_fn` and `input_signature` are given, or one of them is
        given beside a `Target`, or the model cannot be trained on the strategy or the cluster.
    """
    target = _target(model_fn, input_fn, input_signature, params, config)
    run_config = worker_strategy.with_own_task(target.run_config)
    # In a cluster, a RunConfig makes a session_config itself. The warning is for a user's own.
    session_config = None if run_config.cluster_spec else run_config.session_config
    if session_config not in (None, default_session_config()):
        tf1.logging.warning(
            "The RunConfig's session_config is left out, since a custom loop has no session. Set "
            "threads with tf.config.threading, and a GPU's memory with tf.config.experimental."
        )
    if split is None:
        split = strategy is not None
    if strategy is None:
        strategy = worker_strategy.from_config(run_config)
    if loss_summaries:
        # In TRAIN each replica would write the same tags. `Replication.loss_summaries` writes them
        # once instead.
        modes = (ModeKeys.EVAL,) if strategy is not None else (ModeKeys.TRAIN, ModeKeys.EVAL)
        target = dataclasses.replace(
            target, model_fn=with_loss_summaries(target.model_fn, modes=modes)
        )
    target = dataclasses.replace(target, config=run_config)
    replication = None
    if strategy is not None:
        replication = Replication(
            strategy=strategy, global_mean=global_mean, split=split, loss_summaries=loss_summaries
        )
    return CustomLoop(
        target,
        jit_compile=jit_compile,
        hooks=HookChoice.NONE if ignore_hooks else HookChoice.ALL,
        replication=replication,
        legacy_checkpoints=legacy_checkpoints,
    )


def _target(
    model_fn: ModelFn | Target,
    input_fn: Mapping[str, InputFn] | InputFn | None,
    input_signature: Nest,
    params: Params,
    config: RunConfig | None,
) -> Target:
    """Returns the target that the arguments of `host` describe."""
    if isinstance(model_fn, Target):
        beside = {"input_fn": input_fn, "input_signature": input_signature}
        beside.update(params=params, config=config)
        if given := [name for name, value in beside.items() if value is not None]:
            raise ValueError(
                f"`{'`, `'.join(given)}` were given beside a migrate.Target, which has input_fns, "
                "params and config itself; expected one place for them; change the Target with "
                "dataclasses.replace."
            )
        return model_fn
    if (input_fn is None) == (input_signature is None):
        raise ValueError(
            f"`input_fn` ({input_fn}) and `input_signature` ({input_signature}) both say what a "
            "batch is; expected exactly one of them; pass the input_fn that the Estimator had."
        )
    return Target(
        model_fn=model_fn,
        input_fns=input_fn or (lambda: tf.nest.map_structure(_placeholder, input_signature)),
        params=params,
        config=config,
    )


def _placeholder(spec: tf.TensorSpec) -> Tensor:
    return tf1.placeholder(spec.dtype, spec.shape)
