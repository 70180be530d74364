"""The batches that all probes of one loss share: real ones, and ones made of the first."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat.ledger.probes import example_rows
from estimator_compat.ledger.probes.example_rows import Leaves
from estimator_compat.ledger.probes.fed_graph import CannotFeed, FedGraph, Values
from estimator_compat.type_aliases import Graph


class Bench:
    """Computes the loss of real batches, and of batches that are made of the first one.

    Args:
      graph: The graph of the loss.
      fed: Runs the graph.
      recorded: The values of the ledger's tensors on real batches, as the graph computed them.
      leaves: The values of features and labels in the first real batch.
      inputs: The tensors of features and labels, in the order of `leaves`.

    Attributes:
      size: The number of examples in the first batch; 0 if no input has a batch axis.
      reason: Why no batch can be made; "" if batches can be made.
    """

    def __init__(
        self,
        graph: Graph,
        fed: FedGraph,
        recorded: Sequence[Values],
        leaves: Leaves,
        inputs: Sequence[Any],
    ) -> None:
        self.graph, self.recorded, self.leaves, self.inputs = graph, recorded, leaves, inputs
        self.size = example_rows.size_of(leaves) or 0
        self._fed = fed
        # A sparse or ragged tensor may know its rows, too, but its parts can be fed.
        dense = [leaf for leaf in inputs if isinstance(leaf, tf.Tensor) and leaf.shape.rank]
        self._is_fixed = any(leaf.shape[0] == self.size for leaf in dense)
        self._made: dict[tuple[int, ...], Values | CannotFeed] = {}
        self.reason = self._find_reason()

    def _find_reason(self) -> str:
        """Finds out whether two runs of one batch give the same numbers."""
        if not self.size:
            return "no feature and no label has a batch axis"
        rows = range(self.size)
        try:
            first, second = self.of(rows), self._fed.values(self.leaves)
        except CannotFeed as error:
            return str(error)
        if all(np.array_equal(first[name], second[name], equal_nan=True) for name in first):
            return ""
        return "two runs of one batch give different numbers: the graph draws or counts something"

    @property
    def whole(self) -> Values:
        """The values of the first batch, with fed draws."""
        return self.of(range(self.size))

    def of(self, rows: Sequence[int]) -> Values:
        """Returns the values of a batch of chosen examples of the first batch.

        Args:
          rows: The indices of the examples.

        Raises:
          CannotFeed: The graph cannot compute such a batch.
        """
        key = tuple(rows)
        if len(key) != self.size and self._is_fixed:
            raise CannotFeed(f"the graph knows the size of a batch ({self.size})")
        if key not in self._made:
            leaves = example_rows.take(self.leaves, key, self.size)
            try:
                self._made[key] = self._fed.values(leaves)
            except CannotFeed as error:
                self._made[key] = error
        made = self._made[key]
        if isinstance(made, CannotFeed):
            raise made
        return made

    def with_values(self, values: dict[str, Any], rows: Sequence[int] | None = None) -> Values:
        """Returns the values of the first batch with other values of some tensors.

        Args:
          values: The values of tensors, by name. An input is replaced before the rows are chosen.
          rows: The indices of the chosen examples; None for all examples.

        Raises:
          CannotFeed: The graph cannot compute such a batch, or a tensor cannot be fed.
        """
        names = [getattr(leaf, "name", "") for leaf in self.inputs]
        leaves = [values.get(n, leaf) for n, leaf in zip(names, self.leaves, strict=True)]
        if rows is not None:
            leaves = example_rows.take(leaves, rows, self.size)
        inner = {name: value for name, value in values.items() if name not in names}
        return self._fed.values(leaves, inner)
