"""`host`: puts a model_fn into a TF2 custom training loop."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.config import default_session_config
from estimator_compat.ledger.summary_wrapper import with_loss_summaries
from estimator_compat.mode_keys import ModeKeys
from migrate.hosting.loop import CustomLoop
from migrate.hosting.replicas import worker_strategy
from migrate.hosting.replicas.replicated_graph import Replication
from migrate.targets import InputFn, Target


def host(
    model_fn: Callable[..., Any],
    *,
    input_fn: Mapping[str, InputFn] | InputFn | None = None,
    input_signature: Any = None,
    params: Any = None,
    config: Any = None,
    loss_summaries: bool = True,
    jit_compile: bool = False,
    ignore_hooks: bool = False,
    strategy: tf.distribute.Strategy | None = None,
    global_mean: bool = False,
    split: bool | None = None,
) -> CustomLoop:
    """Hosts a model_fn in a custom loop.

    Where no `strategy` is given, it trains on the one that an Estimator would have: that of the
    config's `train_distribute`, or of the cluster in `TF_CONFIG`; see `worker_strategy`. All
    workers run the same program, with the same config, and make the same steps: let their inputs
    yield as many batches, since one that ends leaves the others waiting. The chief writes
    checkpoints, summaries and exports, the others nothing. Evaluation and prediction are on one
    device, in each process that asks for them, whatever `eval_distribute` says. An evaluator does
    not train.

    Args:
      model_fn: As for an Estimator, unedited.
      input_fn: One for all modes, or a mapping of `ModeKeys` values to theirs.
      input_signature: In its place, what datasets that are given later yield: the nest of
        `tf.TensorSpec`s of features, or `(features, labels)`.
      params: As for an Estimator.
      config: RunConfig. Its seed, its steps for summaries, checkpoints and logging, and its
        model_dir are followed; without a model_dir nothing is written. A loop has no session for
        its session_config.
      loss_summaries: Whether `loss_per_example` and `average_loss` are added to what the model_fn
        summarizes and evaluates.
      jit_compile: Whether training steps are compiled by XLA. It is faster on some models, and no
        longer exact: XLA reorders arithmetic.
      ignore_hooks: Whether hooks of the model_fn that need a session are left out; else they are
        refused.
      strategy: Trains on its replicas: see `Replication`.
      global_mean: How it does: see `Replication`.
      split: The same. None is True for a `strategy` that is given here, and False for one that an
        Estimator would have: as an Estimator read its input.

    Raises:
      ValueError: Neither or both of `input_fn` and `input_signature` are given; or this cannot be
        trained on that strategy or cluster.
    """
    if (input_fn is None) == (input_signature is None):
        raise ValueError(
            f"`input_fn` ({input_fn}) and `input_signature` ({input_signature}) both say what a "
            "batch is; expected exactly one of them; pass the input_fn that the Estimator had."
        )
    target = Target(
        model_fn=model_fn,
        input_fns=input_fn or (lambda: tf.nest.map_structure(_placeholder, input_signature)),
        params=params,
        config=config,
    )
    config = target.run_config
    # An Estimator's config has the default one, and that of a task in a cluster one of its own.
    given = None if config.cluster_spec else config.session_config
    if given not in (None, default_session_config()):
        tf1.logging.warning(
            "The RunConfig's session_config is left out, since a custom loop has no session. Set "
            "threads with tf.config.threading, and a GPU's memory with tf.config.experimental."
        )
    if split is None:
        split = strategy is not None
    if strategy is None:
        strategy = worker_strategy.from_config(config)
    if loss_summaries:
        # Each replica would write the same tags: see `Replication.loss_summaries`.
        modes = (ModeKeys.EVAL,) if strategy is not None else (ModeKeys.TRAIN, ModeKeys.EVAL)
        model_fn = with_loss_summaries(model_fn, modes=modes)
    target = dataclasses.replace(target, model_fn=model_fn, config=config)
    replication = None
    if strategy is not None:
        replication = Replication(
            strategy=strategy, global_mean=global_mean, split=split, loss_summaries=loss_summaries
        )
    return CustomLoop(
        target, jit_compile=jit_compile, ignore_hooks=ignore_hooks, replication=replication
    )


def _placeholder(spec: tf.TensorSpec) -> Any:
    return tf1.placeholder(spec.dtype, spec.shape)
