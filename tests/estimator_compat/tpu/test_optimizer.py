from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat import tpu

tf1 = tf.compat.v1


def trained(optimizer_of: Callable[[], Any]) -> dict[str, Any]:
    """Three steps on a dense and a sparse gradient, and every variable after them."""
    with tf.Graph().as_default():
        w = tf1.get_variable("w", [2], initializer=tf1.ones_initializer())
        table = tf1.get_variable("table", [4, 2], initializer=tf1.ones_initializer())
        loss = tf.reduce_sum(w * [1.0, 2.0]) + tf.reduce_sum(tf.gather(table, [1, 1]) ** 2)
        step = tf1.train.get_or_create_global_step()
        train_op = optimizer_of().minimize(loss, global_step=step)
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            for _ in range(3):
                session.run(train_op)
            found = {v.op.name: session.run(v).tolist() for v in tf1.global_variables()}
    return found


WRAPPED = {
    "descent": lambda: tf1.train.GradientDescentOptimizer(0.1),
    "momentum": lambda: tf1.train.MomentumOptimizer(0.1, 0.9),
    "adam": lambda: tf1.train.AdamOptimizer(0.1),
}


@pytest.mark.parametrize("wrapped", WRAPPED.values(), ids=WRAPPED)
def test_on_one_shard_it_is_the_optimizer_it_wraps(wrapped: Callable[[], Any]) -> None:
    found = trained(lambda: tpu.CrossShardOptimizer(wrapped()))
    assert found == trained(wrapped)
    assert found["global_step"] == 3
    assert found["w"] != [1.0, 1.0]


def test_tensorflows_own_needs_a_tpu() -> None:
    """The reason for our class. If TensorFlow's class ever works here, ours is not needed."""
    wrapped = WRAPPED["descent"]
    with pytest.raises(tf.errors.InvalidArgumentError, match="CrossReplicaSum"):
        trained(lambda: tf1.tpu.CrossShardOptimizer(wrapped()))


def test_it_is_tensorflows_in_everything_else() -> None:
    optimizer = tpu.CrossShardOptimizer(WRAPPED["momentum"](), reduction=tf1.losses.Reduction.SUM)
    assert isinstance(optimizer, tf1.tpu.CrossShardOptimizer)
    with pytest.raises(ValueError, match="reduction"):
        tpu.CrossShardOptimizer(WRAPPED["momentum"](), reduction="none of these")
