"""Reads `tf.train.ExponentialMovingAverage` of weights, and the Savers that restore it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import tensorflow as tf

from estimator_compat.runtime import graph_traversal, restored_values
from migrate.graph_reading import scalar_expressions
from migrate.translating.refusal import Refusal
from migrate.translating.training_facts import AverageFact, depends_on_step

_VARIABLES = ("VarHandleOp", "VariableV2", "Variable")
_SUBTRACTING = ("AssignSub", "AssignSubVariableOp")
_COPIES = ("Identity", "ReadVariableOp", "Snapshot")


def read(
    ops: Iterable[Any],
    weights: Collection[str],
    updates: Collection[Any],
    increments: Iterable[Any],
) -> AverageFact | None:
    """Reads the averages; returns None if there are none.

    Args:
      ops: The ops of the train_op.
      weights: The names of the weights.
      updates: The ops that update the weights.
      increments: The ops that increase the global step.

    Raises:
      Refusal: There are several averages with different decays or orders.
    """
    names: dict[str, str] = {}
    kinds: set[tuple[str, bool, bool]] = set()
    for op in ops:
        found = _average(op, weights) if op.type in _SUBTRACTING else None
        if found is None:
            continue
        weight, decay = found
        names[weight] = variable_of(op.inputs[0])
        source = scalar_expressions.expression(decay)
        before = set(graph_traversal.ancestors([op.inputs[1]], control_inputs=True))
        behind = set(graph_traversal.ancestors([decay], control_inputs=True))
        counts = not depends_on_step(source) or bool(behind & set(increments))
        kinds.add((source, bool(before & set(updates)), counts))
    if not kinds:
        return None
    if len(kinds) > 1:
        raise Refusal(
            "the moving averages of weights have different decays, or are updated at different "
            "times, which is not translated; expected one tf.train.ExponentialMovingAverage"
        )
    [(source, ordered, counts)] = kinds
    return AverageFact(decay=source, names=names, ordered=ordered, counts=counts)


def _average(op: Any, weights: Collection[str]) -> tuple[str, Any] | None:
    """Returns the weight and the decay of `average -= (average - weight) * (1 - decay)`."""
    product = op.inputs[1].op
    if product.type != "Mul" or product.inputs[0].op.type != "Sub":
        return None
    average, weight = product.inputs[0].op.inputs
    rest = product.inputs[1].op
    if rest.type != "Sub" or tf.get_static_value(rest.inputs[0]) != 1.0:
        return None
    if variable_of(average) != variable_of(op.inputs[0]) or variable_of(weight) not in weights:
        return None
    return variable_of(weight), rest.inputs[1]


def variable_of(tensor: Any) -> str:
    """Returns the name of the variable that a tensor is, or is read from; "" for others."""
    op = tensor.op
    while op.type in _COPIES and op.inputs:
        op = op.inputs[0].op
    return op.name if op.type in _VARIABLES else ""


def restored_names(graph: Any, saver: Any) -> Mapping[str, str]:
    """Returns the names in a checkpoint that a Saver restores variables from, by the variables."""
    if saver.saver_def is None:
        saver.build()
    restored: dict[str, str] = {}
    start = graph.get_operation_by_name(saver.saver_def.restore_op_name.partition(":")[0])
    ops = graph_traversal.ancestors([start], control_inputs=True)
    for op in ops:
        if op.type not in ("Assign", "AssignVariableOp"):
            continue
        value = restored_values.restored_value(op.inputs[1])
        if value is not None:
            restored[variable_of(op.inputs[0])] = value.name
    return restored


def restores_averages(restored: Mapping[str, str], averages: Mapping[str, str]) -> bool:
    """Tells whether a Saver restores the averages as the weights.

    Args:
      restored: The names in a checkpoint, by the variables.
      averages: The names of the averages, by the weights.

    Raises:
      Refusal: It restores some variables under other names.
    """
    others = {name: other for name, other in restored.items() if name != other}
    if not others:
        return False
    strange = [name for name, other in others.items() if averages.get(name) != other]
    strange += [name for name in averages if name in restored and name not in others]
    if strange:
        raise Refusal(
            f"the Saver of the scaffold restores {strange[0]} from "
            f"{restored[strange[0]]}, which is not translated; expected a plain Saver, or one of "
            "`variables_to_restore()` of the moving averages"
        )
    return True
