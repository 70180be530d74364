"""Fixes the order of operations that a session runs in any order. Two runs are then equal.

A session could have run the graph in the fixed order, too.
"""

from collections.abc import Iterable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from migrate.hosting.graph import random_ops, variable_reads


def make_deterministic(graph: tf.Graph, ends: Iterable[Any]) -> None:
    """Removes two races from a training step that legacy code often has.

    * The iterations of a loop run in parallel if they can. A random op in the loop gives its next
      numbers to the iteration that reaches it first. Loops that draw random numbers are therefore
      made to run one iteration after the other. A loop of control flow v2 inside another loop is
      not changed.
    * Variables are read before they are written, unless the code orders them: see
      `variable_reads.order_before_writes`. For example, BERT's `create_optimizer` reads the global
      step for its learning rate and assigns the global step's next value, and does not order the
      two.

    Args:
      graph: The graph that a model_fn built. It is changed in place.
      ends: The loss and the train_op.
    """
    _serialize_drawing_loops(graph)
    variable_reads.order_before_writes(graph, ends)


def _serialize_drawing_loops(graph: tf.Graph) -> None:
    for name in [*random_ops.drawing_loops(graph), *random_ops.drawing_enters(graph)]:
        loop = graph.get_operation_by_name(name)
        private_tensorflow.set_attribute(loop, "parallel_iterations", tf1.AttrValue(i=1))
