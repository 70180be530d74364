"""A model_fn's graph in one mode, with its functions on the variables that all modes share."""

import dataclasses
from collections.abc import Collection, Sequence
from typing import Protocol

from estimator_compat.type_aliases import Hook, Operation
from migrate.hosting.graph.built_graph import BuiltGraph
from migrate.hosting.graph.graph_functions import GraphFunctions
from migrate.hosting.graph.variables import Variables, create


class ReplicaCopies(Protocol):
    """The replicas' copies of the shared variables."""

    def copy_to_replicas(self) -> None:
        """Copies the shared variables' values to the replicas, as restoring a checkpoint did."""

    def merge_from_replicas(self, names: Collection[str] | None = None) -> None:
        """Merges the replicas' own values into the shared variables, as saving a checkpoint did.

        Args:
          names: The names of the variables; None for all.
        """


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HostedGraph:
    """One mode of a model_fn, ready to run.

    Attributes:
      built: The graph.
      functions: The functions of the graph.
      created: The names of the shared variables that were created for this graph.
      replicas: In TRAIN under a strategy, the replicas' copies of the variables; otherwise None.
      hooks: The SessionRunHooks that run around the graph's calls. Their `begin` has been called.
      count_batch: In EVAL with hooks, the operation that counts an evaluated batch.
    """

    built: BuiltGraph
    functions: GraphFunctions
    created: frozenset[str]
    replicas: ReplicaCopies | None = None
    hooks: tuple[Hook, ...] = ()
    count_batch: Operation | None = None

    def initialize(self, names: Collection[str]) -> None:
        """Gives shared variables their initial values, and fills the lookup tables.

        Args:
          names: The names of the variables.
        """
        self.functions.initialize(names)
        if self.replicas is not None:
            self.replicas.merge_from_replicas(names)
            self.replicas.copy_to_replicas()


def host_on_one_device(
    built: BuiltGraph,
    variables: Variables,
    hooks: Sequence[Hook] = (),
    count_batch: Operation | None = None,
) -> HostedGraph:
    """Imports a graph into functions.

    Args:
      built: The graph.
      variables: The shared variables by name. The graph's other variables are created and added;
        they are not initialized yet.
      hooks: The SessionRunHooks that run around the graph's calls.
      count_batch: In EVAL with hooks, the operation that counts an evaluated batch.
    """
    created = create(built.shared, built.graph, variables)
    functions = GraphFunctions(built, variables, shares_draws=bool(hooks))
    return HostedGraph(
        built=built,
        functions=functions,
        created=frozenset(created),
        hooks=tuple(hooks),
        count_batch=count_batch,
    )
