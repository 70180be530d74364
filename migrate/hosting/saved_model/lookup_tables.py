"""The lookup tables of a served graph, as resources that are saved in its SavedModel.

A session filled the tables of a graph before it ran anything else. A SavedModel of TensorFlow 2 has
an object for each table instead. The object has a function that creates the table and a function
that fills it. Loading the SavedModel runs both.
"""

import uuid

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Tensor
from migrate.hosting.graph.built_graph import BuiltGraph
from migrate.hosting.graph.graph_functions import GraphFunctions

_FILES = ("InitializeTableFromTextFile", "InitializeTableFromTextFileV2")


class ServedTable(tf.saved_model.experimental.TrackableResource):
    """A lookup table, with the function that fills it.

    Args:
      functions: The functions of the graph.
      table: The operation of the graph that is the table.
      filling: The operation of the graph that fills the table.

    Attributes:
      files: The files that the table is filled from. A SavedModel must list them as its assets.
    """

    def __init__(
        self, functions: GraphFunctions, table: tf.Operation, filling: tf.Operation
    ) -> None:
        super().__init__()
        attributes = {attr.name: table.get_attr(attr.name) for attr in table.op_def.attr}
        # The unique name keeps two models in one process from sharing tables of the same name.
        attributes["shared_name"] = f"{table.name}_{uuid.uuid4()}"
        attributes["use_node_name_sharing"] = False
        self._type, self._attributes = table.type, attributes
        files = [filling.inputs[1]] if filling.type in _FILES else []
        self._fill = functions.between([table.outputs[0], *files], [filling])
        self.files = [tf.saved_model.Asset(_text(functions.compute(file))) for file in files]
        self._initialize()

    def _create_resource(self) -> Tensor:
        return getattr(tf.raw_ops, self._type)(**self._attributes)

    def _initialize(self) -> None:
        self._fill(self.resource_handle, *(file.asset_path for file in self.files))


def _text(tensor: Tensor) -> str:
    return str(tf.compat.as_str_any(tensor.numpy()))


def fillings(graph: BuiltGraph) -> dict[tf.Operation, tf.Operation | None]:
    """Returns the tables that a graph uses, with the operations that fill them.

    The operation is None for a table that no initializer fills: a table that training adds to.
    """
    used = [op for op in graph.used_operations() if "HashTable" in op.type]
    initializers = graph.graph.get_collection(tf1.GraphKeys.TABLE_INITIALIZERS)
    by_table = {op.inputs[0].op: op for op in initializers if op.inputs}
    return {op: by_table.get(op) for op in sorted(used, key=lambda op: op.name)}
