"""The arguments of layers, weights and initializers, as expressions."""

import ast
from collections.abc import Mapping

from migrate.mappings import initializers, layers
from migrate.translating.expressions import parse, refuse
from migrate.translating.model_uses import DROPOUT, Use

_SIZES = ("units", "filters", "kernel_size", "rate", "pool_size", "strides", "input_dim",
          "output_dim")  # fmt: skip


def without_values(made: ast.expr) -> str:
    """Returns the source of a layer without what does not change what it computes later."""
    if isinstance(made, ast.Call):
        kept = [
            one
            for one in made.keywords
            if not (one.arg or "").endswith("initializer") and one.arg not in ("dtype", "trainable")
        ]
        made = ast.Call(func=made.func, args=made.args, keywords=kept)
    return ast.unparse(made)


def dropout_rates(use: Use) -> dict[str, float]:
    """Returns the rate of a `tf.nn.dropout` in each mode, where it is one number."""
    found = {mode: set(rates) for mode, rates in all_rates(use).items()}
    return {mode: next(iter(rates)) for mode, rates in found.items() if len(rates) == 1}


def all_rates(use: Use) -> dict[str, list[float]]:
    """Returns the rates of a `tf.nn.dropout` in each mode, where all of them are numbers."""
    found: dict[str, list[float]] = {}
    for mode, calls in use.calls.items():
        rates = []
        for call in calls:
            rate, kept = call.arguments.get("rate"), call.arguments.get("keep_prob")
            rates.append(rate if rate is not None else _one_minus(kept))
        if all(isinstance(one, int | float) for one in rates):
            found[mode] = [float(one) for one in rates if one is not None]
    return found


def _one_minus(kept: object) -> float | None:
    return round(1.0 - kept, 12) if isinstance(kept, int | float) else None


def weight(use: Use, keywords: list[ast.keyword]) -> ast.expr:
    """Returns the call that makes a weight."""
    fact = use.variables[0]
    if fact.dtype != "float32":
        keywords.append(ast.keyword(arg="dtype", value=ast.Constant(value=fact.dtype)))
    if not fact.trainable:
        keywords.append(ast.keyword(arg="trainable", value=ast.Constant(value=False)))
    return ast.Call(func=parse("self.add_weight"), args=[], keywords=keywords)


def initializer_call(row: initializers.InitializerRow, given: Mapping[str, ast.expr]) -> ast.expr:
    """Returns the call that makes an initializer."""
    arguments = {name: value for name, value in given.items() if name not in row.dropped}
    for name, default in row.defaults.items():
        arguments.setdefault(name, parse(default))
    for name, value in arguments.items():
        if isinstance(value, ast.Constant) and value.value in row.values.get(name, {}):
            arguments[name] = ast.Constant(value=row.values[name][value.value])
    if not arguments and row.keras in ("Zeros", "Ones"):
        return ast.Constant(value=row.keras.lower())
    return ast.Call(
        func=parse(f"keras.initializers.{row.keras}"),
        args=[],
        keywords=[ast.keyword(arg=k, value=v) for k, v in arguments.items()],
    )


def default_values(row: initializers.InitializerRow) -> dict[str, object]:
    """Returns the defaults that a legacy initializer has and its Keras equal has not."""
    return {name: literal(parse(source)) for name, source in row.defaults.items()}


def positional(row: layers.LayerRow, keywords: list[ast.keyword]) -> list[ast.keyword]:
    """Returns the arguments that one writes without their names: the sizes of a layer."""
    chosen: list[ast.keyword] = []
    for name in ("rate",) if row is DROPOUT else row.parameters[0 if row.is_class else 1 :]:
        found = [one for one in keywords if one.arg == name]
        if not found or name not in _SIZES:
            break
        chosen += found
    return chosen


def literal(value: ast.expr) -> object:
    """Returns the value of a literal; the expression itself, if it is no literal."""
    try:
        return ast.literal_eval(value)
    except ValueError:
        return value


def shape_of(use: Use, path: str) -> ast.expr:
    """Returns the shape that a run showed of a weight; in a loop, that of each iteration.

    Raises:
      Refusal: The shapes differ, and the loop does not count its iterations.
    """
    shapes = [list(one.shape) for one in use.variables]
    if all(one == shapes[0] for one in shapes):
        return parse(repr(shapes[0]))
    loop = use.loop
    counts = (
        loop is not None
        and isinstance(loop.target, ast.Name)
        and isinstance(loop.iter, ast.Call)
        and ast.unparse(loop.iter.func) == "range"
        and len(loop.iter.args) == 1
    )
    if loop is None or not counts:
        raise refuse(
            use.node,
            path,
            "the shape is another one in each iteration; expected the same, or a loop over "
            "range(n); write the iterations out",
        )
    return parse(f"{shapes!r}[{ast.unparse(loop.target)}]")
