"""Each iterator of a graph has a name of its own."""

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting.graph import shared_iterators


def test_iterators_get_names() -> None:
    with tf.Graph().as_default() as graph:
        first, second, named = (
            tf1.data.make_initializable_iterator(tf.data.Dataset.range(3), shared_name=name)
            for name in (None, None, "mine")
        )
    shared_iterators.share(graph)
    names = [op.get_attr("shared_name") for op in graph.get_operations() if op.type == "IteratorV2"]
    assert len(set(names)) == 3
    assert b"mine" in names
    assert b"" not in names
    assert [first, second, named]
