"""The strategies of a RunConfig: which are chosen, and which an Estimator can train on."""

from typing import Any, NamedTuple

import tensorflow as tf


class DistributeConfig(NamedTuple):
    """The strategies of a RunConfig, as its argument `experimental_distribute`.

    Attributes:
      train_distribute: A `tf.distribute.Strategy` for training, or None.
      eval_distribute: A `tf.distribute.Strategy` for evaluation, or None.
      remote_cluster: Not supported: the cluster that a client trains on, or None.
    """

    train_distribute: Any = None
    eval_distribute: Any = None
    remote_cluster: Any = None


class Strategies(NamedTuple):
    """The strategies of a RunConfig, each a `tf.distribute.Strategy` or None."""

    train: Any
    evaluation: Any


def chosen_strategies(train_distribute: Any, eval_distribute: Any, distribute: Any) -> Strategies:
    """Returns the strategies that the arguments of a RunConfig choose.

    Args:
      train_distribute: The argument of this name.
      eval_distribute: The argument of this name.
      distribute: The argument `experimental_distribute`: a `DistributeConfig` or None.

    Raises:
      ValueError: A strategy is given twice, or an Estimator cannot train on it.
    """
    for name, strategy in (
        ("train_distribute", train_distribute),
        ("eval_distribute", eval_distribute),
    ):
        _check_strategy(name, strategy)
        in_config = getattr(distribute, name, None)
        _check_strategy(f"experimental_distribute.{name}", in_config)
        if strategy and in_config:
            raise ValueError(
                f"Either `{name}` or `experimental_distribute.{name}` can be set, given: "
                f"{strategy} and {in_config}; expected one strategy; leave one of them out."
            )
    return Strategies(
        train_distribute or getattr(distribute, "train_distribute", None),
        eval_distribute or getattr(distribute, "eval_distribute", None),
    )


def _check_strategy(name: str, strategy: Any) -> None:
    """Raises a ValueError if an Estimator cannot train on a strategy."""
    if type(strategy) is tf.distribute.experimental.ParameterServerStrategy:
        raise ValueError(
            "Please use `tf.compat.v1.distribute.experimental.ParameterServerStrategy` for "
            f"parameter server strategy with estimator, given: `{name}` ({strategy}); expected a "
            "strategy that trains in sessions; or leave it out, and the parameter servers of "
            "TF_CONFIG are used."
        )
    if type(strategy).__name__.startswith("TPUStrategy"):
        raise ValueError(
            f"`{name}` ({strategy}) is for TPUs, and an Estimator of this package trains on CPUs "
            "and GPUs; expected a strategy for these, such as tf.distribute.MirroredStrategy; pass "
            "one, or train in a loop of TensorFlow 2 on the TPU."
        )


def check_remote_cluster(distribute: Any, cluster: Any) -> None:
    """Raises a ValueError if a `DistributeConfig` has a `remote_cluster`.

    Args:
      distribute: The argument `experimental_distribute` of a RunConfig, or None.
      cluster: The cluster of TF_CONFIG; empty without one.
    """
    remote = getattr(distribute, "remote_cluster", None)
    if not remote:
        return
    if cluster:
        raise ValueError(
            'Cannot set both "cluster_spec" of TF_CONFIG and '
            f"`experimental_distribute.remote_cluster`, given: {cluster} and {remote}; expected "
            "the first; leave `remote_cluster` out."
        )
    raise ValueError(
        f"`experimental_distribute.remote_cluster` ({remote}) is a cluster that one client trains "
        "on, which this package does not do; expected a program that each process of the cluster "
        "runs; set TF_CONFIG in each process, and call `train_and_evaluate`."
    )
