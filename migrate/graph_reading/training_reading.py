"""Reads optimizers, schedules and clipping off a TRAIN graph."""

import re
from collections.abc import Iterable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import graph_traversal, sessions
from migrate.graph_reading import assigned_updates, scalar_expressions
from migrate.targets import Built
from migrate.translating.facts import Call
from migrate.translating.refusal import Refusal
from migrate.translating.training_facts import OptimizerFact, TrainingFacts

_VARIABLES = ("VarHandleOp", "VariableV2", "Variable")
_ASSIGNING = (
    "Assign", "AssignSub", "AssignAdd", "AssignVariableOp", "AssignSubVariableOp",
    "AssignAddVariableOp",
)  # fmt: skip
# What GradientDescent does to the rows of an embedding.
_SCATTERING = ("ScatterSub", "ResourceScatterSub", "ResourceScatterAdd")
_NOT_HYPERPARAMETERS = ("var", "grad", "lr", "alpha", "delta", "indices")


def read(built: Built, call: Call) -> TrainingFacts:
    """Reads the training step.

    Args:
      built: The TRAIN graph.
      call: The call of the model_fn.

    Raises:
      Refusal: The weights are updated by ops that are no optimizer's.
    """
    with built.graph.as_default():
        weights = [variable.op.name for variable in tf1.trainable_variables()]
        used = set(graph_traversal.ancestors([built.spec.train_op], control_inputs=True))
        found = [op for op in built.graph.get_operations() if op in used]
        groups = _groups(found, set(weights))
        moved = tuple({_variable(op.inputs[0]): None for op in found if op.type in _ASSIGNING})
        updated = [name for group in groups for name in group.weights]
        slots = {v.op.name for v in tf1.global_variables()}
        missing = [name for name in weights if name not in updated]
        lost = [name for name in missing if any(s.startswith(f"{name}/Adam") for s in slots)]
        if lost:
            groups = _with_rows(groups, lost, "ApplyAdam")
            missing = [name for name in missing if name not in lost]
        scattered = {_variable(op.inputs[0]) for op in found if op.type in _SCATTERING}
        rows = [name for name in missing if name in scattered]
        if rows:
            groups = _with_rows(groups, rows, "ApplyGradientDescent")
            missing = [name for name in missing if name not in rows]
        own = assigned_updates.read(found, missing, call)
        if own is not None:
            groups.append(own)
            missing = [name for name in missing if name not in own.weights]
    if not groups:
        raise Refusal("no optimizer of tf.train updates the weights in the train_op")
    clips = {
        one.arguments.get("clip_norm")
        for one in call.walk()
        if one.callee.api == "tf.clip_by_global_norm"
    }
    for one in call.walk():
        if one.callee.api in ("tf.clip_by_norm", "tf.clip_by_value"):
            raise Refusal(
                f"`{one.callee.api}` on gradients is not translated yet",
                path=one.span.file,
                line=one.span.line,
            )
    norms = [one for one in clips if isinstance(one, float | int)]
    if len(clips) > 1 or len(norms) != len(clips):
        raise Refusal("gradients are clipped to a norm that is not one number")
    return TrainingFacts(
        optimizers=tuple(groups),
        clip_norm=float(norms[0]) if norms else None,
        weights=tuple(weights),
        without_gradient=tuple(missing),
        moved=moved,
    )


def _groups(ops: Iterable[Any], weights: set[str]) -> list[OptimizerFact]:
    groups: dict[Any, dict[str, Any]] = {}
    for op in ops:
        match = re.fullmatch(r"(?:Resource)?(Sparse)?(Apply[A-Za-z]+?)(V2)?", op.type)
        if match is None or not op.inputs:
            continue
        name = _variable(op.inputs[0])
        if name not in weights:
            continue
        kernel = match.group(2)
        key = (kernel, *sorted(_hyperparameters(op).items()), _rate(op))
        group = groups.setdefault(key, {"op": op, "weights": [], "sparse": []})
        group["weights"].append(name)
        if match.group(1):
            group["sparse"].append(name)
    return [
        OptimizerFact(
            kernel=key[0],
            hyperparameters=_with_slots(_hyperparameters(group["op"]), group["op"]),
            rate=key[-1],
            weights=tuple(group["weights"]),
            sparse=tuple(group["sparse"]),
        )
        for key, group in groups.items()
    ]


def _with_rows(groups: list[OptimizerFact], names: list[str], kernel: str) -> list[OptimizerFact]:
    """Adds embeddings, whose rows an optimizer updates with other ops, to those it updates else."""
    found = [one for one in groups if one.kernel == kernel]
    if len(found) != 1:
        raise Refusal(
            f"the rows of {names[0]} are updated by an optimizer that updates nothing else"
        )
    [optimizer] = found
    new = OptimizerFact(
        kernel=optimizer.kernel,
        hyperparameters=optimizer.hyperparameters,
        rate=optimizer.rate,
        weights=(*optimizer.weights, *names),
        sparse=(*optimizer.sparse, *names),
    )
    return [new if one is optimizer else one for one in groups]


def _hyperparameters(op: Any) -> dict[str, Any]:
    """Returns the scalars among the inputs of an optimizer's op, and its attribute.

    Raises:
      Refusal: A scalar is not a constant.
    """
    names = [argument.name for argument in op.op_def.input_arg]
    found: dict[str, Any] = {}
    for name, tensor in zip(names, op.inputs, strict=True):
        is_number = tensor.dtype.is_floating and tensor.shape.rank == 0
        if not is_number or name in _NOT_HYPERPARAMETERS:
            continue
        if name in ("beta1_power", "beta2_power") or _variable(tensor):
            continue  # a variable of the optimizer
        found[name] = float(scalar_expressions.number(_constant(name, tensor)))
    for attribute in op.op_def.attr:
        if attribute.name == "use_nesterov":
            found[attribute.name] = op.get_attr(attribute.name)
    return found


def _constant(name: str, tensor: Any) -> Any:
    """Returns the value of a scalar that ops compute from constants, as Ftrl's `l2`."""
    value = tf.get_static_value(tensor)
    if value is not None:
        return value
    ops = graph_traversal.ancestors([tensor], control_inputs=True)
    if any(op.type in (*_VARIABLES, "Placeholder", "IteratorGetNext") for op in ops):
        raise Refusal(
            f"the optimizer's `{name}` ({tensor.name}) is not a constant, and only learning rates "
            "that change are translated"
        )
    with tensor.graph.as_default():
        return sessions.values_of([tensor])[0]


def _with_slots(found: dict[str, Any], op: Any) -> dict[str, Any]:
    for tensor in op.inputs[1:]:
        name = _variable(tensor)
        if not name:
            continue
        variable = next((v for v in tf1.global_variables() if v.op.name == name), None)
        value = None if variable is None else _fill(variable.initial_value)
        if value is not None:
            found[f"slot:{name.rpartition('/')[2]}"] = value
    return found


def _fill(tensor: Any) -> float | None:
    """Returns the number that a constant or `fill` consists of; None for others."""
    value = tf.get_static_value(tensor)
    if value is not None and value.size and (value == value.flat[0]).all():
        return float(scalar_expressions.number(value.flat[0]))
    return None


def _rate(op: Any) -> str:
    names = [argument.name for argument in op.op_def.input_arg]
    for name in ("lr", "alpha"):
        if name in names:
            return scalar_expressions.expression(op.inputs[names.index(name)])
    return ""


def _variable(tensor: Any) -> str:
    op = tensor.op
    while op.type in ("Identity", "Switch", "RefSwitch") and op.inputs:
        op = op.inputs[0].op
    return op.name if op.type in _VARIABLES else ""
