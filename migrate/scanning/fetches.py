"""What `session.run` fetches: the tensors that its values are of."""

from __future__ import annotations

import ast

from migrate.scanning.syntax import SourceModule


def fetched(node: ast.expr, module: SourceModule) -> tuple[ast.Call | None, ast.expr | None]:
    """Returns the call of `session.run` that an expression is a value of, and the tensor.

    Returns:
      Two None for another expression, and where the tensor is not known.
    """
    value: ast.AST = module.value_of(node)
    place: object = None
    if isinstance(value, ast.Name):  # _, loss = session.run([train_op, loss_tensor])
        binding = module.binding(value)
        if binding is not None and binding.value is not None:
            value, place = binding.value, binding.element
    elif isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant):
        place = value.slice.value
        value = module.value_of(value.value)
    if not isinstance(value, ast.Call) or not value.args:
        return None, None
    if not isinstance(value.func, ast.Attribute) or value.func.attr != "run":
        return None, None
    fetches = value.args[0]
    if place is None:
        return value, fetches
    if not isinstance(fetches, ast.List | ast.Tuple) or not isinstance(place, int):
        return None, None
    return (value, fetches.elts[place]) if place < len(fetches.elts) else (None, None)
