"""The variables of replicas, beside the ones that all modes share.

A shared variable has what a checkpoint has. Where replicas keep a variable equal, the first
replica works on the shared one, the others on copies. Where each replica has a value of its own,
as the moving averages of batch normalization, all work on copies, and the shared variable has
what is made of them, as a rule their mean.
"""

from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow.compat.v1 as tf1

Variables = dict[str, tf.Variable]


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


def gathered(graph: tf.Graph, strategy: tf.distribute.Strategy) -> dict[str, tf.Tensor]:
    """Adds to a graph the values of the variables that differ from replica to replica."""
    found = {}
    with graph.as_default(), strategy.scope():
        for variable in _all():
            if variable.synchronization == tf.VariableSynchronization.ON_READ:
                first = strategy.experimental_local_results(variable)[0]
                alone = variable.aggregation.name in ("NONE", "ONLY_FIRST_REPLICA")
                found[variable.op.name] = tf.identity(first if alone else variable)
    return found


def copy(name: str, component: Component, variables: Variables) -> tf.Variable:
    """Creates a replica's copy of a shared variable, on the replica's device."""
    shared = variables[component.name]
    with tf.device(component.device):
        return tf.Variable(shared, trainable=False, name=name, shape=shared.shape)


def initializers(graph: tf.Graph, strategy: tf.distribute.Strategy) -> dict[str, tf.Operation]:
    """Finds what initializes each variable, in all replicas."""
    with graph.as_default(), strategy.scope():
        return {variable.op.name: variable.initializer for variable in _all()}


def _all() -> list[Any]:
    return [*tf1.global_variables(), *tf1.local_variables()]
