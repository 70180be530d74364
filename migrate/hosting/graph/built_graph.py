"""A model_fn's graph in one mode, with what a loop adds to it and asks of it.

The graph is built as an Estimator builds it: in a `tf.Graph`, with its seeds, its op names and its
order.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.ledger import reader, summary_wrapper
from estimator_compat.ledger.values import LossLedger
from estimator_compat.losses import summaries
from estimator_compat.losses.weighted_losses import average_loss
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import evaluation, graph_traversal, sessions
from migrate.batch import Batch
from migrate.hosting.graph import (
    determinism,
    optimizer_ops,
    random_ops,
    variable_reads,
)
from migrate.hosting.graph.fetches import as_fetches, as_metric_fetches
from migrate.hosting.graph.input_forms import InputForm, OneBatch
from migrate.hosting.graph.variables import handles, with_resources
from migrate.targets import Target, build

_LOSSES = ("loss", "loss_per_example", "average_loss")
_LOCAL = (tf1.GraphKeys.LOCAL_VARIABLES, tf1.GraphKeys.METRIC_VARIABLES)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BuiltGraph:
    """One mode of a model_fn, built; nothing of it is computed yet.

    Attributes:
      mode: A `ModeKeys` value.
      graph: The `tf.Graph` that the model_fn built.
      spec: The EstimatorSpec, whose tensors and operations are of `graph`.
      input_form: How an element of the input becomes what `element` is.
      element: What the model_fn was given, as tensors of `graph`: features, or
        `(features, labels)`; on replicas a tuple of what each of them was given.
      element_spec: The specs of what a function takes, before `input_form` is applied.
      metrics: In EVAL, the metrics with the Estimator's own, the mean of the batches' losses.
      step_values: In TRAIN, what a step can tell of itself, by the names of `StepResult`.
      summaries: The serialized summaries that the graph computes, `loss` among them.
      initializers: What initializes each variable, by its name.
      tables: Fills the lookup tables.
      saver: Reads and writes the checkpoints of an Estimator with this graph; None on replicas.
      ledger: In TRAIN, the ledger of the loss, on replicas that of the first one's; otherwise None.
      shared: The handles of the variables that all modes share: all but the replicas' copies.
      saved_variables: The names of the variables that a checkpoint has.
      rewired: Which operations take another first input in functions: name to tensor name.
    """

    mode: str
    graph: tf.Graph
    spec: Any
    input_form: InputForm
    element: Any
    element_spec: Any
    metrics: Mapping[str, Any]
    step_values: Mapping[str, Any]
    summaries: Sequence[tf.Tensor]
    initializers: Mapping[str, tf.Operation]
    tables: tf.Operation
    saver: Any
    ledger: LossLedger | None
    shared: Sequence[tf.Operation]
    saved_variables: Sequence[str]
    rewired: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def inputs(self) -> list[tf.Tensor]:
        """The tensors of `element`, one after another."""
        return list(tf.nest.flatten(self.element, expand_composites=True))

    @property
    def train_op(self) -> tf.Operation:
        """What a step runs, as an operation: a function forgets a tensor that nobody reads."""
        return getattr(self.spec.train_op, "op", self.spec.train_op)

    @property
    def losses(self) -> dict[str, Any]:
        """The values of a step that are known before the gradients are."""
        return {name: self.step_values[name] for name in _LOSSES if name in self.step_values}

    @property
    def trainable(self) -> list[str]:
        """The names of the trainable variables."""
        variables = self.graph.get_collection(tf1.GraphKeys.TRAINABLE_VARIABLES)
        return [v.op.name for v in variables]

    @property
    def local(self) -> set[str]:
        """The names of the variables that no checkpoint has: those of metrics."""
        return local_variables(self.graph)

    @property
    def acts_alone(self) -> bool:
        """Whether a step writes, as its count, or draws something that waits for no input."""
        return variable_reads.acts_alone([self.spec.loss, self.spec.train_op], self.inputs)

    @property
    def draws(self) -> bool:
        """Whether a step, or a function that it may call, has ops that draw random numbers."""
        return self.draws_for([self.spec.loss, self.spec.train_op])

    def draws_for(self, fetches: Any) -> bool:
        """Whether computing a nest of tensors and operations draws random numbers."""
        ends = tf.nest.flatten(fetches, expand_composites=True)
        return bool(random_ops.find(self.graph, ends))

    def used_operations(self) -> set[tf.Operation]:
        """The operations that a step, an evaluation or a prediction runs."""
        spec = self.spec
        ends = [
            spec.loss,
            spec.train_op,
            *tf.nest.flatten(spec.predictions, expand_composites=True),
        ]
        ends += [update for _, update in self.metrics.values()]
        return set(graph_traversal.topological_order(ends, self.inputs))


def build_for_one_device(target: Target, mode: str) -> BuiltGraph:
    """Builds a target's graph in one mode.

    Args:
      target: The model_fn, its inputs, params and config.
      mode: A `ModeKeys` value.
    """
    built = build(with_resources(target), mode)
    graph, spec = built.graph, as_fetches(built.spec, built.graph)
    order_step(graph, spec)
    element = built.batch.element
    with graph.as_default():
        metrics = _metrics(graph, spec) if mode == ModeKeys.EVAL else {}
        saver = spec.scaffold.saver or sessions.default_saver(built.config)
        if tf1.global_variables():
            saver.build()
        ledger: LossLedger | None = None
        step_values: dict[str, Any] = {}
        if mode == ModeKeys.TRAIN:
            summaries.add_loss(spec.loss)
            ledger, step_values = _step_values(graph, spec.loss, built.batch)
        variables = [*tf1.global_variables(), *tf1.local_variables()]
        return BuiltGraph(
            mode=mode,
            graph=graph,
            spec=spec,
            input_form=OneBatch(),
            element=element,
            element_spec=tf.nest.map_structure(spec_of, element),
            metrics=metrics,
            step_values=step_values,
            summaries=tuple(tf1.get_collection(tf1.GraphKeys.SUMMARIES)),
            initializers={v.op.name: v.initializer for v in variables},
            tables=tf1.tables_initializer(),
            saver=saver,
            ledger=ledger,
            shared=tuple(handles(graph)),
            saved_variables=tuple(v.op.name for v in tf1.global_variables()),
        )


def order_step(graph: tf.Graph, spec: Any) -> None:
    """Gives a training step's reads and draws one order; the graph is changed in place."""
    ends = [spec.loss, spec.train_op]
    variable_reads.share_reads(graph, ends)
    determinism.make_deterministic(graph, ends)


