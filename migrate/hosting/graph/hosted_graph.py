"""A model_fn's graph in one mode, as functions that TF2 code can call.

The graph is built as an Estimator builds it: in a `tf.Graph`, with its seeds, its op names and its
order. It is then imported into a function, where features and labels are arguments, and the
variables are `tf.Variable`s that all modes share. Nothing is computed in another way than in a
session; what a session did with fetches is done by pruning the function to them.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.ledger import reader, summary_wrapper
from estimator_compat.losses import summaries
from estimator_compat.losses.weighted_losses import average_loss
from estimator_compat.runtime import evaluation, sessions
from migrate.hosting.graph import (
    dependencies,
    determinism,
    optimizer_ops,
    random_ops,
    variable_reads,
)
from migrate.hosting.graph import fetches as fetching
from migrate.hosting.graph.variables import Variables, create, handles, with_resources
from migrate.targets import Target, build

_LOSSES = ("loss", "loss_per_example", "average_loss")
LOCAL = (tf1.GraphKeys.LOCAL_VARIABLES, tf1.GraphKeys.METRIC_VARIABLES)


class HostedGraph:
    """One mode of a model_fn.

    Attributes:
      mode: A `ModeKeys` value.
      spec: The EstimatorSpec, whose tensors are of `graph`.
      metrics: In EVAL, the metrics with the Estimator's own, the mean of the batches' losses.
      graph: The `tf.Graph` that the model_fn built.
      features, labels: What the model_fn was given: tensors of `graph`.
      watched: In TRAIN, what a step can tell of itself beside its loss.
      summaries: The serialized summaries that the graph computes, `loss` among them.
      saver: Reads and writes the checkpoints of an Estimator with this graph.
      element_spec: The specs of what the functions take: features, or `(features, labels)`.
    """

    def __init__(self, target: Target, mode: str, variables: Variables) -> None:
        """Builds and imports the graph.

        Args:
          target: The model_fn, its inputs, params and config.
          mode: A `ModeKeys` value.
          variables: The variables by name; those that the graph has besides are added, not yet
            initialized.
        """
        built = build(with_resources(target), mode)
        self.mode, self.graph = mode, built.graph
        self.spec = fetching.settled(built.spec, built.graph)
        ends = [self.spec.loss, self.spec.train_op]
        variable_reads.share_reads(self.graph, ends)
        determinism.settle(self.graph, ends)
        given = built.inputs
        element = given.features if given.labels is None else (given.features, given.labels)
        self._element = element
        self.element_spec = tf.nest.map_structure(spec_of, element)
        self.features, self.labels = given.features, given.labels
        with self.graph.as_default():
            self.metrics = self._metrics()
            self.saver = self.spec.scaffold.saver or sessions.default_saver(built.config)
            if tf1.global_variables():
                self.saver.build()
            if mode == "train":
                summaries.add_loss(self.spec.loss)
                self.watched = self._watched()
            self.summaries = list(tf1.get_collection(tf1.GraphKeys.SUMMARIES))
            self._initializers = {
                v.op.name: v.initializer for v in [*tf1.global_variables(), *tf1.local_variables()]
            }
            self._tables = tf1.tables_initializer()
        self.created = create(handles(self.graph), self.graph, variables)
        self._import(variables)

    def _metrics(self) -> dict[str, Any]:
        if self.mode != "eval":
            return {}
        found = evaluation.metrics_with_loss(self.spec.eval_metric_ops, self.spec.loss)
        return fetching.metrics(found, self.graph)

    def _watched(self) -> dict[str, Any]:
        """What may be asked of a training step, by the names of `StepResult`."""
        found = {"loss": self.spec.loss}
        found.update(
            optimizer_ops.of_optimizers(self.graph, {op.name for op in handles(self.graph)})
        )
        terms = reader.ledger(self.spec.loss, self.features, self.labels).data_terms
        if terms:
            losses, weights = summary_wrapper.unreduced(terms[0])
            found["loss_per_example"] = losses
            found["average_loss"] = average_loss(losses, weights)
        return found

    def _import(self, variables: Variables) -> None:
        feeds = tf.nest.flatten(self._element, expand_composites=True)
        used = [index for index, tensor in enumerate(feeds) if tensor.consumers()]
        names = [op.name for op in handles(self.graph)]
        definition = self._definition()
        _wait_for_nothing(definition, {f"^{feed.op.name}" for feed in feeds})

        def imported(*arguments: Any) -> Any:
            inner = tf1.get_default_graph()
            captured = {f"{name}:0": inner.capture(variables[name].handle) for name in names}
            given = {feeds[index].name: arguments[index] for index in used}
            tf1.import_graph_def(definition, input_map={**captured, **given}, name="")
            return tf.constant(0)

        # By other names than "Placeholder", which operations of the model_fn may have.
        signature = [
            tf.TensorSpec(feed.shape, feed.dtype, f"hosted_argument_{index}")
            for index, feed in enumerate(feeds)
        ]
        self._whole = tf1.wrap_function(imported, signature)
        self._arguments = list(self._whole.inputs[: len(feeds)])
        self._by_feed = {f.name: a for f, a in zip(feeds, self._arguments, strict=True)}

    def _definition(self) -> Any:
        return self.graph.as_graph_def()

    def function(self, fetches: Any) -> Callable[[Any], Any]:
        """Returns a function of one batch, which computes tensors of `graph` and runs operations.

        Args:
          fetches: A nest of tensors, or a list of tensors and operations. None is returned in the
            place of an operation.
        """
        pruned = self._whole.prune(self._arguments, self._found(fetches))

        def run(element: Any) -> Any:
            self._check_form(element)
            given = tf.nest.flatten(element, expand_composites=True)
            pairs = zip(given, self._arguments, strict=True)
            return pruned(*(tf.convert_to_tensor(one, wanted.dtype) for one, wanted in pairs))

        return run

    def _check_form(self, element: Any) -> None:
        """Refuses what would be taken for something else: functions know tensors by their place."""
        try:
            tf.nest.assert_same_structure(element, self._element)
        except (TypeError, ValueError) as error:
            form = tf.nest.map_structure(lambda one: getattr(one, "shape", one), element)
            raise ValueError(
                f"the batch has the form {form}; expected that of what the input_fn yields, "
                f"{self.element_spec}; give features and labels of that form."
            ) from error

    def computed(self, fetches: Any) -> Any:
        """Computes tensors, or runs operations, that depend on no input."""
        return self._whole.prune([], self._found(fetches))()

    def between(self, feeds: Iterable[Any], fetches: Any) -> Any:
        """Returns the function from some tensors of `graph` to others."""
        return self._whole.prune([self._one(tensor) for tensor in feeds], self._found(fetches))

    def _found(self, fetches: Any) -> Any:
        return tf.nest.map_structure(self._one, fetches, expand_composites=True)

    def _one(self, fetch: Any) -> Any:
        if fetch.name in self._by_feed:
            return self._by_feed[fetch.name]
        return self._whole.graph.as_graph_element(fetch.name)

    def initialize(self, names: Collection[str]) -> None:
        """Gives variables their initial values, and fills the lookup tables.

        A Scaffold's own operations do it where the model_fn gave any, as in a new session.
        """
        scaffold, rest = self.spec.scaffold, set(names)
        if scaffold.init_op is not None and rest >= set(self.saved_variables):
            self._run_initializers([scaffold.init_op], names, scaffold.init_feed_dict)
            rest -= set(self.saved_variables)
        if scaffold.local_init_op is not None:
            rest -= self.local
        self._run_initializers([op for n, op in self._initializers.items() if n in rest], names)
        self._run_initializers([scaffold.local_init_op or self._tables], names)

    def _run_initializers(self, ops: Any, names: Collection[str], feeds: Any = None) -> None:
        """Runs operations; values that begin as those of other variables take their initial ones.

        Args:
          names: Variables that have no value yet.
          feeds: As for `Session.run`.
        """
        asked = [
            (op.outputs[0], False)
            for op in self.graph.get_operations()
            if op.type == "VarIsInitializedOp" and op.inputs[0].op.name in names
        ]
        asked += [(self.graph.as_graph_element(k), v) for k, v in (feeds or {}).items()]
        # To cut a function out of a large graph takes longer than a few steps of it.
        if any(op.op_def.is_stateful for op in dependencies.in_order(ops)):
            values = [tf.constant(value, tensor.dtype) for tensor, value in asked]
            self.between([tensor for tensor, _ in asked], ops)(*values)

    def elements(self, dataset: Any) -> Any:
        """Returns a Dataset of what a function takes, for one of the input's elements."""
        return dataset

    def spread(self) -> None:
        """Gives replicas the values of the variables; there are no replicas here."""

    def gather(self) -> None:
        """Gives the variables what replicas made of them; there are no replicas here."""

    @property
    def saved_variables(self) -> list[str]:
        """The names of the variables that a checkpoint has."""
        with self.graph.as_default():
            return [v.op.name for v in tf1.global_variables()]

    def used_operations(self) -> set[tf.Operation]:
        """The operations that a step, an evaluation or a prediction runs."""
        spec = self.spec
        ends = [
            spec.loss,
            spec.train_op,
            *tf.nest.flatten(spec.predictions, expand_composites=True),
        ]
        ends += [update for _, update in self.metrics.values()]
        given = tf.nest.flatten(self._element, expand_composites=True)
        return set(dependencies.in_order(ends, given))

    @property
    def train_op(self) -> tf.Operation:
        """What a step runs, as an operation: a function forgets a tensor that nobody reads."""
        return getattr(self.spec.train_op, "op", self.spec.train_op)

    @property
    def acts_alone(self) -> bool:
        """Whether a step writes, as its count, or draws something that waits for no input."""
        given = tf.nest.flatten(self._element, expand_composites=True)
        return variable_reads.acts_alone([self.spec.loss, self.spec.train_op], given)

    @property
    def losses(self) -> dict[str, Any]:
        """What is watched that is known before the gradients are."""
        return {name: self.watched[name] for name in _LOSSES if name in self.watched}

    @property
    def trainable(self) -> list[str]:
        """The names of the trainable variables."""
        variables = self.graph.get_collection(tf1.GraphKeys.TRAINABLE_VARIABLES)
        return [v.op.name for v in variables]

    @property
    def draws(self) -> bool:
        """Whether a step, or a function that it may call, has ops that draw random numbers."""
        return self.draws_for([self.spec.loss, self.spec.train_op])

    def draws_for(self, fetches: Any) -> bool:
        """Whether computing a nest of tensors and operations draws random numbers."""
        ends = tf.nest.flatten(fetches, expand_composites=True)
        return bool(random_ops.find(self.graph, ends))

    @property
    def local(self) -> set[str]:
        """The names of the variables that no checkpoint has: those of metrics."""
        # The `op` of what is a variable on each replica is one that adds these up, in their graph.
        names = (v.name for key in LOCAL for v in self.graph.get_collection(key))
        return {name.partition(":")[0] for name in names}


def _wait_for_nothing(definition: Any, inputs: set[str]) -> None:
    """Removes the control inputs by which operations wait for the input: arguments are there."""
    for node in definition.node:
        kept = [one for one in node.input if one not in inputs]
        if len(kept) < len(node.input):
            del node.input[:]
            node.input.extend(kept)


def spec_of(tensor: Any) -> Any:
    """The spec that a tensor of a graph fits, be it sparse or ragged."""
    if isinstance(tensor, tf.Tensor):
        return tf.TensorSpec(tensor.shape, tensor.dtype)
    return tf.type_spec_from_value(tensor)
