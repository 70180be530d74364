"""A Dataset out of the graph in which it was built."""

import gc

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting.inputs import graph_datasets


def test_the_graph_lives_as_long_as_the_dataset() -> None:
    """The graph owns the Python function that yields the elements."""

    def build() -> tf.data.Dataset:
        with tf.Graph().as_default():
            spec = tf.TensorSpec([], tf.int64)
            dataset = tf.data.Dataset.from_generator(lambda: iter((1, 2)), output_signature=spec)
            variant = tf.data.experimental.to_variant(dataset)
        return graph_datasets.as_eager(variant, spec).map(lambda number: number * 10)

    dataset = build()
    gc.collect()
    assert list(dataset.as_numpy_iterator()) == [10, 20]


def test_a_subgraph_has_the_chosen_operations_and_all_functions() -> None:
    with tf.Graph().as_default() as graph:
        dataset = tf.data.Dataset.range(3).map(lambda number: number + 1)
        variant = tf.data.experimental.to_variant(dataset)
        tf1.constant(1, name="unrelated")
    definition = graph_datasets.subgraph(graph, [variant.op])
    assert [node.name for node in definition.node] == [variant.op.name]
    assert len(definition.library.function) == 1