def _metrics(graph: tf.Graph, spec: Any) -> dict[str, Any]:
    metrics = evaluation.metrics_with_loss(spec.eval_metric_ops, spec.loss)
    return as_metric_fetches(metrics, graph)


def _step_values(
    graph: tf.Graph, loss: tf.Tensor, batch: Batch
) -> tuple[LossLedger, dict[str, Any]]:
    """The ledger of a step's loss, and what the step can tell, by the names of `StepResult`.

    The ledger is read here, although `with_loss_summaries` may have read one in the model_fn: reads
    of variables are shared only now, so that the tensors of the earlier ledger may be reads that
    the step does not make any more.
    """
    values = {"loss": loss}
    values.update(optimizer_ops.of_optimizers(graph, {op.name for op in handles(graph)}))
    ledger = reader.ledger(loss, batch.features, batch.labels, mode=ModeKeys.TRAIN)
    if ledger.data_terms:
        losses, weights = summary_wrapper.unreduced(ledger.data_terms[0])
        values["loss_per_example"] = losses
        values["average_loss"] = average_loss(losses, weights)
    return ledger, values


def local_variables(graph: tf.Graph) -> set[str]:
    """The names of the variables of a graph that no checkpoint has: those of metrics."""
    # The `op` of what is a variable on each replica is one that adds these up, in their graph.
    names = (v.name for key in _LOCAL for v in graph.get_collection(key))
    return {name.partition(":")[0] for name in names}


def spec_of(tensor: Any) -> Any:
    """The spec that a tensor of a graph fits, be it sparse or ragged."""
    if isinstance(tensor, tf.Tensor):
        return tf.TensorSpec(tensor.shape, tensor.dtype)
    return tf.type_spec_from_value(tensor)
