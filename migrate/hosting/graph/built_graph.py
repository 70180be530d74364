"""A model_fn's graph in one mode, with the operations that a loop adds to it.

The graph is built in a `tf.Graph` as an Estimator builds it: with the same seeds, the same op names
and the same order of operations.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.ledger import function_bodies, reader, summary_wrapper
from estimator_compat.ledger.values import LossLedger
from estimator_compat.losses import summaries
from estimator_compat.losses.weighted_losses import average_loss
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import evaluation, graph_traversal, initial_values, sessions
from estimator_compat.type_aliases import Nest, Tensor
from migrate.batch import Batch
from migrate.hosting.graph import (
    determinism,
    optimizer_ops,
    random_ops,
    shared_iterators,
    variable_access,
    variable_reads,
)
from migrate.hosting.graph.fetches import as_fetches, as_metric_fetches
from migrate.hosting.graph.input_forms import InputForm, OneBatch
from migrate.hosting.graph.variables import handles, with_resources
from migrate.targets import Built, Target, build

_LOSS_VALUES = ("loss", "loss_per_example", "average_loss")
# Takes the metrics: pairs of a value and an update. It is called in the graph, after all that an
# Estimator adds to the graph before it begins its hooks.
Begin = Callable[[Mapping[str, Any]], None]
Prepare = Callable[[Built], Begin | None]
_LOCAL_COLLECTIONS = (tf1.GraphKeys.LOCAL_VARIABLES, tf1.GraphKeys.METRIC_VARIABLES)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BuiltGraph:
    """The graph of a model_fn in one mode, before any of it is computed.

    Attributes:
      mode: A `ModeKeys` value.
      graph: The `tf.Graph` that the model_fn built.
      spec: The EstimatorSpec; its tensors and operations belong to `graph`.
      input_form: Converts an element of the input into the form of `element`.
      element: The model_fn's input as tensors of `graph`: features, or `(features, labels)`. On
        replicas, a tuple with such an input for each replica.
      element_spec: The specs of an element of the input, before `input_form` converts it.
      metrics: In EVAL, pairs of a value and an update by the metrics' names. They include the
        Estimator's `loss`, the mean of the batches' losses. Empty in other modes.
      step_values: In TRAIN, the values of a training step, by the names of `StepResult`; empty in
        other modes.
      summaries: The tensors of serialized summaries; in TRAIN they include the summary of `loss`.
      initializers: The operation that initializes each variable, by the variable's name.
      tables: The operation that fills the lookup tables.
      saver: The Saver that reads and writes an Estimator's checkpoints; None on replicas.
      ledger: In TRAIN, the ledger of the loss, on replicas of the first replica's loss; None in
        other modes.
      shared: The handles of the variables that all modes share: all variables except the replicas'
        copies.
      saved_variables: The names of the variables that a checkpoint has.
      rewired: The operations whose first input another tensor replaces in the functions: operation
        names to tensor names.
      input_result: What the input_fn returned in the graph; None on replicas.
    """

    mode: str
    graph: tf.Graph
    spec: Any
    input_form: InputForm
    element: Nest
    element_spec: Nest
    metrics: Mapping[str, Any]
    step_values: Mapping[str, Tensor]
    summaries: Sequence[tf.Tensor]
    initializers: Mapping[str, tf.Operation]
    tables: tf.Operation
    saver: Any
    ledger: LossLedger | None
    shared: Sequence[tf.Operation]
    saved_variables: Sequence[str]
    rewired: Mapping[str, str] = dataclasses.field(default_factory=dict)
    input_result: Any = None

    @property
    def inputs(self) -> list[tf.Tensor]:
        """The tensors of `element`, flattened."""
        return list(tf.nest.flatten(self.element, expand_composites=True))

    @property
    def train_op(self) -> tf.Operation:
        """The train_op as an operation.

        A train_op may be a tensor. A function leaves out a tensor whose value is not used. It would
        then leave out the training, too.
        """
        return getattr(self.spec.train_op, "op", self.spec.train_op)

    @property
    def losses(self) -> dict[str, Tensor]:
        """The step values that need no gradients: the losses."""
        return {name: self.step_values[name] for name in _LOSS_VALUES if name in self.step_values}

    @property
    def trainable(self) -> list[str]:
        """The names of the trainable variables."""
        variables = self.graph.get_collection(tf1.GraphKeys.TRAINABLE_VARIABLES)
        return [variable.op.name for variable in variables]

    @property
    def local(self) -> set[str]:
        """The names of the variables that are not saved: local variables, such as the metrics'."""
        return local_variables(self.graph)

    @property
    def acts_alone(self) -> bool:
        """Whether a step has effects that wait for no input, such as the step count's increment."""
        return variable_reads.acts_alone([self.spec.loss, self.spec.train_op], self.inputs)

    @property
    def draws(self) -> bool:
        """Whether a step, or a function that it may call, draws random numbers."""
        return self.draws_for([self.spec.loss, self.spec.train_op])

    def draws_for(self, fetches: Nest) -> bool:
        """Returns whether computing a nest of tensors and operations draws random numbers."""
        ends = tf.nest.flatten(fetches, expand_composites=True)
        return bool(random_ops.find(self.graph, ends))

    def used_operations(self) -> set[tf.Operation]:
        """Returns the operations that a step, an evaluation or a prediction runs.

        A model_fn may return one `predictions` dict in all modes. Only `predict` runs it.
        """
        spec = self.spec
        ends = [spec.loss, spec.train_op, *(update for _, update in self.metrics.values())]
        if self.mode == ModeKeys.PREDICT:
            ends += tf.nest.flatten(spec.predictions, expand_composites=True)
        return set(graph_traversal.topological_order(ends, self.inputs))


