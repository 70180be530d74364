"""The variables of replicas, beside the ones that all modes share.

A shared variable has what a checkpoint has. Where replicas keep a variable equal, the first
replica works on the shared one, the others on copies. Where each replica has a value of its own,
as the moving averages of batch normalization, all work on copies, and the shared variable has
what is made of them, as a rule their mean.
"""

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting.graph.graph_functions import GraphFunctions
from migrate.hosting.graph.variables import Variables


class Component(NamedTuple):
    """A variable of one replica.

    Attributes:
      name: Of the variable that it is a component of.
      own: Whether the replica has a value of its own.
      share: What part of the variable's value it is given: 1, or a part where values add up.
      device: Where it is.
    """

    name: str
    own: bool
    share: float
    device: str


def components(graph: tf.Graph, strategy: tf.distribute.Strategy) -> dict[str, Component]:
    """Finds the components of all variables, by their names in the graph."""
    found = {}
    with graph.as_default(), strategy.scope():
        for variable in _all():
            own = variable.synchronization == tf.VariableSynchronization.ON_READ
            sums = own and variable.aggregation.name == "SUM"
            for one in strategy.experimental_local_results(variable):
                found[one.op.name] = Component(
                    name=variable.op.name,
                    own=own,
                    share=1 / strategy.num_replicas_in_sync if sums else 1.0,
                    device=one.device,
                )
    return found


def merged(graph: tf.Graph, strategy: tf.distribute.Strategy) -> dict[str, tf.Tensor]:
    """Adds to a graph the values of the variables that differ from replica to replica."""
    found = {}
    with graph.as_default(), strategy.scope():
        for variable in _all():
            if variable.synchronization == tf.VariableSynchronization.ON_READ:
                first = strategy.experimental_local_results(variable)[0]
                alone = variable.aggregation.name in ("NONE", "ONLY_FIRST_REPLICA")
                found[variable.op.name] = tf.identity(first if alone else variable)
    return found


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReplicaVariables:
    """Carries values from the shared variables to the replicas' copies, and back.

    Attributes:
      shared: The shared variables, by name.
      copies: The replicas' own variables, by their names in the graph: see `copies`.
      components: The components of all variables, by their names in the graph.
      merged: What is made of the variables that differ from replica to replica, as tensors of the
        graph, by the variables' names.
      functions: The functions of the graph.
    """

    shared: Variables
    copies: Variables
    components: Mapping[str, Component]
    merged: Mapping[str, tf.Tensor]
    functions: GraphFunctions

    def copy_to_replicas(self) -> None:
        """Gives the replicas the values of the shared variables, as restoring a checkpoint did."""
        for name, copy in self.copies.items():
            part = self.components[name]
            value = self.shared[part.name].read_value()
            copy.assign(value if part.share == 1 else tf.cast(value * part.share, value.dtype))

    def merge_from_replicas(self, names: Collection[str] | None = None) -> None:
        """Gives the shared variables what is made of the replicas' own values, as saving did.

        Args:
          names: Which variables; None for all.
        """
        chosen = {n: value for n, value in self.merged.items() if names is None or n in names}
        for name, value in (self.functions.computed(chosen) if chosen else {}).items():
            self.shared[name].assign(value)


def copies(components: Mapping[str, Component], shared: Variables) -> Variables:
    """Creates the replicas' own variables, by their names in the graph."""
    return {
        name: _copy(name, component, shared)
        for name, component in components.items()
        if component.own or component.name != name
    }


def _copy(name: str, component: Component, shared: Variables) -> tf.Variable:
    """Creates a replica's copy of a shared variable, on the replica's device."""
    value = shared[component.name]
    with tf.device(component.device):
        return tf.Variable(value, trainable=False, name=name, shape=value.shape)


def initializers(graph: tf.Graph, strategy: tf.distribute.Strategy) -> dict[str, tf.Operation]:
    """Finds what initializes each variable, in all replicas."""
    with graph.as_default(), strategy.scope():
        return {variable.op.name: variable.initializer for variable in _all()}


def _all() -> list[Any]:
    return [*tf1.global_variables(), *tf1.local_variables()]
