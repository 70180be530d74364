"""Gives an order to what a session leaves to chance, so that two runs of a graph are the same.

Each order is one of those in which a session could have run the graph.
"""

from collections.abc import Iterable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from migrate.hosting.graph import random_ops, variable_reads


def make_deterministic(graph: tf.Graph, ends: Iterable[Any]) -> None:
    """Settles the races of a training step that legacy code is known for.

    * A loop's iterations overtake each other where they can, and a random op in it gives its next
      numbers to whichever comes first. Loops that draw random numbers run one iteration after the
      other. A loop inside a loop is left as it is.
    * Variables are read before they are written, unless the code says otherwise: see
      `reading.before_writes`. BERT's `create_optimizer` reads the global step for its learning
      rate, and assigns the step's next value beside that, with nothing between the two.

    Args:
      graph: What a model_fn built. It is changed in place.
      ends: The loss and the train_op.
    """
    _order_draws(graph)
    variable_reads.before_writes(graph, ends)


def _order_draws(graph: tf.Graph) -> None:
    for name in random_ops.drawing_loops(graph):
        loop = graph.get_operation_by_name(name)
        private_tensorflow.set_attribute(loop, "parallel_iterations", tf1.AttrValue(i=1))
