"""Batches that only a session can compute, such as a queue's, as a Dataset."""

import sys
from collections.abc import Iterator

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.config import RunConfig
from estimator_compat.runtime import sessions
from estimator_compat.type_aliases import Dataset, Nest
from migrate.hosting.graph.built_graph import spec_of

_NO_BATCH = object()


class SessionBatches:
    """The batches of an input graph, computed by a session of their own.

    The session fills the graph's lookup tables, runs the initializers that are registered with
    them, and starts the graph's queue runners. It ends with the input.

    Args:
      graph: The graph; it has the input only.
      element: The input's tensors.
      config: The RunConfig.
    """

    def __init__(self, graph: tf.Graph, element: Nest, config: RunConfig) -> None:
        self._graph, self._element, self._config = graph, element, config

    def dataset(self) -> Dataset:
        """Returns the batches as a Dataset; each iteration over it has a new session."""
        spec = tf.nest.map_structure(spec_of, self._element)
        return tf.data.Dataset.from_generator(self._batches, output_signature=spec)

    def _batches(self) -> Iterator[Nest]:
        # The graph is the default graph only while a batch is computed: the threads that call a
        # generator change.
        with self._graph.as_default():
            batches = sessions.batches(
                self._element,
                scaffold=tf1.train.Scaffold(),
                hooks=[],
                config=self._config,
                checkpoint=None,
                limit=sys.maxsize,
            )
        try:
            while True:
                with self._graph.as_default():
                    batch = next(batches, _NO_BATCH)
                if batch is _NO_BATCH:
                    return
                yield batch
        finally:
            with self._graph.as_default():
                batches.close()
