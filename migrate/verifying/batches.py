"""The batches of an input_fn, read once. The reference and the subject get the same batches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.inputs import parse_input_fn_result
from estimator_compat.runtime import sessions
from estimator_compat.type_aliases import Dataset, Nest
from migrate.batch import Batch
from migrate.hosting.graph.built_graph import spec_of
from migrate.targets import Target


@dataclass(frozen=True, kw_only=True)
class Batches:
    """Batches of features and labels.

    Attributes:
      values: One nest of NumPy arrays and SparseTensorValues for each batch: features, or
        `(features, labels)`.
      spec: The nest of `tf.TypeSpec`s that all batches match.
      is_whole: Whether the input is known to end after these batches.
    """

    values: list[Nest]
    spec: Any
    is_whole: bool = False

    def dataset(self) -> Dataset:
        """Returns the batches as a Dataset; works in a graph and eagerly."""
        return tf.data.Dataset.from_generator(self._elements, output_signature=self.spec)

    def _elements(self) -> Iterator[Nest]:
        yield from self.values

    def input_fn(self, original: Callable[[], Any]) -> Callable[[], Dataset]:
        """Returns an input_fn that yields these batches.

        The seed that TensorFlow gives an op depends on the ops that the graph already has. The
        input_fn therefore calls `original`, the input_fn that it replaces, and drops its result.
        """

        def replay() -> Dataset:
            original()
            return self.dataset()

        return replay


def materialize(target: Target, mode: str, limit: int) -> Batches:
    """Runs a target's input_fn in a graph, as an Estimator does, and reads its batches.

    Returns:
      The first `limit` batches; fewer if the input ends before.
    """
    config = target.run_config
    with tf1.Graph().as_default():
        tf1.set_random_seed(config.tf_random_seed)
        tf1.train.create_global_step()
        inputs = parse_input_fn_result(target.call_input_fn(mode))
        element = Batch(inputs.features, inputs.labels).element
        spec = tf.nest.map_structure(spec_of, element)
        values = list(
            sessions.batches(
                element,
                scaffold=tf1.train.Scaffold(),
                hooks=inputs.hooks,
                config=config,
                checkpoint=None,
                limit=limit,
            )
        )
    return Batches(values=values, spec=spec, is_whole=len(values) < limit)
