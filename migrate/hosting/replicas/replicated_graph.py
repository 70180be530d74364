"""A model_fn's training on several replicas, as a function that TF2 code can call."""

import dataclasses
from collections.abc import Callable, Collection
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.losses import summaries
from estimator_compat.mode_keys import ModeKeys
from migrate.hosting.graph import determinism, hosted_graph, optimizer_ops, variable_reads
from migrate.hosting.graph import variables as graph_variables
from migrate.hosting.graph.hosted_graph import HostedGraph
from migrate.hosting.graph.variables import Variables
from migrate.hosting.replicas import batches, build, losses
from migrate.hosting.replicas import variables as replica_variables
from migrate.targets import Target

_KINDS = (
    tf.distribute.MirroredStrategy,
    tf.distribute.MultiWorkerMirroredStrategy,
    tf.distribute.OneDeviceStrategy,
    tf1.distribute.MirroredStrategy,
    tf1.distribute.OneDeviceStrategy,
    tf1.distribute.experimental.MultiWorkerMirroredStrategy,
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Replication:
    """How a model_fn is trained on several replicas.

    Attributes:
      strategy: MirroredStrategy, MultiWorkerMirroredStrategy or OneDeviceStrategy.
      global_mean: Whether the loss is the mean over the examples of all replicas: see
        `migrate.hosting.replicas.global_mean`. False is what an Estimator with `train_distribute`
        computed: the average of the replicas' losses, or their sum where the last loss of
        `tf.losses` in the model_fn was reduced by SUM.
      split: Whether an element of the input is a batch for all replicas of this process, which is
        split: see `replica_batches.split`. False is how an Estimator read it: an element is a
        replica's batch, and a step takes one for each, which `replica_batches.consecutive` groups.
      loss_summaries: Whether `loss_per_example` and `average_loss` are summarized: see
        `replica_losses`.

    Raises:
      ValueError: The strategy is of another kind.
    """

    strategy: tf.distribute.Strategy
    global_mean: bool = False
    split: bool = True
    loss_summaries: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.strategy, _KINDS):
            raise ValueError(
                f"`strategy` ({type(self.strategy).__name__}) is not one whose replicas train in "
                "step, each with variables of its own; expected a MirroredStrategy, "
                "MultiWorkerMirroredStrategy or OneDeviceStrategy of tf.distribute; pass one as "
                "`strategy`, or as `train_distribute` of the RunConfig."
            )

    @property
    def leads(self) -> bool:
        """Whether this process writes what people read: one of several workers does, the chief."""
        return bool(self.strategy.extended.should_checkpoint)

    def agreed(self, wanted: bool) -> bool:
        """What the process that leads wants: the others' clocks tell other times."""
        asked = tf.constant(float(wanted and self.leads))
        votes = self.strategy.run(lambda: tf.identity(asked))
        return bool(self.strategy.reduce(tf.distribute.ReduceOp.SUM, votes, axis=None) > 0)


class ReplicatedGraph(HostedGraph):
    """The TRAIN graph of a model_fn under a `tf.distribute` strategy.

    It has the shared variables that a `HostedGraph` has, and `spread` and `gather` to carry values
    from them to the replicas and back. What a model_fn does with gradients before it applies them,
    as clipping, it does in each replica, before they are added up.

    Attributes:
      replication: What it was made with.
    """

    def __init__(self, target: Target, variables: Variables, replication: Replication) -> None:
        """Builds and imports the graph.

        Args:
          target: The model_fn, its inputs, params and a config.
          variables: The shared variables by name; those that the graph has besides are added, not
            yet initialized.
          replication: On what to train.

        Raises:
          ValueError: The input cannot be split, or the global mean of the loss is not known.
        """
        strategy, split = replication.strategy, replication.split
        built = build.build(target, strategy, split=split, exact=replication.global_mean)
        self.mode, self.replication = ModeKeys.TRAIN, replication
        self.graph, self.spec, self.metrics = built.graph, built.spec, {}
        ends = [self.spec.loss, self.spec.train_op]
        variable_reads.share_reads(self.graph, ends)
        determinism.settle(self.graph, ends)
        self._element, self._rewired = tuple(built.inputs), built.rewired
        spec = tf.nest.map_structure(hosted_graph.spec_of, built.element)
        self.element_spec = spec if split else (spec,) * len(built.inputs)
        self._initializers = replica_variables.initializers(self.graph, strategy)
        self._gathered = replica_variables.gathered(self.graph, strategy)
        self._parts = replica_variables.components(self.graph, strategy)
        with self.graph.as_default():
            self._tables = tf1.tables_initializer()
            terms = losses.find(built.losses, built.inputs, strategy)
            if replication.loss_summaries:
                losses.summarize(terms)
            summaries.add_loss(self.spec.loss)
            self.summaries = list(tf1.get_collection(tf1.GraphKeys.SUMMARIES))
            firsts = {name for name, part in self._parts.items() if part.name == name}
            self.watched = {
                "loss": self.spec.loss,
                **optimizer_ops.of_optimizers(self.graph, firsts),
                **losses.watched(terms),
            }
        self.saver = None
        self._variables = variables
        handles = graph_variables.handles(self.graph)
        shared = [op for op in handles if self.shared_name(op) == op.name]
        self.created = graph_variables.create(shared, self.graph, variables)
        self._copies = {
            name: replica_variables.copy(name, part, variables)
            for name, part in self._parts.items()
            if part.own or part.name != name
        }
        self._import({**variables, **self._copies})

    @property
    def saved_variables(self) -> list[str]:
        """The names of the shared variables that a checkpoint has."""
        return [name for name in self._initializers if name in self.created - self.local]

    def shared_name(self, handle: tf.Operation) -> str:
        """The name of the variable that a variable of `graph` is, or is a replica's part of."""
        part = self._parts.get(handle.name)
        return part.name if part else handle.name

    def _definition(self) -> Any:
        definition = super()._definition()
        for node in definition.node:
            if node.name in self._rewired:
                node.input[0] = self._rewired[node.name]
        return definition

    def function(self, fetches: Any) -> Callable[[Any], Any]:
        """Returns a function of one element: see `element_spec` and `HostedGraph.function`."""
        run = super().function(fetches)
        if not self.replication.split:
            return lambda element: run(self._grouped(element))
        return lambda element: run(tuple(batches.split(element, len(self._element))))

    def _grouped(self, element: Any) -> Any:
        """A tuple of the replicas' batches; where there is one replica, of a batch itself, too."""
        is_batch = len(self._element) == 1 and not (type(element) is tuple and len(element) == 1)
        return (element,) if is_batch else element

    def elements(self, dataset: Any) -> Any:
        """Returns a Dataset of what a function takes, for one of the input's elements."""
        if self.replication.split:
            return dataset
        return batches.consecutive(dataset, len(self._element))

    def initialize(self, names: Collection[str]) -> None:
        """Gives variables their initial values, and fills the lookup tables."""
        super().initialize(names)
        self._gather(names)
        self.spread()

    def spread(self) -> None:
        """Gives the replicas the values of the shared variables, as restoring a checkpoint did."""
        for name, copy in self._copies.items():
            part = self._parts[name]
            value = self._variables[part.name].read_value()
            copy.assign(value if part.share == 1 else tf.cast(value * part.share, value.dtype))

    def gather(self) -> None:
        """Gives the shared variables what is made of the replicas' own values, as saving did."""
        self._gather(self._gathered)

    def _gather(self, names: Collection[str]) -> None:
        chosen = {name: value for name, value in self._gathered.items() if name in names}
        for name, value in (self.computed(chosen) if chosen else {}).items():
            self._variables[name].assign(value)
