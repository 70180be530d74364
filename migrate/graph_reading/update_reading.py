"""Reads the ops that update weights: which optimizer's they are, and what they take."""

import dataclasses
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import graph_traversal, sessions
from migrate.graph_reading import scalar_expressions
from migrate.graph_reading.moving_averages import variable_of
from migrate.translating.refusal import Refusal

_VARIABLES = ("VarHandleOp", "VariableV2", "Variable")
# What GradientDescent does to the rows of an embedding, and Adam to their slots.
_SUBTRACTING = ("ScatterSub", "ResourceScatterSub")
_ADDING = ("ScatterAdd", "ResourceScatterAdd")
_ASSIGNING = ("AssignSub", "AssignSubVariableOp")
_NOT_HYPERPARAMETERS = ("var", "grad", "lr", "alpha", "delta", "indices")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """The update of a weight.

    Attributes:
      weight: The name of the variable.
      op: The op.
      gradient: The tensor that it takes for the gradient; the values, if that is an IndexedSlices.
      kernel: The type of the op, such as "ApplyAdam"; "" for the rows of an embedding under Adam,
        which ops without a kernel of their own update.
      hyperparameters: The constants that it takes.
      rate: The learning rate as source.
      is_sparse: Whether it takes the rows of an IndexedSlices.
      power: Adam's variable `beta1_power`; "" for others.
      slots: The names of the optimizer's variables for the weight.
      powers: The names of its other variables, by the names of the op's inputs.
    """

    weight: str
    op: Any
    gradient: Any
    kernel: str
    hyperparameters: Mapping[str, float | bool] = dataclasses.field(default_factory=dict)
    rate: str = ""
    is_sparse: bool = False
    power: str = ""
    slots: tuple[str, ...] = ()
    powers: Mapping[str, str] = dataclasses.field(default_factory=dict)


def read(
    ops: Iterable[Any], weights: Collection[str], constants: Mapping[str, float | str]
) -> list[Update]:
    """Reads the updates among the ops of a train_op.

    Args:
      ops: The ops, in the order of the graph.
      weights: The names of the trainable variables.
      constants: The numbers that variables always have, such as one for the learning rate, and the
        source of schedules.

    Raises:
      Refusal: A hyperparameter is not a constant, or a weight is updated twice.
    """
    ops = list(ops)
    found: dict[str, Update] = {}
    for op in ops:
        one = _update(op, set(weights), constants, ops)
        if one is None:
            continue
        if one.weight in found:
            raise Refusal(
                f"{one.weight} is updated by two optimizers in one step, "
                f"{found[one.weight].op.name} and {op.name}; expected one update of each "
                "weight; write one optimizer"
            )
        found[one.weight] = one
    return list(found.values())


def _update(
    op: Any, weights: Collection[str], constants: Mapping[str, float | str], ops: Collection[Any]
) -> Update | None:
    if not op.inputs:
        return None
    name = variable_of(op.inputs[0])
    match = re.fullmatch(r"(?:Resource)?(Sparse)?(Apply[A-Za-z]+?)(V2)?", op.type)
    if match is not None and name in weights:
        return Update(
            weight=name,
            op=op,
            gradient=_input(op, "grad", "delta"),
            kernel=match.group(2),
            hyperparameters=_hyperparameters(op),
            rate=scalar_expressions.expression(_input(op, "lr", "alpha"), constants),
            is_sparse=match.group(1) is not None,
            power=_powers(op).get("beta1_power", ""),
            slots=slots_of(name, map(variable_of, op.inputs[1:])),
            powers=_powers(op),
        )
    if op.type in (*_SUBTRACTING, *_ADDING) and name in weights:
        return _of_rows(op, name, constants)
    if op.type in _ADDING and not re.search(r"_\d*[13579]$", name):  # the first slot of two
        owners = [one for one in weights if slots_of(one, [name])]
        return _of_adam(op, max(owners, key=len), ops) if owners else None
    return None


def slots_of(weight: str, names: Iterable[str]) -> tuple[str, ...]:
    """Returns the names of slots of a weight: they end in `WEIGHT/SLOT`, in any scope."""
    slot = re.compile(rf"(.+/)?{re.escape(weight)}/[^/]+")
    return tuple(dict.fromkeys(name for name in names if slot.fullmatch(name)))


def _of_rows(op: Any, name: str, constants: Mapping[str, float | str]) -> Update:
    """GradientDescent subtracts `rate * values` from rows, or adds `-values * rate`."""
    product = op.inputs[2]
    if product.op.type != "Mul":
        raise Refusal(
            f"{name} is updated by the op {op.name}, which is not an optimizer's of tf.train; "
            "expected one of these; pass its op as the `train_op`"
        )
    values, rate = product.op.inputs
    if (op.type in _ADDING) != (values.op.type == "Neg"):
        raise Refusal(
            f"{name} is updated by the op {op.name}, which adds to it what is not a step against "
            "its gradient; expected an optimizer of tf.train; pass its op as the `train_op`"
        )
    return Update(
        weight=name,
        op=op,
        gradient=values.op.inputs[0] if values.op.type == "Neg" else values,
        kernel="ApplyGradientDescent",
        rate=scalar_expressions.expression(rate, constants),
        is_sparse=True,
    )


def _of_adam(op: Any, weight: str, ops: Collection[Any]) -> Update | None:
    """Adam adds `values * (1 - beta1)` to the rows of its first slot."""
    product = op.inputs[2]
    steps = [one for one in ops if one.type in _ASSIGNING and variable_of(one.inputs[0]) == weight]
    if product.op.type != "Mul" or len(steps) != 1:
        return None
    behind = graph_traversal.ancestors([steps[0].inputs[1]], control_inputs=False)
    powers = {variable_of(tensor) for one in behind for tensor in one.inputs}
    named = sorted(one for one in powers if re.search(r"beta1_power(_\d+)?$", one))
    return Update(
        weight=weight,
        op=steps[0],
        gradient=product.op.inputs[0],
        kernel="",
        is_sparse=True,
        power=named[0] if len(named) == 1 else "",
        slots=slots_of(weight, powers),
    )


def _input(op: Any, *names: str) -> Any:
    inputs = [argument.name for argument in op.op_def.input_arg]
    return next(op.inputs[inputs.index(name)] for name in names if name in inputs)


def _powers(op: Any) -> dict[str, str]:
    inputs = [argument.name for argument in op.op_def.input_arg]
    found = {name: variable_of(op.inputs[i]) for i, name in enumerate(inputs) if "_power" in name}
    return {name: variable for name, variable in found.items() if variable}


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
        if name in ("beta1_power", "beta2_power") or variable_of(tensor):
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


def with_slots(update: Update) -> dict[str, Any]:
    """Returns the hyperparameters of an update, and the numbers that its slots begin with."""
    found: dict[str, Any] = dict(update.hyperparameters)
    for tensor in update.op.inputs[1:]:
        name = variable_of(tensor)
        if not name:
            continue
        variable = next((v for v in tf1.global_variables() if v.op.name == name), None)
        value = None if variable is None else number_of(variable.initial_value)
        if value is not None:
            found[f"slot:{name.rpartition('/')[2]}"] = value
    return found


def number_of(tensor: Any) -> float | None:
    """Returns the number that a constant or `fill` consists of; None for others."""
    value = tf.get_static_value(tensor)
    if value is not None and value.size and (value == value.flat[0]).all():
        return float(scalar_expressions.number(value.flat[0]))
    return None
