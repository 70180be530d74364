"""Exports a custom loop as a SavedModel with the signatures of an Estimator's SavedModel."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.export import outputs, saved_model
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import own_deprecations
from estimator_compat.type_aliases import Features, Nest, ServingInputReceiverFn, Tensor
from migrate.hosting.graph.built_graph import build_for_one_device
from migrate.hosting.graph.hosted_graph import host_on_one_device
from migrate.hosting.graph.variables import Variables
from migrate.hosting.saved_model import lookup_tables
from migrate.hosting.saved_model.lookup_tables import ServedTable
from migrate.targets import Target


class ServedGraph:
    """The PREDICT graph on receiver tensors, built as `export_saved_model` builds it.

    Args:
      target: The model_fn, its params and config.
      receiver_fn: Returns a `ServingInputReceiver` or a `TensorServingInputReceiver`.
      variables: The variables of the loop, by name.
      adds_variables: Whether variables that only this graph has are added to `variables`; the
        caller then restores them. Otherwise they are an error.

    Attributes:
      graph: The graph, with its functions on the variables of the loop.

    Raises:
      ValueError: The graph has a variable that the loop does not have, or a lookup table that
        training adds to.
    """

    def __init__(
        self,
        target: Target,
        receiver_fn: ServingInputReceiverFn,
        variables: Variables,
        *,
        adds_variables: bool = False,
    ) -> None:
        self._target, self._receiver_fn = target, receiver_fn
        served = dataclasses.replace(target, model_fn=self._model_fn, input_fns=self._input_fn)
        built = build_for_one_device(served, ModeKeys.PREDICT)
        # A new variable is added to the dict that is passed.
        self.graph = host_on_one_device(built, variables if adds_variables else dict(variables))
        fillings = lookup_tables.fillings(built)
        _check(
            [] if adds_variables else sorted(self.graph.created),
            [op.name for op, filling in fillings.items() if filling is None],
        )
        self._handles = [op.outputs[0] for op in fillings]
        self._tables = [ServedTable(self.graph.functions, *pair) for pair in fillings.items()]

    def _input_fn(self) -> Features:
        self._receiver = self._receiver_fn()
        return dict(self._receiver.receiver_tensors)

    def _model_fn(self, features: Features, mode: str) -> Any:
        del features  # the receiver tensors; the model_fn takes what the receiver made from them
        return self._target.call_model_fn(self._receiver.features, None, mode)

    def write(self, folder: str, variables: Variables) -> None:
        """Writes the SavedModel, with the variables' present values.

        Args:
          folder: The folder of the SavedModel.
          variables: The variables of the loop, by name.

        Raises:
          ValueError: `tf.saved_model.save` would rename an input.
        """
        module = tf.Module()
        module.variables_by_name = {
            name: variables[name] for name in self.graph.built.saved_variables if name in variables
        }
        module.tables = self._tables
        module.files = [file for table in self._tables for file in table.files]
        signatures = self._signatures().items()
        functions = {name: self._function(signature) for name, signature in signatures}
        tf.saved_model.save(module, folder, signatures=functions)

    def _signatures(self) -> dict[str, Any]:
        """Returns the SignatureDefs that an Estimator's SavedModel has, by their names."""
        spec = self.graph.built.spec
        with self.graph.built.graph.as_default():
            served = outputs.completed(spec.export_outputs, spec.predictions)
            signatures = saved_model.signatures(self._receiver, served, serving=True)
        _check_names({name for signature in signatures.values() for name in signature.inputs})
        return signatures

    def _function(self, signature: Any) -> Any:
        """Returns the function of a SignatureDef, from its inputs to its outputs by their names."""
        inputs, fetches = self._tensors(signature.inputs), self._tensors(signature.outputs)
        run = self.graph.functions.between([*inputs.values(), *self._handles], fetches)

        def serve(**values: Tensor) -> Nest:
            tables = (table.resource_handle for table in self._tables)
            return run(*(values[name] for name in inputs), *tables)

        specs = {
            name: tf.TensorSpec(tensor.shape, tensor.dtype, name=name)
            for name, tensor in inputs.items()
        }
        return tf.function(serve).get_concrete_function(**specs)

    def _tensors(self, infos: Mapping[str, Any]) -> dict[str, Tensor]:
        """Returns the tensors of the graph that TensorInfos name, sorted by their keys."""
        find = tf1.saved_model.get_tensor_from_tensor_info
        graph = self.graph.built.graph
        with own_deprecations.silenced():
            return {name: find(info, graph) for name, info in sorted(infos.items())}


def _check(without_values: list[str], growing: list[str]) -> None:
    problems = []
    if without_values:
        problems.append(
            f"it has variables that the loop has no values for, {without_values}; train or "
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
    invalid = sorted(name for name in names if not name.isidentifier())
    if invalid:
        raise ValueError(
            f"`serving_input_receiver_fn` names inputs {invalid}, which tf.saved_model.save would "
            "rename; expected names of letters, digits and underscores; rename the "
            "receiver_tensors, or export with estimator_compat.Estimator.export_saved_model."
        )
