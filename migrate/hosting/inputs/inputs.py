"""The inputs of a loop: one call of the input_fn for each training, evaluation or prediction."""

from typing import Any

import tensorflow as tf

from estimator_compat.type_aliases import Dataset
from migrate.hosting.inputs import input_graph
from migrate.hosting.inputs.input_graph import InputGraph
from migrate.targets import Target


class Inputs:
    """Makes the Datasets of a target's input_fns.

    Args:
      target: The input_fns, params and config.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._unused: dict[str, InputGraph] = {}

    def built(self, mode: str, graph: tf.Graph, result: Any) -> None:
        """Takes note of the input that a mode's graph was built with.

        The mode's next Dataset is made of it. The input_fn is then called as often as under an
        Estimator.

        Args:
          mode: A `ModeKeys` value.
          graph: The graph, which has the model, too.
          result: What the input_fn returned.
        """
        self._unused[mode] = InputGraph(graph=graph, result=result, is_shared=True)

    def dataset(self, mode: str, input_context: Any = None) -> Dataset:
        """Returns the batches that the next call of an Estimator would draw.

        Args:
          mode: A `ModeKeys` value.
          input_context: As for `Target.call_input_fn`.

        Raises:
          ValueError: The input depends on placeholders, or on variables that training saves.
        """
        config = self._target.run_config
        unused = self._unused.pop(mode, None)
        dataset = input_graph.as_dataset(unused, config) if unused is not None else None
        if dataset is None:
            built = input_graph.build(self._target, mode, input_context)
            dataset = input_graph.as_dataset(built, config)
        return dataset
