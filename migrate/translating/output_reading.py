"""What the parts of a model_fn read of its model: predictions, and the values of metrics."""

import ast
import dataclasses
import re
from collections.abc import Mapping, Sequence

from estimator_compat.mode_keys import ModeKeys
from migrate.translating import forward_reading, loss_calls, metric_items, spec_reading
from migrate.translating.expressions import parse, refuse
from migrate.translating.ir import ComputedMetric, Function, Metric, source_of
from migrate.translating.loss_source import unique
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.source_files import path_of
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


def wanted(specs: Specs, statements: Sequence[Statement] = ()) -> dict[str, set[str]]:
    """Returns the names that the predictions, loss, metrics and exports of each mode read.

    Args:
      specs: The arguments of the spec in each mode.
      statements: All statements. Exports that need one that is not translated are left out.
    """
    found: dict[str, set[str]] = {}
    for mode, spec in specs.items():
        read = set()
        if mode == PREDICT:
            read |= loads(spec.get("predictions")) | _exported(spec, statements)
        else:
            read |= loads(spec["loss"])
        if mode == EVAL:
            read |= loads(spec.get("eval_metric_ops"))
        found[mode] = read
    return found


def _exported(spec: Mapping[str, ast.expr], statements: Sequence[Statement]) -> set[str]:
    names = loads(spec.get("export_outputs"))
    try:
        needed_for(statements, names, PREDICT)
    except Refusal:
        return set()
    return names


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
        name="predicted" if "predictions" in outputs else "predictions",
        parameters=parameters(outputs, needed, value),
        body=tuple(lines(needed)),
        returns=ast.unparse(value),
    )


def parameters(
    outputs: Sequence[str], needed: list[Statement], *values: ast.expr
) -> tuple[str, ...]:
    """Returns what a function of the statements takes: labels, outputs of the model, features."""
    names: set[str] = set()
    written: set[str] = set()
    for statement in needed:
        names |= loads(statement.node) - written
        written |= stores(statement.node)
    names |= set().union(*(loads(one) for one in values), set()) - written
    return tuple(name for name in ("labels", *outputs, "features") if name in names)


def metrics(
    flat: Flattened,
    specs: Specs,
    others: list[Statement],
    variables: str,
    shown: Sequence[str],
) -> tuple[tuple[Metric, ...], tuple[ComputedMetric, ...], tuple[str, ...]]:
    """Returns the metrics, what is computed of them, and the statements for what they take.

    Args:
      flat: The flattened model_fn.
      specs: The arguments of the spec in each mode.
      others: The statements that are not the model's.
      variables: The name of the variables by their legacy names.
      shown: The names of the metrics that the run showed, in their order.

    Raises:
      Refusal: A metric is not translated.
    """
    path = flat.files[0].path
    spec = specs.get(EVAL)
    value = spec.get("eval_metric_ops") if spec else None
    if value is None:
        return (), (), ()
    value = written_out(others, value)
    if isinstance(value, ast.Constant) and value.value is None:
        return (), (), ()
    if not isinstance(value, ast.Dict):
        raise Refusal(
            f"eval_metric_ops is {ast.unparse(value) if value else 'made elsewhere'}; a dict "
            "written out is translated",
            path=path,
            line=getattr(value, "lineno", 0),
        )
    known = {one.value for one in value.keys if isinstance(one, ast.Constant)}
    computed_names = iter([one for one in shown if one not in known])
    items: dict[str, ast.expr] = {}
    for key, one in zip(value.keys, value.values, strict=True):
        name = key.value if isinstance(key, ast.Constant) else next(computed_names, "")
        if not name:
            raise refuse(one, path, "a metric's name is computed")
        items[str(name)] = one
    if lost := sorted(set(shown) - set(items)):
        raise refuse(
            value,
            path,
            f"where the metrics {', '.join(map(repr, lost))} are put into eval_metric_ops is not "
            "found; expected a dict written out, `name[key] = metric` or `name.update({...})` in "
            "the model_fn itself; write them there",
        )
    reading = metric_items.Items(items, flat, path)
    reading.read()
    found, checks = tuple(reading.metrics.values()), reading.checks
    read = set().union(*(loads(parse(v)) for one in found for v in one.values), set())
    read |= set().union(*(loads(one) for one in checks), set())
    needed, _ = needed_for(others, read, EVAL)
    made: list[Statement] = []
    for statement in needed:
        before, node = loss_calls.written(statement.node, flat, EVAL)
        made += [Statement(each, statement.modes) for each in before]
        made.append(dataclasses.replace(statement, node=node))
    made += [Statement(each, frozenset((EVAL,))) for each in checks]
    body = tuple(_with_own_variables(one, variables) for one in lines(made))
    return found, tuple(reading.computed), body


def written_out(others: list[Statement], value: ast.expr | None) -> ast.expr | None:
    """Returns the dict that a name stands for, with the items that are put into it later.

    Raises:
      Refusal: A value of the dict reads a name that is assigned anew after it.
    """
    for _ in range(5):
        if not isinstance(value, ast.Name):
            break
        name, dict_ = value.id, spec_reading.assigned(others, value.id, EVAL)
        value = dict_
        if not isinstance(dict_, ast.Dict):
            continue
        made = ast.copy_location(ast.Dict(keys=[*dict_.keys], values=[*dict_.values]), dict_)
        value, begun = made, False
        for statement in (one for one in others if EVAL in one.modes):
            node = statement.node
            if begun and stores(node) & loads(made):
                raise Refusal(
                    "a name that a metric reads is assigned anew before the metrics are returned; "
                    "give the two values names of their own",
                    path=path_of(node, ""),
                    line=getattr(node, "lineno", 0),
                )
            begun = begun or (isinstance(node, ast.Assign) and node.value is dict_)
            earlier = others[: others.index(statement)]
            for key, item in _items(node, name, earlier) if begun else ():
                made.keys.append(key)
                made.values.append(item)
    return value


def _items(node: ast.stmt, name: str, earlier: list[Statement]) -> list[tuple[ast.expr, ast.expr]]:
    """Returns what a statement puts into a dict: `name["a"] = x`, `name.update({"a": x})`.

    Args:
      node: The statement.
      name: The dict.
      earlier: The statements before, for the name of another dict.
    """
    if isinstance(node, ast.Assign):
        [target, *_] = node.targets
        if isinstance(target, ast.Subscript) and ast.unparse(target.value) == name:
            return [(target.slice, node.value)]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        given = call.args[0] if len(call.args) == 1 else None
        is_update = ast.unparse(call.func) == f"{name}.update"
        if is_update and isinstance(given, ast.Name) and given.id != name:
            given = written_out(earlier, given)
        if is_update and isinstance(given, ast.Dict):
            return [(k, v) for k, v in zip(given.keys, given.values, strict=True) if k is not None]
    return []


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
