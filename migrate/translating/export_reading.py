"""The outputs of the signatures that a program exports."""

import ast
from collections.abc import Callable, Mapping, Sequence

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.expressions import bind
from migrate.translating.ir import Export, Function
from migrate.translating.source_reader.statements import Statement, loads, needed_for
from migrate.translating.spec_reading import assigned
from migrate.translating.training_facts import ExportFact

_DEFAULT = "serving_default"
# The arguments of each class of outputs, and the names of the signature's outputs.
_OUTPUTS = {
    "PredictOutput": {"outputs": "output"},
    "RegressionOutput": {"value": "outputs"},
    "ClassificationOutput": {"scores": "scores", "classes": "classes"},
}


def read(
    spec: Mapping[str, ast.expr],
    others: Sequence[Statement],
    fact: ExportFact | None,
    parameters: Callable[..., tuple[str, ...]],
    lines: Callable[[Sequence[Statement]], list[str]],
) -> Export | None:
    """Writes the function that returns the outputs of each signature.

    Args:
      spec: The arguments of PREDICT's EstimatorSpec.
      others: The statements that are not the model's.
      fact: What the run showed of the exports; None for a program without any.
      parameters: Returns the parameters of a function, from its statements and expressions.
      lines: Returns the source of statements.

    Returns:
      None without exports, or if the outputs are made in another way than is understood.
    """
    if fact is None:
        return None
    outputs = _outputs(spec, others, fact)
    if outputs is None:
        return None
    names: list[ast.expr | None] = [ast.Constant(name) for name in outputs]
    value = ast.Dict(keys=names, values=list(outputs.values()))
    needed, _ = needed_for(others, loads(value), ModeKeys.PREDICT)
    function = Function(
        name="served",
        parameters=parameters(needed, value),
        body=tuple(lines(needed)),
        returns=ast.unparse(ast.fix_missing_locations(value)),
    )
    return Export(
        function=function,
        signatures=tuple(outputs),
        inputs=fact.inputs,
        passed=fact.passed,
        examples=fact.examples,
    )


def _outputs(
    spec: Mapping[str, ast.expr], others: Sequence[Statement], fact: ExportFact
) -> dict[str, ast.expr] | None:
    """Returns the outputs of each signature, as the source of dicts."""
    given = _resolved(spec.get("export_outputs"), others)
    if given is None or (isinstance(given, ast.Constant) and given.value is None):
        return _checked({_DEFAULT: _named("output", spec.get("predictions"), others)})
    if not isinstance(given, ast.Dict) or len(given.values) > len(fact.signatures):
        return None
    found: dict[str, ast.expr | None] = {}
    for name, value in zip(fact.signatures, given.values, strict=False):
        call = _resolved(value, others)
        kind = ast.unparse(call.func).rpartition(".")[2] if isinstance(call, ast.Call) else ""
        if not isinstance(call, ast.Call) or kind not in _OUTPUTS:
            return None
        if kind != "PredictOutput" and not fact.examples:
            continue  # served with serialized examples only
        names = _OUTPUTS[kind]
        arguments = bind(call, tuple(names))
        if kind == "PredictOutput":
            found[name] = _named("output", arguments.get("outputs"), others)
        else:
            keys: list[ast.expr | None] = [ast.Constant(names[one]) for one in arguments]
            found[name] = ast.Dict(keys=keys, values=list(arguments.values()))
    if len(given.values) == 1 and _DEFAULT in fact.signatures:
        found.setdefault(_DEFAULT, next(iter(found.values()), None))
    return _checked(found)


def _checked(found: Mapping[str, ast.expr | None]) -> dict[str, ast.expr] | None:
    known = {name: value for name, value in found.items() if value is not None}
    return known if known and len(known) == len(found) else None


def _named(name: str, value: ast.expr | None, others: Sequence[Statement]) -> ast.expr | None:
    """Returns a dict of outputs; a tensor gets a name."""
    if value is None:
        return None
    made = _resolved(value, others)
    if isinstance(made, ast.Dict):
        return value
    return ast.Dict(keys=[ast.Constant(name)], values=[value])


def _resolved(node: ast.expr | None, others: Sequence[Statement]) -> ast.expr | None:
    for _ in range(5):
        if not isinstance(node, ast.Name):
            break
        value = assigned(others, node.id, ModeKeys.PREDICT)
        if value is None:
            break
        node = value
    return node
