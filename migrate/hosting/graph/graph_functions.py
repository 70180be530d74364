"""A built graph as functions that TF2 code can call.

The graph is imported into one function. The features and labels become its arguments, and its
variables are `tf.Variable`s that all modes share. A session runs only the operations that its
fetches need. The function runs the same operations: it is pruned to its fetches.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import graph_traversal
from estimator_compat.type_aliases import Nest, Operation, Tensor
from migrate.hosting.graph import shared_draws
from migrate.hosting.graph.built_graph import BuiltGraph
from migrate.hosting.graph.variables import handles


class GraphFunctions:
    """The functions of one graph.

    Args:
      built: The graph. Operations that are added to it later are in no function.
      variables: All variables, by their names in the graph.
      shares_draws: Whether all functions draw from one sequence of random numbers, as the calls of
        a session do: see `shared_draws`. Otherwise each function draws its own.

    Attributes:
      built: The graph.
      shares_draws: See above.
    """

    def __init__(
        self,
        built: BuiltGraph,
        variables: Mapping[str, tf.Variable],
        *,
        shares_draws: bool = False,
    ) -> None:
        self.built, self.shares_draws = built, shares_draws
        feeds = built.inputs
        used = [index for index, tensor in enumerate(feeds) if tensor.consumers()]
        names = [op.name for op in handles(built.graph)]
        definition = _definition(built)
        # The variables must live as long as the functions, which only have their handles.
        self._draws = shared_draws.share(definition) if shares_draws else {}

        def import_graph(*arguments: Tensor) -> Tensor:
            inner = tf1.get_default_graph()
            captured = {f"{name}:0": inner.capture(variables[name].handle) for name in names}
            for name, state in self._draws.items():
                captured[f"{name}:0"] = inner.capture(state.handle)
            fed = {feeds[index].name: arguments[index] for index in used}
            tf1.import_graph_def(definition, input_map={**captured, **fed}, name="")
            return tf.constant(0)

        # The default name of an argument is "Placeholder", which an operation of the model_fn may
        # have, too.
        signature = [
            tf.TensorSpec(feed.shape, feed.dtype, f"hosted_argument_{index}")
            for index, feed in enumerate(feeds)
        ]
        self._whole = tf1.wrap_function(import_graph, signature)
        self._arguments = list(self._whole.inputs[: len(feeds)])
        self._by_feed = {f.name: a for f, a in zip(feeds, self._arguments, strict=True)}

    def function(self, fetches: Nest) -> Callable[[Nest], Nest]:
        """Returns a function of one batch, which computes tensors of the graph and runs operations.

        Args:
          fetches: A nest of tensors, or a list of tensors and operations. The function returns None
            instead of an operation.

        Returns:
          A function whose argument fits `built.element_spec`.
        """
        pruned = self._whole.prune(self._arguments, self._imported(fetches))
        form = self.built.input_form

        def run(element: Nest) -> Nest:
            arguments = form.arguments(element)
            self._check_structure(arguments)
            values = tf.nest.flatten(arguments, expand_composites=True)
            pairs = zip(values, self._arguments, strict=True)
            return pruned(*(tf.convert_to_tensor(value, feed.dtype) for value, feed in pairs))

        return run

    def _check_structure(self, element: Nest) -> None:
        """Raises a ValueError for a batch of another structure.

        The check is needed because the function takes tensors by position, not by feature name.
        """
        try:
            tf.nest.assert_same_structure(element, self.built.element)
        except (TypeError, ValueError) as error:
            form = tf.nest.map_structure(lambda leaf: getattr(leaf, "shape", leaf), element)
            raise ValueError(
                f"the batch has the form {form}; expected that of what the input_fn yields, "
                f"{self.built.element_spec}; give features and labels of that form."
            ) from error

    def compute(self, fetches: Nest) -> Nest:
        """Computes tensors, or runs operations, that depend on no input."""
        return self._whole.prune([], self._imported(fetches))()

    def between(self, feeds: Iterable[Tensor], fetches: Nest) -> Callable[..., Nest]:
        """Returns a function that takes values for some tensors of the graph and computes others.

        Args:
          feeds: The tensors of the graph that the function's arguments replace, in that order.
          fetches: A nest of tensors and operations of the graph.
        """
        feeds = [self._imported_element(tensor) for tensor in feeds]
        pruned: Callable[..., Nest] = self._whole.prune(feeds, self._imported(fetches))
        return pruned

    def _imported(self, fetches: Nest) -> Nest:
        return tf.nest.map_structure(self._imported_element, fetches, expand_composites=True)

    def _imported_element(self, fetch: Any) -> Any:
        """Returns the imported tensor or operation of this name, or the argument for an input."""
        if fetch.name in self._by_feed:
            return self._by_feed[fetch.name]
        return self._whole.graph.as_graph_element(fetch.name)

    def initialize(self, names: Collection[str]) -> None:
        """Gives variables their initial values, and fills the lookup tables.

        The operations of the model_fn's Scaffold do this if it has any, as in a new session.

        Args:
          names: The names of the variables.
        """
        built, remaining = self.built, set(names)
        scaffold = built.spec.scaffold
        if scaffold.init_op is not None and remaining >= set(built.saved_variables):
            self._run_initializers([scaffold.init_op], names, scaffold.init_feed_dict)
            remaining -= set(built.saved_variables)
        if scaffold.local_init_op is not None:
            remaining -= built.local
        ops = [op for name, op in built.initializers.items() if name in remaining]
        self._run_initializers(ops, names)
        self._run_initializers([scaffold.local_init_op or built.tables], names)

    def _run_initializers(
        self, ops: list[Operation], names: Collection[str], feeds: Any = None
    ) -> None:
        """Runs initializers. A variable initialized from another one takes its initial value.

        Args:
          ops: The initializers.
          names: The names of the variables that have no value yet.
          feeds: Values by tensors of the graph, as for `Session.run`; None for no values.
        """
        fed = [
            (op.outputs[0], False)
            for op in self.built.graph.get_operations()
            if op.type == "VarIsInitializedOp" and op.inputs[0].op.name in names
        ]
        fed += [(self.built.graph.as_graph_element(k), v) for k, v in (feeds or {}).items()]
        # Initializers without an effect are skipped: pruning the function of a large graph takes
        # longer than a few training steps.
        if any(op.op_def.is_stateful for op in graph_traversal.topological_order(ops)):
            values = [tf.constant(value, tensor.dtype) for tensor, value in fed]
            self.between([tensor for tensor, _ in fed], ops)(*values)


def _definition(built: BuiltGraph) -> Any:
    """Returns the GraphDef to import, with the inputs that `rewired` names replaced."""
    definition = built.graph.as_graph_def()
    inputs = {f"^{feed.op.name}" for feed in built.inputs}
    for node in definition.node:
        if node.name in built.rewired:
            node.input[0] = built.rewired[node.name]
        _remove_control_inputs(node, inputs)
    return definition


def _remove_control_inputs(node: Any, names: set[str]) -> None:
    """Removes the control inputs with these names from a NodeDef.

    These inputs become the arguments of a function. The arguments have their values when the
    function starts, so no operation needs to wait for them.
    """
    kept = [name for name in node.input if name not in names]
    if len(kept) < len(node.input):
        del node.input[:]
        node.input.extend(kept)
