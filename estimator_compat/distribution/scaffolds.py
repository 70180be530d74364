"""Combines the Scaffolds that a model_fn returned in the replicas."""

from collections.abc import Callable, Iterable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.type_aliases import Tensor


def combined(strategy: tf.distribute.Strategy, scaffolds: Any) -> Any:
    """Builds one Scaffold from the replicas' Scaffolds, as the original Estimator did.

    The ops of all replicas are grouped. The saver and the init_fn are those of the first replica
    that has one.

    Args:
      strategy: The strategy. Its scope is entered.
      scaffolds: A Scaffold for each replica.
    """
    replicas = strategy.experimental_local_results(scaffolds)

    def grouped(name: str) -> Any:
        values = _set(getattr(scaffold, name) for scaffold in replicas)
        return strategy.group(values) if values else None

    feeds = _set(scaffold.init_feed_dict for scaffold in replicas)
    return tf1.train.Scaffold(
        init_op=grouped("init_op"),
        ready_op=_joined(strategy, scaffolds, lambda scaffold: scaffold.ready_op),
        ready_for_local_init_op=_joined(strategy, scaffolds, _ready_for_local_init_op),
        local_init_op=grouped("local_init_op"),
        summary_op=grouped("summary_op"),
        saver=next(iter(_set(scaffold.saver for scaffold in replicas)), None),
        init_feed_dict={key: value for feed in feeds for key, value in feed.items()} or None,
        init_fn=next(iter(_set(map(private_tensorflow.init_fn, replicas))), None),
    )


def _set(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if value is not None]


def _joined(
    strategy: tf.distribute.Strategy, scaffolds: Any, value_of: Callable[[Any], Any]
) -> Tensor | None:
    """Concatenates the tensors of names that replicas report; None if they have none."""
    per_replica = strategy.extended.call_for_each_replica(value_of, args=(scaffolds,))
    if per_replica is None:
        return None
    names = tf.nest.flatten(strategy.experimental_local_results(per_replica))
    return names[0] if len(names) == 1 else tf.concat(names, 0)


def _ready_for_local_init_op(scaffold: Any) -> Tensor:
    return scaffold.ready_for_local_init_op or tf1.train.Scaffold.get_or_default(
        "ready_for_local_init_op",
        tf1.GraphKeys.READY_FOR_LOCAL_INIT_OP,
        lambda: tf1.report_uninitialized_variables(tf1.global_variables()),
    )
