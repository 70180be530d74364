"""Batches of iterators that a hook initializes, as a Dataset."""

from collections.abc import Iterator

import tensorflow as tf

from estimator_compat.runtime import graph_traversal
from estimator_compat.type_aliases import Dataset, Nest
from migrate.hosting.graph.built_graph import spec_of
from migrate.hosting.inputs import graph_datasets


class FunctionBatches:
    """The batches that a function computes, until the iterators of a hosted graph end.

    The function and those of the hosted graph share the iterators: see `shared_iterators`.

    Args:
      element: Tensors of the graph.
    """

    def __init__(self, element: Nest) -> None:
        flat = tf.nest.flatten(element, expand_composites=True)
        self._graph, self._element = flat[0].graph, element
        ops = graph_traversal.ancestors(flat, control_inputs=True)
        whole = graph_datasets.function_of(graph_datasets.subgraph(self._graph, ops))
        find = whole.graph.as_graph_element
        self._values = whole.prune([], [find(tensor.name) for tensor in flat])

    def dataset(self) -> Dataset:
        """Returns the batches as a Dataset."""
        spec = tf.nest.map_structure(spec_of, self._element)
        return tf.data.Dataset.from_generator(self._batches, output_signature=spec)

    def _batches(self) -> Iterator[Nest]:
        while True:
            try:
                values = self._values()
            except tf.errors.OutOfRangeError:
                return
            yield tf.nest.pack_sequence_as(self._element, values, expand_composites=True)