def build_for_one_device(target: Target, mode: str, prepare: Prepare | None = None) -> BuiltGraph:
    """Builds a target's graph in one mode.

    Args:
      target: The model_fn, its inputs, params and config.
      mode: A `ModeKeys` value.
      prepare: Takes the graph of the model_fn. It returns a function that begins hooks: it may add
        operations and variables, and later calls may fetch and feed any tensor. Or it returns None,
        as if `prepare` is None: nothing is added.
    """
    built = build(with_resources(target), mode)
    graph, spec = built.graph, as_fetches(built.spec, built.graph)
    begin = None if prepare is None else prepare(built._replace(spec=spec))
    if begin is None:
        order_step(graph, spec)
    shared_iterators.share(graph)
    element = built.batch.element
    with graph.as_default():
        metrics = _metrics(graph, spec) if mode == ModeKeys.EVAL else {}
        spec = _with_name_based_saver(spec)
        saver = spec.scaffold.saver or sessions.default_saver(built.config)
        if mode == ModeKeys.TRAIN:
            summaries.add_loss(spec.loss)
        if begin is not None:
            if not (spec.scaffold.saver or tf1.get_collection(tf1.GraphKeys.SAVERS)):
                tf1.add_to_collection(tf1.GraphKeys.SAVERS, saver)
            begin(metrics)
            order_all_reads(graph, spec)
        if tf1.global_variables():
            saver.build()
        ledger: LossLedger | None = None
        step_values: dict[str, Tensor] = {}
        if mode == ModeKeys.TRAIN:
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
            initializers={v.op.name: initial_values.initializer(v) for v in variables},
            tables=tf1.tables_initializer(),
            saver=saver,
            ledger=ledger,
            shared=tuple(handles(graph)),
            saved_variables=tuple(v.op.name for v in tf1.global_variables()),
            input_result=built.input_result,
        )


def _with_name_based_saver(spec: Any) -> Any:
    """Returns a spec whose Scaffold has a Saver instead of a `tf.train.Checkpoint`.

    A Scaffold makes this Saver itself when its session is created. The Saver's names are the
    Checkpoint's keys.
    """
    scaffold = spec.scaffold
    if not isinstance(scaffold.saver, tf.train.Checkpoint):
        return spec
    saver = sessions.object_saver(scaffold.saver)
    return spec._replace(scaffold=tf1.train.Scaffold(saver=saver, copy_from_scaffold=scaffold))


def order_step(graph: tf.Graph, spec: Any) -> None:
    """Orders a training step's reads of variables and random draws; changes the graph in place."""
    ends = [spec.loss, spec.train_op]
    variable_reads.share_reads(graph, ends)
    determinism.make_deterministic(graph, ends)


def order_all_reads(graph: tf.Graph, spec: Any) -> None:
    """Orders a step in whose call hooks may fetch any tensor of the graph; changes it in place.

    Reads are not shared: a hook may feed a single one.
    """
    global_step = tf1.train.get_global_step(graph)
    with graph.as_default():
        for read in private_tensorflow.global_step_reads():
            # The read's input is a branch, for the case that the variable is not initialized. Only
            # a read itself can be ordered before the increment.
            value = graph.as_graph_element(global_step)
            private_tensorflow.replace_input(read.op, 0, value)
    reads = [op for op in graph.get_operations() if op.type in variable_access.READS]
    determinism.make_deterministic(graph, [spec.loss, spec.train_op, *reads])


def _metrics(graph: tf.Graph, spec: Any) -> dict[str, Any]:
    metrics = evaluation.metrics_with_loss(spec.eval_metric_ops, spec.loss)
    return as_metric_fetches(metrics, graph)


def _step_values(
    graph: tf.Graph, loss: tf.Tensor, batch: Batch
) -> tuple[LossLedger, dict[str, Tensor]]:
    """Returns the ledger of the loss, and the step's values by the names of `StepResult`.

    `with_loss_summaries` may have read a ledger in the model_fn. The ledger is read again because
    `order_step` has since replaced reads of variables: a tensor in the earlier ledger may be a read
    that the step does not make any more.
    """
    values = {"loss": loss}
    values.update(optimizer_ops.step_values(graph, {op.name for op in handles(graph)}))
    ledger = reader.ledger(loss, batch.features, batch.labels, mode=ModeKeys.TRAIN)
    first = summary_wrapper.first_term(ledger)
    if first is not None:
        losses, weights = summary_wrapper.unreduced(first)
        if function_bodies.reads_again(losses):
            return ledger, values  # the losses would race with the update of a variable
        values["loss_per_example"] = losses
        values["average_loss"] = average_loss(losses, weights)
    return ledger, values


def local_variables(graph: tf.Graph) -> set[str]:
    """Returns the names of a graph's variables that are not saved, such as the metrics'."""
    # `op` cannot be used: on replicas, it is an operation that adds up the replicas' variables.
    names = (variable.name for key in _LOCAL_COLLECTIONS for variable in graph.get_collection(key))
    return {name.partition(":")[0] for name in names}


def spec_of(tensor: Tensor) -> Any:
    """Returns the spec of a tensor, a SparseTensor or a RaggedTensor of a graph."""
    if isinstance(tensor, tf.Tensor):
        return tf.TensorSpec(tensor.shape, tensor.dtype)
    return tf.type_spec_from_value(tensor)
