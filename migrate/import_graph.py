"""The default graph that TensorFlow 1 code finds while it is imported.

A legacy script builds ops while it is imported: a first look at the input, a placeholder, a
constant. In TensorFlow 1 these ops go to the default graph. Here eager execution may be on, because
a custom loop needs it.
"""

import contextlib
from collections.abc import Iterator

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow


@contextlib.contextmanager
def as_default() -> Iterator[None]:
    """Makes a new graph the default graph.

    `tf.compat.v1.reset_default_graph`, which TensorFlow refuses inside `Graph.as_default()`,
    replaces that graph by a new one.
    """
    current = _CurrentGraph()
    own_reset = tf1.reset_default_graph

    def reset() -> None:
        if not current.reset():
            own_reset()

    private_tensorflow.replace_function("reset_default_graph", reset)
    try:
        yield
    finally:
        private_tensorflow.replace_function("reset_default_graph", own_reset)
        current.leave()


class _CurrentGraph:
    """A graph that is the default graph until `leave`, or the graph that replaced it."""

    def __init__(self) -> None:
        self._enter()

    def _enter(self) -> None:
        self._graph: tf.Graph | None = tf.Graph()
        self._context = self._graph.as_default()
        self._context.__enter__()

    def reset(self) -> bool:
        """Replaces the graph by a new one; returns whether it was the default graph."""
        if self._graph is None or tf1.get_default_graph() is not self._graph:
            return False
        self.leave()
        self._enter()
        return True

    def leave(self) -> None:
        """Makes the graph before it the default graph again."""
        self._graph = None
        self._context.__exit__(None, None, None)
