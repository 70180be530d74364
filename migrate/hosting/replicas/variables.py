"""The replicas' copies of the variables that all modes share.

A checkpoint has the values of the shared variables. If the replicas keep a variable equal, the
first replica uses the shared variable, and the others use copies. If each replica has a value of
its own (such as the moving averages of batch normalization), all replicas use copies, and the
shared variable has their merged value, usually their mean.
"""

import dataclasses
from collections.abc import Collection, Mapping
from typing import NamedTuple

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import initial_values
from estimator_compat.type_aliases import Variable
from migrate.hosting.graph.graph_functions import GraphFunctions
from migrate.hosting.graph.variables import Variables


class Component(NamedTuple):
    """One replica's component of a distributed variable.

    Attributes:
      name: The name of the distributed variable. The first replica's component has the same name.
      own: Whether each replica has its own value. Otherwise all replicas have the same value.
      share: The part of the shared value that the component receives: 1, or 1 / replicas if the
        components' values are merged by SUM.
      device: The device of the component.
    """

    name: str
    own: bool
    share: float
    device: str


def components(graph: tf.Graph, strategy: tf.distribute.Strategy) -> dict[str, Component]:
    """Returns the components of all variables, by the components' names in the graph."""
    by_name = {}
    with graph.as_default(), strategy.scope():
        for variable in _all_variables():
            own = variable.synchronization == tf.VariableSynchronization.ON_READ
            is_sum = own and variable.aggregation.name == "SUM"
            for component in strategy.experimental_local_results(variable):
                by_name[component.op.name] = Component(
                    name=variable.op.name,
                    own=own,
                    share=1 / strategy.num_replicas_in_sync if is_sum else 1.0,
                    device=component.device,
                )
    return by_name


def merged(graph: tf.Graph, strategy: tf.distribute.Strategy) -> dict[str, tf.Tensor]:
    """Adds to a graph the merged values of the variables whose values differ between replicas.

    Returns:
      The merged values as tensors of the graph, by the variables' names.
    """
    values = {}
    with graph.as_default(), strategy.scope():
        for variable in _all_variables():
            if variable.synchronization == tf.VariableSynchronization.ON_READ:
                first = strategy.experimental_local_results(variable)[0]
                uses_first = variable.aggregation.name in ("NONE", "ONLY_FIRST_REPLICA")
                values[variable.op.name] = tf.identity(first if uses_first else variable)
    return values


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReplicaVariables:
    """Copies values from the shared variables to the replicas' copies, and merges them back.

    Attributes:
      shared: The shared variables, by name.
      copies: The replicas' copies, by their names in the graph: see the function `copies`.
      components: The components of all variables, by the components' names in the graph.
      merged: The merged values of the variables whose values differ between replicas, as tensors
        of the graph, by the variables' names.
      functions: The functions of the graph.
    """

    shared: Variables
    copies: Variables
    components: Mapping[str, Component]
    merged: Mapping[str, tf.Tensor]
    functions: GraphFunctions

    def copy_to_replicas(self) -> None:
        """Copies the shared variables' values to the replicas, as restoring a checkpoint did."""
        for name, copy in self.copies.items():
            component = self.components[name]
            value = self.shared[component.name].read_value()
            share = component.share
            copy.assign(value if share == 1 else tf.cast(value * share, value.dtype))

    def merge_from_replicas(self, names: Collection[str] | None = None) -> None:
        """Merges the replicas' own values into the shared variables, as saving a checkpoint did.

        Args:
          names: The names of the variables; None for all.
        """
        tensors = {n: tensor for n, tensor in self.merged.items() if names is None or n in names}
        for name, value in (self.functions.compute(tensors) if tensors else {}).items():
            self.shared[name].assign(value)


def copies(components: Mapping[str, Component], shared: Variables) -> Variables:
    """Creates the replicas' copies of the shared variables, by the copies' names in the graph."""
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
    """Returns the operations that initialize each variable in all replicas, by its name."""
    with graph.as_default(), strategy.scope():
        return {
            variable.op.name: initial_values.initializer(variable) for variable in _all_variables()
        }


def _all_variables() -> list[Variable]:
    return [*tf1.global_variables(), *tf1.local_variables()]
