"""A built graph as functions that TF2 code can call.

The graph is imported into a function, where features and labels are arguments, and the variables
are `tf.Variable`s that all modes share. Nothing is computed in another way than in a session; what
a session did with fetches is done by pruning the function to them.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import graph_traversal
from migrate.hosting.graph.built_graph import BuiltGraph
from migrate.hosting.graph.variables import handles


class GraphFunctions:
    """The functions of one graph.

    Attributes:
      built: The graph.
    """

    def __init__(self, built: BuiltGraph, variables: Mapping[str, tf.Variable]) -> None:
        """Imports the graph.

        Args:
          built: The graph; what is added to it later is in no function.
          variables: The variables by their names in the graph, all of them.
        """
        self.built = built
        feeds = built.inputs
        used = [index for index, tensor in enumerate(feeds) if tensor.consumers()]
        names = [op.name for op in handles(built.graph)]
        definition = _definition(built)

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

    def function(self, fetches: Any) -> Callable[[Any], Any]:
        """Returns a function of one batch, which computes tensors of the graph and runs operations.

        Args:
          fetches: A nest of tensors, or a list of tensors and operations. None is returned in the
            place of an operation.

        Returns:
          A function of what `built.element_spec` says.
        """
        pruned = self._whole.prune(self._arguments, self._found(fetches))
        form = self.built.input_form

        def run(element: Any) -> Any:
            arguments = form.arguments(element)
            self._check_form(arguments)
            given = tf.nest.flatten(arguments, expand_composites=True)
            pairs = zip(given, self._arguments, strict=True)
            return pruned(*(tf.convert_to_tensor(one, wanted.dtype) for one, wanted in pairs))

        return run

    def _check_form(self, element: Any) -> None:
        """Refuses what would be taken for something else: functions know tensors by their place."""
        try:
            tf.nest.assert_same_structure(element, self.built.element)
        except (TypeError, ValueError) as error:
            form = tf.nest.map_structure(lambda one: getattr(one, "shape", one), element)
            raise ValueError(
                f"the batch has the form {form}; expected that of what the input_fn yields, "
                f"{self.built.element_spec}; give features and labels of that form."
            ) from error

    def computed(self, fetches: Any) -> Any:
        """Computes tensors, or runs operations, that depend on no input."""
        return self._whole.prune([], self._found(fetches))()

    def between(self, feeds: Iterable[Any], fetches: Any) -> Any:
        """Returns the function from some tensors of the graph to others."""
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
        built, rest = self.built, set(names)
        scaffold = built.spec.scaffold
        if scaffold.init_op is not None and rest >= set(built.saved_variables):
            self._run_initializers([scaffold.init_op], names, scaffold.init_feed_dict)
            rest -= set(built.saved_variables)
        if scaffold.local_init_op is not None:
            rest -= built.local
        self._run_initializers([op for n, op in built.initializers.items() if n in rest], names)
        self._run_initializers([scaffold.local_init_op or built.tables], names)

    def _run_initializers(self, ops: Any, names: Collection[str], feeds: Any = None) -> None:
        """Runs operations; values that begin as those of other variables take their initial ones.

        Args:
          names: Variables that have no value yet.
          feeds: As for `Session.run`.
        """
        asked = [
            (op.outputs[0], False)
            for op in self.built.graph.get_operations()
            if op.type == "VarIsInitializedOp" and op.inputs[0].op.name in names
        ]
        asked += [(self.built.graph.as_graph_element(k), v) for k, v in (feeds or {}).items()]
        # To cut a function out of a large graph takes longer than a few steps of it.
        if any(op.op_def.is_stateful for op in graph_traversal.topological_order(ops)):
            values = [tf.constant(value, tensor.dtype) for tensor, value in asked]
            self.between([tensor for tensor, _ in asked], ops)(*values)


def _definition(built: BuiltGraph) -> Any:
    definition = built.graph.as_graph_def()
    inputs = {f"^{feed.op.name}" for feed in built.inputs}
    for node in definition.node:
        if node.name in built.rewired:
            node.input[0] = built.rewired[node.name]
        _wait_for_nothing(node, inputs)
    return definition


def _wait_for_nothing(node: Any, inputs: set[str]) -> None:
    """Removes the control inputs by which an operation waits for the input: arguments are there."""
    kept = [one for one in node.input if one not in inputs]
    if len(kept) < len(node.input):
        del node.input[:]
        node.input.extend(kept)
