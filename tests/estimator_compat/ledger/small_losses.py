"""A linear model with squared errors, for the tests of what reads a loss off a graph."""

from typing import Any, NamedTuple

import tensorflow as tf

from estimator_compat.ledger.loss_graph import LossGraph

tf1 = tf.compat.v1


class Model(NamedTuple):
    """Tensors of the default graph.

    Attributes:
      x: The feature x, [batch, 3].
      w: The feature w, [batch]: weights.
      u: The feature u, [batch, unknown].
      y: The labels, [batch].
      v: A trainable variable, [3].
      p: The predictions, [batch].
      losses: The squared errors, [batch].
    """

    x: Any
    w: Any
    u: Any
    y: Any
    v: Any
    p: Any
    losses: Any

    def graph(self, loss: Any) -> LossGraph:
        """The graph of a loss of the model."""
        return LossGraph(loss, {"x": self.x, "w": self.w, "u": self.u}, self.y)


def model(batch: int | None = None) -> Model:
    """Builds the model in the default graph."""
    x = tf1.placeholder(tf.float32, [batch, 3], name="x")
    w = tf1.placeholder(tf.float32, [batch], name="w")
    u = tf1.placeholder(tf.float32, [batch, None], name="u")
    y = tf1.placeholder(tf.float32, [batch], name="y")
    v = tf1.get_variable("v", initializer=[1.0, 2.0, 3.0])
    p = tf.reduce_sum(x * v, axis=1)
    return Model(x, w, u, y, v, p, tf.square(p - y))
