"""Runs the graph of a loss on batches that a probe made."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat.ledger.probes.example_rows import Leaves
from estimator_compat.runtime import graph_traversal
from estimator_compat.type_aliases import Graph, Session, Tensor

Values = Mapping[str, np.ndarray]

# Random ops whose first input is the shape of their output, and the number that a probe feeds
# instead of their draws. A draw of 0.6 is kept by a dropout of up to 0.6.
_DRAWS = {
    "RandomStandardNormal": 0.3,
    "RandomUniform": 0.6,
    "StatelessRandomNormal": 0.3,
    "StatelessRandomNormalV2": 0.3,
    "StatelessRandomUniform": 0.6,
    "StatelessRandomUniformV2": 0.6,
    "StatelessTruncatedNormal": 0.3,
    "StatelessTruncatedNormalV2": 0.3,
    "TruncatedNormal": 0.3,
}


class CannotFeed(Exception):
    """The graph cannot compute its loss on a batch that a probe made; the message says why."""


class FedGraph:
    """A graph whose features, labels and random draws are fed.

    All examples get the same draw, so that a loss depends on its own example only.

    Args:
      graph: The graph of the loss.
      session: A session of the graph.
      inputs: The leaves of features and labels: tensors, sparse or ragged tensors.
      names: The names of the tensors to compute.

    Attributes:
      draws: The names of the random ops whose draws are fed.
    """

    def __init__(
        self, graph: Graph, session: Session, inputs: Sequence[Any], names: Sequence[str]
    ) -> None:
        self._session, self._inputs = session, inputs
        self._fetches = {name: graph.get_tensor_by_name(name) for name in names}
        ops = graph_traversal.ancestors(list(self._fetches.values()), control_inputs=False)
        self._random = [op for op in ops if op.type in _DRAWS and _is_feedable(op.outputs[0])]
        self.draws = tuple(op.name for op in self._random)
        parts = tf.nest.flatten(list(inputs), expand_composites=True)
        self._unfeedable = [part.name for part in parts if not _is_feedable(part)]

    def values(self, leaves: Leaves, fed: Mapping[str, Any] | None = None) -> Values:
        """Computes the tensors for a batch.

        Args:
          leaves: The values of the inputs.
          fed: Values for further tensors, by name.

        Raises:
          CannotFeed: An input cannot be fed, or TensorFlow cannot compute the batch.
        """
        if self._unfeedable:
            raise CannotFeed(f"the input {self._unfeedable[0]} cannot be fed")
        feed: dict[Any, Any] = dict(zip(self._inputs, leaves, strict=True))
        feed |= {self._tensor(name): value for name, value in (fed or {}).items()}
        try:
            values: Values = self._session.run(self._fetches, feed | self._draws(feed))
        except (tf.errors.OpError, ValueError, TypeError) as error:
            raise CannotFeed(f"the graph cannot compute such a batch ({_reason(error)})") from error
        return values

    def _draws(self, feed: Mapping[Any, Any]) -> dict[Tensor, np.ndarray]:
        shapes = self._session.run([op.inputs[0] for op in self._random], feed)
        return {
            op.outputs[0]: np.full(shape, _DRAWS[op.type], op.outputs[0].dtype.as_numpy_dtype)
            for op, shape in zip(self._random, shapes, strict=True)
        }

    def _tensor(self, name: str) -> Tensor:
        tensor = self._graph_tensor(name)
        if not _is_feedable(tensor):
            raise CannotFeed(f"{name} cannot be fed")
        return tensor

    def _graph_tensor(self, name: str) -> Tensor:
        graph = next(iter(self._fetches.values())).graph
        return graph.get_tensor_by_name(name)


def _reason(error: Exception) -> str:
    """Returns the line of an error that says what is wrong: the one before a node is named."""
    told = str(error).partition("[[{{node")[0].strip()
    return f"{told.splitlines()[-1] if told else type(error).__name__:.120}"


def _is_feedable(tensor: Tensor) -> bool:
    return bool(tensor.graph.is_feedable(tensor)) and tensor.dtype not in (tf.resource, tf.variant)


def float_inputs(tensor: Tensor, inputs: Sequence[Any]) -> list[Tensor]:
    """Returns the inputs of floats that a tensor is computed from."""
    ops = graph_traversal.ancestors([tensor], control_inputs=False)
    names = {tensor.name} | {operand.name for op in ops for operand in op.inputs}
    return [
        leaf
        for leaf in inputs
        if isinstance(leaf, tf.Tensor) and leaf.name in names and leaf.dtype.is_floating
    ]
