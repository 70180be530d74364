"""Losses that code defines as subclasses of Keras's `Loss`, which reduces what `call` returns."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrate.ledger_reading import keras_losses
from migrate.ledger_reading.frames import Frame
from migrate.ledger_reading.values import Kind, Value, symbol_name

if TYPE_CHECKING:
    from migrate.ledger_reading.interpreter import Interpreter

_WHY = "the reduction of a Keras loss that the code defines"


def called(
    interpreter: Interpreter,
    instance: Value,
    args: tuple[Value, ...],
    named: dict[str, Value],
    *,
    frame: Frame,
    node: ast.AST,
) -> Value | None:
    """Returns the loss that an object of such a class returns; None for objects of others.

    Args:
      interpreter: Follows `call`.
      instance: The object.
      args: The labels, the predictions and `sample_weight`.
      named: More of them, by their names.
      frame: Where the object is called.
      node: The call.
    """
    bases = [symbol_name(each) for each in interpreter.objects.bases(instance.args[0])]
    if not any(name.startswith("keras.losses.") or name == "losses.Loss" for name in bases):
        return None
    values, origin = interpreter.values, frame.origin(node)
    method = interpreter.objects.attribute(instance, "call", origin)
    reduction = _reduction(interpreter, instance)
    if method.kind is not Kind.BOUND or not reduction:
        return values.unknown(origin, (instance, *args, *named.values()), _WHY)
    weights = args[2] if len(args) > 2 else named.get("sample_weight")
    rest = {name: value for name, value in named.items() if name != "sample_weight"}
    losses = interpreter.later(method, args[:2], rest, frame=frame, node=node)
    if weights is None or weights.is_none:
        weights = values.constant(1.0)
    return values.call(
        "losses.compute_weighted_loss",
        losses,
        origin=origin,
        weights=weights,
        reduction=values.constant(reduction),
    )


def _reduction(interpreter: Interpreter, instance: Value) -> str:
    """Returns the reduction of an object in lower case; "" if it is not known."""
    cls, *given = instance.args
    found = interpreter.objects.member(cls, "__init__")
    if found is None:
        return "" if given else "sum_over_batch_size"
    init, frame = interpreter.functions[found[0].data[0]]
    calls = [
        each for each in ast.walk(init) if isinstance(each, ast.Call) and _is_init_of_super(each)
    ]
    if len(calls) != 1 or calls[0].args or any(each.arg is None for each in calls[0].keywords):
        return ""
    reductions = [each.value for each in calls[0].keywords if each.arg == "reduction"]
    if not reductions:
        return "sum_over_batch_size"
    names = {each.id for each in ast.walk(reductions[0]) if isinstance(each, ast.Name)}
    parameters: ast.arguments = init.args  # type: ignore[attr-defined]
    if names & {each.arg for each in [*parameters.args, *parameters.kwonlyargs]}:
        return ""
    return keras_losses.named(interpreter.evaluate(reductions[0], frame))


def _is_init_of_super(call: ast.Call) -> bool:
    func = call.func
    if not isinstance(func, ast.Attribute) or func.attr != "__init__":
        return False
    made = func.value
    return isinstance(made, ast.Call) and getattr(made.func, "id", "") == "super"
