"""Lets all functions of a graph use the same iterators."""

import uuid

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow


def share(graph: tf.Graph) -> None:
    """Gives each iterator of a graph a name in the process; changes the graph in place.

    Without a name, each function would have an iterator of its own: one that initializes it, and
    one that takes its elements.
    """
    for op in graph.get_operations():
        if op.type == "IteratorV2" and not op.get_attr("shared_name"):
            name = f"{op.name}_{uuid.uuid4().hex}".encode()
            private_tensorflow.set_attribute(op, "shared_name", tf1.AttrValue(s=name))
