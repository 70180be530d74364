"""The legacy scaling of a loss by the number of replicas."""

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting.replicas import loss_scaling

IS_SCALED = "_is_loss_scaled_by_optimizer"


def test_optimizers_scale_the_loss_inside_the_context_alone() -> None:
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    with tf1.Graph().as_default() as graph, strategy.scope():
        with loss_scaling.as_an_estimator(strategy):
            assert tf1.distribute.get_loss_reduction() == tf.distribute.ReduceOp.MEAN
            weight = tf1.get_variable("weight", [])
            tf1.train.GradientDescentOptimizer(1.0).compute_gradients(weight * 1.0)
            # There is nothing to scale for one replica, but the optimizer said so.
            assert getattr(graph, IS_SCALED) is False
            assert loss_scaling.reported_by(graph) == tf.distribute.ReduceOp.SUM
            setattr(graph, IS_SCALED, True)
            assert loss_scaling.reported_by(graph) == tf.distribute.ReduceOp.MEAN
        assert tf1.distribute.get_loss_reduction() == tf.distribute.ReduceOp.SUM
