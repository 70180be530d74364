"""A model_fn's training on several replicas, as a function that TF2 code can call."""

import dataclasses
from collections.abc import Mapping

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.losses import summaries
from estimator_compat.mode_keys import ModeKeys
from migrate.hosting.graph import built_graph, optimizer_ops
from migrate.hosting.graph.built_graph import BuiltGraph
from migrate.hosting.graph.graph_functions import GraphFunctions
from migrate.hosting.graph.hosted_graph import HostedGraph
from migrate.hosting.graph.variables import Variables, create, handles
from migrate.hosting.replicas import batches, build, losses, probed_terms
from migrate.hosting.replicas import variables as replica_variables
from migrate.hosting.replicas.variables import Component
from migrate.targets import Target

_STRATEGIES = (
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
        `migrate.hosting.replicas.global_mean`. With False it is the same loss as under an Estimator
        with `train_distribute`: the average of the replicas' losses, or their sum if the last loss
        of `tf.losses` in the model_fn was reduced by SUM.
      split: Whether an element of the input is a batch that is split over the replicas of this
        process: see `batches.SplitBatch`. With False the input is read as an Estimator read it: an
        element is one replica's batch, and a step takes an element for each replica: see
        `batches.BatchForEach`.
      loss_summaries: Whether `loss_per_example` and `average_loss` are summarized: see
        `migrate.hosting.replicas.losses`.

    Raises:
      ValueError: `strategy` is of another class.
    """

    strategy: tf.distribute.Strategy
    global_mean: bool = False
    split: bool = True
    loss_summaries: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.strategy, _STRATEGIES):
            raise ValueError(
                f"`strategy` ({type(self.strategy).__name__}) is not one whose replicas train in "
                "step, each with variables of its own; expected a MirroredStrategy, "
                "MultiWorkerMirroredStrategy or OneDeviceStrategy of tf.distribute; pass one as "
                "`strategy`, or as `train_distribute` of the RunConfig."
            )

    @property
    def is_chief(self) -> bool:
        """Whether this process is the chief, the one worker that writes files."""
        return bool(self.strategy.extended.should_checkpoint)

    def chief_decides(self, decision: bool) -> bool:
        """Returns the chief's decision on every worker.

        Workers may decide differently, for example because their clocks differ.

        Args:
          decision: This worker's own decision, which is ignored unless the worker is the chief.
        """
        vote = tf.constant(float(decision and self.is_chief))
        votes = self.strategy.run(lambda: tf.identity(vote))
        return bool(self.strategy.reduce(tf.distribute.ReduceOp.SUM, votes, axis=None) > 0)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BuiltReplicas:
    """The TRAIN graph of a model_fn under a strategy.

    If a model_fn changes gradients before it applies them (clips them, for example), each replica
    changes its own gradients, before they are added up.

    Attributes:
      built: The graph of all replicas of this process.
      components: The components of all variables, by the components' names in the graph.
      merged: The merged values of the variables whose values differ between replicas, by the
        variables' names.
    """

    built: BuiltGraph
    components: Mapping[str, Component]
    merged: Mapping[str, tf.Tensor]


def build_for_replicas(target: Target, replication: Replication) -> BuiltReplicas:
    """Builds a target's TRAIN graph for the replicas of a strategy.

    Args:
      target: The model_fn, its inputs, params and config.
      replication: The strategy, and how the batches and the loss are distributed.

    Raises:
      ValueError: The input cannot be split, or the global mean of the loss cannot be derived.
    """
    strategy, split = replication.strategy, replication.split
    model = build.build(target, strategy, split=split, exact=replication.global_mean)
    if replication.global_mean:
        probed_terms.check(target)
    graph, spec, count = model.graph, model.spec, len(model.inputs)
    built_graph.order_step(graph, spec)
    element_spec = tf.nest.map_structure(built_graph.spec_of, model.element)
    initializers = replica_variables.initializers(graph, strategy)
    merged = replica_variables.merged(graph, strategy)
    components = replica_variables.components(graph, strategy)
    with graph.as_default():
        tables = tf1.tables_initializer()
        terms = losses.find_terms(model.losses, model.inputs, strategy)
        if replication.loss_summaries:
            losses.summarize(terms)
        summaries.add_loss(spec.loss)
        serialized = tuple(tf1.get_collection(tf1.GraphKeys.SUMMARIES))
        firsts = {name for name, component in components.items() if component.name == name}
        step_values = {
            "loss": spec.loss,
            **optimizer_ops.step_values(graph, firsts),
            **losses.step_values(terms),
        }
    shared = [op for op in handles(graph) if _shared_name(op, components) == op.name]
    saved = {op.name for op in shared} - built_graph.local_variables(graph)
    built = BuiltGraph(
        mode=ModeKeys.TRAIN,
        graph=graph,
        spec=spec,
        input_form=(batches.SplitBatch if split else batches.BatchForEach)(count),
        element=tuple(model.inputs),
        element_spec=element_spec if split else (element_spec,) * count,
        metrics={},
        step_values=step_values,
        summaries=serialized,
        initializers=initializers,
        tables=tables,
        saver=None,
        ledger=terms.ledger,
        shared=tuple(shared),
        saved_variables=tuple(name for name in initializers if name in saved),
        rewired=model.rewired,
    )
    return BuiltReplicas(built=built, components=components, merged=merged)


def _shared_name(handle: tf.Operation, components: Mapping[str, Component]) -> str:
    """Returns the name of the shared variable that a variable of the graph is or is a copy of."""
    component = components.get(handle.name)
    return component.name if component else handle.name


def host_on_replicas(replicas: BuiltReplicas, variables: Variables) -> HostedGraph:
    """Imports the graph of replicas into functions, and creates their copies of the variables.

    Args:
      replicas: The graph.
      variables: The shared variables by name. The graph's other variables are created and added;
        they are not initialized yet.
    """
    built = replicas.built
    created = create(built.shared, built.graph, variables)
    copies = replica_variables.copies(replicas.components, variables)
    functions = GraphFunctions(built, {**variables, **copies})
    replica_copies = replica_variables.ReplicaVariables(
        shared=variables,
        copies=copies,
        components=replicas.components,
        merged=replicas.merged,
        functions=functions,
    )
    return HostedGraph(
        built=built, functions=functions, created=frozenset(created), replicas=replica_copies
    )
