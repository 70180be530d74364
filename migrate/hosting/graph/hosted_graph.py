"""A model_fn's graph in one mode, as functions on the variables that all modes share."""

import dataclasses
from collections.abc import Collection
from typing import Protocol

from migrate.hosting.graph.built_graph import BuiltGraph
from migrate.hosting.graph.graph_functions import GraphFunctions
from migrate.hosting.graph.variables import Variables, create


class ReplicaCopies(Protocol):
    """The variables of replicas, where a graph has replicas."""

    def copy_to_replicas(self) -> None:
        """Gives the replicas the values of the shared variables, as restoring a checkpoint did."""

    def merge_from_replicas(self, names: Collection[str] | None = None) -> None:
        """Gives the shared variables what is made of the replicas' own values, as saving did.

        Args:
          names: Which variables; None for all.
        """


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HostedGraph:
    """One mode of a model_fn.

    Attributes:
      built: The graph, and what it computes.
      functions: Its functions, on the variables.
      created: The names of the shared variables that no mode had before.
      replicas: In TRAIN under a strategy, the variables of the replicas; otherwise None.
    """

    built: BuiltGraph
    functions: GraphFunctions
    created: frozenset[str]
    replicas: ReplicaCopies | None = None

    def initialize(self, names: Collection[str]) -> None:
        """Gives shared variables their initial values, and fills the lookup tables."""
        self.functions.initialize(names)
        if self.replicas is not None:
            self.replicas.merge_from_replicas(names)
            self.replicas.copy_to_replicas()


def host_on_one_device(built: BuiltGraph, variables: Variables) -> HostedGraph:
    """Imports a graph.

    Args:
      built: The graph.
      variables: The shared variables by name; those that the graph has besides are added, not yet
        initialized.
    """
    created = create(built.shared, built.graph, variables)
    functions = GraphFunctions(built, variables)
    return HostedGraph(built=built, functions=functions, created=frozenset(created))
