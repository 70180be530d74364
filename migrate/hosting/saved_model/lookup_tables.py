"""The lookup tables of a graph that is served, as resources that a SavedModel brings along.

A session filled a graph's tables before anything else. A SavedModel of TensorFlow 2 has objects in
their place, each with a function that creates it and one that fills it; whoever loads it runs both.
"""

import uuid
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.hosting.graph.built_graph import BuiltGraph
from migrate.hosting.graph.graph_functions import GraphFunctions

_FILES = ("InitializeTableFromTextFile", "InitializeTableFromTextFileV2")


class ServedTable(tf.saved_model.experimental.TrackableResource):
    """A lookup table with what fills it.

    Attributes:
      files: The files that it is read from. A SavedModel must be told of them, too.
    """

    def __init__(
        self, functions: GraphFunctions, table: tf.Operation, filling: tf.Operation
    ) -> None:
        """Creates the table, and fills it.

        Args:
          functions: Those of the graph.
          table: The graph's operation that is the table.
          filling: Its operation that fills it.
        """
        super().__init__()
        made = {one.name: table.get_attr(one.name) for one in table.op_def.attr}
        # Else two models in one process would share what they name alike.
        made["shared_name"] = f"{table.name}_{uuid.uuid4()}"
        made["use_node_name_sharing"] = False
        self._type, self._made = table.type, made
        files = [filling.inputs[1]] if filling.type in _FILES else []
        self._fill = functions.between([table.outputs[0], *files], [filling])
        self.files = [tf.saved_model.Asset(_text(functions.computed(file))) for file in files]
        self._initialize()

    def _create_resource(self) -> Any:
        return getattr(tf.raw_ops, self._type)(**self._made)

    def _initialize(self) -> None:
        self._fill(self.resource_handle, *(file.asset_path for file in self.files))


def _text(name: Any) -> str:
    return tf.compat.as_str_any(name.numpy())


def fillings(graph: BuiltGraph) -> dict[tf.Operation, tf.Operation | None]:
    """The tables that a graph uses, with the operations that fill them.

    A table has None that is filled otherwise than as a whole: one that training adds to.
    """
    used = [op for op in graph.used_operations() if "HashTable" in op.type]
    filling = graph.graph.get_collection(tf1.GraphKeys.TABLE_INITIALIZERS)
    whole = {op.inputs[0].op: op for op in filling if op.inputs}
    return {op: whole.get(op) for op in sorted(used, key=lambda op: op.name)}
