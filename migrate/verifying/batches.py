"""The batches of an input_fn, materialized once: both sides of a comparison see the same."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.inputs import parse_input_fn_result
from estimator_compat.runtime import sessions
from migrate.batch import Batch
from migrate.hosting.graph.built_graph import spec_of
from migrate.targets import Target


@dataclass(frozen=True, kw_only=True)
class Batches:
    """Batches of features and labels.

    Attributes:
      values: Nests of NumPy arrays and SparseTensorValues.
      spec: The nest of `tf.TypeSpec`s that they all fit: of features, or `(features, labels)`.
    """

    values: list[Any]
    spec: Any

    def dataset(self) -> tf.data.Dataset:
        """Returns them as a Dataset, in a graph or eagerly."""
        return tf.data.Dataset.from_generator(self._elements, output_signature=self.spec)

    def _elements(self) -> Iterator[Any]:
        yield from self.values

    def input_fn(self, original: Callable[[], Any]) -> Callable[[], tf.data.Dataset]:
        """Returns an input_fn that yields them and draws the graph's seeds as `original` does."""

        def replayed() -> tf.data.Dataset:
            original()
            return self.dataset()

        return replayed


def materialize(target: Target, mode: str, limit: int) -> Batches:
    """Runs a target's input_fn, in a graph as an Estimator does.

    Returns:
      Its first `limit` batches, or fewer if it ends.
    """
    config = target.run_config
    with tf1.Graph().as_default():
        tf1.set_random_seed(config.tf_random_seed)
        tf1.train.create_global_step()
        given = parse_input_fn_result(target.call_input_fn(mode))
        element = Batch(given.features, given.labels).element
        spec = tf.nest.map_structure(spec_of, element)
        values = list(
            sessions.batches(
                element,
                scaffold=tf1.train.Scaffold(),
                hooks=given.hooks,
                config=config,
                checkpoint=None,
                limit=limit,
            )
        )
    return Batches(values=values, spec=spec)
