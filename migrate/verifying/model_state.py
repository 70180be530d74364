"""Tells the state of an optimizer from the state of the model.

A loop of one's own may keep the state of its optimizer elsewhere than in `variables`: in a Keras
optimizer, for example. The state of the model, such as the moving averages of a batch
normalization, must be there: evaluation and checkpoints need it.
"""

import re
from collections.abc import Collection
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import graph_traversal
from migrate.hosting.graph import variable_access

_VARIABLES = ("VarHandleOp", "VariableV2", "Variable")
_GLOBAL_STEP = "global_step"
# TensorFlow does not declare the writes to reference variables stateful.
_WRITES_TO_REFERENCES = re.compile(r"Assign|(Sparse)?Apply|Scatter")


def optimizer_state(graph: tf.Graph, loss: Any, train_op: Any) -> frozenset[str]:
    """Returns the names of the variables that only the optimizer needs.

    These are the global step, and the variables that the writes to trainable variables depend on,
    and the loss does not. A slot is an example. A moving average is not: neither depends on it.

    Args:
      graph: The graph of TRAIN.
      loss: The model_fn's loss.
      train_op: The model_fn's train_op.
    """
    trainable = {v.op for v in graph.get_collection(tf1.GraphKeys.TRAINABLE_VARIABLES)}
    running = graph_traversal.ancestors([loss, train_op], control_inputs=True)
    writes = [op for op in running if _writes(op) and _takes(op, trainable)]
    needed = _variables(graph_traversal.ancestors(writes, control_inputs=False))
    of_the_loss = _variables(graph_traversal.ancestors([loss], control_inputs=False))
    names = needed - of_the_loss - {op.name for op in trainable}
    return frozenset({*names, _GLOBAL_STEP})


def _writes(op: tf.Operation) -> bool:
    if op.type in variable_access.WITHOUT_EFFECT:
        return False
    return bool(op.op_def.is_stateful or _WRITES_TO_REFERENCES.match(op.type))


def _takes(op: tf.Operation, variables: Collection[tf.Operation]) -> bool:
    return any(tensor.op in variables for tensor in op.inputs)


def _variables(ops: Collection[tf.Operation]) -> set[str]:
    return {op.name for op in ops if op.type in _VARIABLES}
