"""Writes what a custom loop serves: a SavedModel with the signatures that an Estimator's has."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.export import outputs, saved_model
from estimator_compat.mode_keys import ModeKeys
from migrate.hosting.graph.built_graph import build_for_one_device
from migrate.hosting.graph.hosted_graph import HostedGraph, host_on_one_device
from migrate.hosting.graph.variables import Variables
from migrate.hosting.saved_model import lookup_tables
from migrate.hosting.saved_model.lookup_tables import ServedTable
from migrate.targets import Target


class Served:
    """The PREDICT graph as it is served: fed by receiver tensors.

    Attributes:
      graph: It, with the variables of a loop.
    """

    def __init__(
        self, target: Target, receiver_fn: Callable[[], Any], variables: Variables
    ) -> None:
        """Builds the graph as `export_saved_model` does.

        Args:
          target: The model_fn.
          receiver_fn: Returns a `ServingInputReceiver` or a `TensorServingInputReceiver`.
          variables: The loop's.

        Raises:
          ValueError: The graph has a variable that the loop has not, or a lookup table that
            training adds to.
        """
        self._target, self._receiver_fn = target, receiver_fn
        known = dict(variables)
        changed = dataclasses.replace(target, model_fn=self._model_fn, input_fns=self._input_fn)
        built = build_for_one_device(changed, ModeKeys.PREDICT)
        self.graph = host_on_one_device(built, known)
        fillings = lookup_tables.fillings(built)
        _check(self.graph, [op.name for op, filling in fillings.items() if filling is None])
        self._handles = [op.outputs[0] for op in fillings]
        self._tables = [ServedTable(self.graph.functions, *pair) for pair in fillings.items()]

    def _input_fn(self) -> Any:
        self._receiver = self._receiver_fn()
        return dict(self._receiver.receiver_tensors)

    def _model_fn(self, features: Any, mode: str) -> Any:
        return self._target.call_model_fn(self._receiver.features, None, mode)

    def write(self, folder: str, variables: Variables) -> None:
        """Writes the SavedModel, with the variables' present values.

        Raises:
          ValueError: An input has a name that a TF2 SavedModel cannot keep.
        """
        module = tf.Module()
        module.variables_by_name = {
            name: variables[name] for name in self.graph.built.saved_variables if name in variables
        }
        module.tables = self._tables
        module.files = [file for table in self._tables for file in table.files]
        functions = {name: self._function(one) for name, one in self._signatures().items()}
        tf.saved_model.save(module, folder, signatures=functions)

    def _signatures(self) -> dict[str, Any]:
        spec = self.graph.built.spec
        with self.graph.built.graph.as_default():
            served = outputs.completed(spec.export_outputs, spec.predictions)
            found = saved_model.signatures(self._receiver, served, serving=True)
        _check_names({name for one in found.values() for name in one.inputs})
        return found

    def _function(self, signature: Any) -> Any:
        """The function of a SignatureDef: from its inputs to its outputs, by their names."""
        inputs, made = self._tensors(signature.inputs), self._tensors(signature.outputs)
        run = self.graph.functions.between([*inputs.values(), *self._handles], made)

        def serve(**given: Any) -> dict[str, Any]:
            tables = (table.resource_handle for table in self._tables)
            return run(*(given[name] for name in inputs), *tables)

        specs = {
            name: tf.TensorSpec(tensor.shape, tensor.dtype, name=name)
            for name, tensor in inputs.items()
        }
        return tf.function(serve).get_concrete_function(**specs)

    def _tensors(self, infos: Mapping[str, Any]) -> dict[str, Any]:
        find = tf1.saved_model.get_tensor_from_tensor_info
        return {name: find(info, self.graph.built.graph) for name, info in sorted(infos.items())}


def _check(graph: HostedGraph, growing: list[str]) -> None:
    problems = []
    if graph.created:
        problems.append(
            f"it has variables that the loop has no values for, {sorted(graph.created)}; train or "
            "restore first, and build them alike in all modes"
        )
    if growing:
        problems.append(
            f"it has lookup tables that training adds to, {growing}, which are in no checkpoint of "
            "a loop; use tf.lookup.StaticHashTable, or variables"
        )
    if problems:
        raise ValueError(
            f"the model_fn's PREDICT graph cannot be exported: {'; '.join(problems)}. Expected a "
            "graph of operations, variables and tables that are filled once."
        )


def _check_names(names: set[str]) -> None:
    odd = sorted(name for name in names if not name.isidentifier())
    if odd:
        raise ValueError(
            f"`serving_input_receiver_fn` names inputs {odd}, which tf.saved_model.save would "
            "rename; expected names of letters, digits and underscores; rename the "
            "receiver_tensors, or export with estimator_compat.Estimator.export_saved_model."
        )
