"""What the parts of a model_fn read of its model: predictions, and the values of metrics."""

import ast
import re
from collections.abc import Mapping, Sequence

from estimator_compat.mode_keys import ModeKeys
from migrate.translating import forward_reading, spec_reading
from migrate.translating.expressions import parse, refuse
from migrate.translating.ir import Function, Metric, source_of
from migrate.translating.loss_source import unique
from migrate.translating.metric_reading import MetricReading
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import Statement, loads, needed_for, stores

EVAL, PREDICT = ModeKeys.EVAL, ModeKeys.PREDICT
Specs = Mapping[str, Mapping[str, ast.expr]]


def name_outputs(flat: Flattened, specs: dict[str, Mapping[str, ast.expr]]) -> None:
    """Gives names to predictions and losses that the model computes where they are returned."""
    for mode, spec in specs.items():
        key = "predictions" if mode == PREDICT else "loss"
        value = spec.get(key)
        if value is None or not forward_reading.uses_model(value):
            continue
        values = value.values if isinstance(value, ast.Dict) else [value]
        keys = value.keys if isinstance(value, ast.Dict) else [ast.Constant(key)]
        for index, (named, one) in enumerate(zip(keys, values, strict=True)):
            if not forward_reading.uses_model(one):
                continue
            taken = {n for s in flat.statements for n in stores(s.node) | loads(s.node)}
            word = str(named.value) if isinstance(named, ast.Constant) else key
            name = unique(re.sub(r"\W", "_", word) or key, taken)
            new = ast.Assign(
                targets=[ast.Name(id=name, ctx=ast.Store())], value=one, lineno=value.lineno
            )
            flat.statements.append(Statement(new, frozenset((mode,))))
            read = ast.Name(id=name, ctx=ast.Load())
            if isinstance(value, ast.Dict):
                value.values[index] = read
            else:
                specs[mode] = {**spec, key: read}


def wanted(specs: Specs) -> dict[str, set[str]]:
    """Returns the names that the predictions, loss and metrics of each mode read."""
    found: dict[str, set[str]] = {}
    for mode, spec in specs.items():
        read = set()
        if mode == PREDICT:
            read |= loads(spec.get("predictions"))
        else:
            read |= loads(spec["loss"])
        if mode == EVAL:
            read |= loads(spec.get("eval_metric_ops"))
        found[mode] = read
    return found


def predictions(specs: Specs, others: list[Statement], outputs: Sequence[str]) -> Function | None:
    """Returns the function that makes the predictions; None if there are none."""
    spec = specs.get(PREDICT)
    if spec is None or "predictions" not in spec:
        return None
    value = spec["predictions"]
    needed, _ = needed_for(others, loads(value), PREDICT)
    last = needed[-1] if needed else None
    if (
        last is not None
        and isinstance(value, ast.Name)
        and isinstance(last.node, ast.Assign)
        and ast.unparse(last.node.targets[0]) == value.id
    ):
        value, needed = last.node.value, needed[:-1]
    return Function(
        name="predictions",
        parameters=parameters(outputs, needed, value),
        body=tuple(lines(needed)),
        returns=ast.unparse(value),
    )


def parameters(
    outputs: Sequence[str], needed: list[Statement], *values: ast.expr
) -> tuple[str, ...]:
    """Returns what a function of the statements takes: labels, outputs of the model, features."""
    every = set().union(*(loads(one) for one in values), *(loads(s.node) for s in needed))
    names = every - set().union(*(stores(one.node) for one in needed), set())
    return tuple(name for name in ("labels", *outputs, "features") if name in names)


def metrics(
    flat: Flattened, specs: Specs, others: list[Statement], variables: str
) -> tuple[tuple[Metric, ...], tuple[str, ...]]:
    """Returns the metrics, and the statements that compute what they take.

    Args:
      flat: The flattened model_fn.
      specs: The arguments of the spec in each mode.
      others: The statements that are not the model's.
      variables: The name of the variables by their legacy names.
    """
    path = flat.files[0].path
    spec = specs.get(EVAL)
    value = spec.get("eval_metric_ops") if spec else None
    if value is None:
        return (), ()
    for _ in range(5):
        if isinstance(value, ast.Name):
            value = spec_reading.assigned(others, value.id, EVAL)
    if isinstance(value, ast.Constant) and value.value is None:
        return (), ()
    if not isinstance(value, ast.Dict):
        raise Refusal(
            f"eval_metric_ops is {ast.unparse(value) if value else 'made elsewhere'}; a dict "
            "written out is translated",
            path=path,
            line=getattr(value, "lineno", 0),
        )
    found, reading = [], MetricReading(flat, path)
    for key, one in zip(value.keys, value.values, strict=True):
        if not isinstance(key, ast.Constant):
            raise refuse(one, path, "a metric's name is computed")
        found.append(reading.read(str(key.value), one))
    read = set().union(*(loads(parse(v)) for one in found for v in one.values), set())
    needed, _ = needed_for(others, read, EVAL)
    body = tuple(_with_own_variables(one, variables) for one in lines(needed))
    return tuple(found), body


def _with_own_variables(text: str, variables: str) -> str:
    """Returns source of a method, where the variables are an attribute."""
    return re.sub(rf"(?<![\w.]){variables}(?=[\[)])", "self.variables", text)


def with_known(statements: list[Statement], known: Mapping[str, str]) -> list[Statement]:
    """Returns the statements of EVAL's metrics, in which the losses are known already."""
    made: list[Statement] = []
    for statement in statements:
        names = stores(statement.node)
        if len(names) == 1 and names <= set(known):
            [old] = names
            writes = [one for one in statements if old in stores(one.node)]
            if len(writes) == 1 and isinstance(statement.node, ast.Assign):
                new = ast.parse(f"{old} = {known[old]}").body[0]
                if old != known[old]:
                    made.append(Statement(new, statement.modes))
                continue
        made.append(statement)
    return made


def lines(statements: Sequence[Statement]) -> list[str]:
    """Returns the source of statements, with their comments."""
    return ["\n".join([*one.comments, *source_of([one.node])]) for one in statements]
