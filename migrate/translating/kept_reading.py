"""The forward pass as it is: statements of TensorFlow 1, and calls of the user's functions."""

import ast
import copy
import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from estimator_compat.mode_keys import ModeKeys
from migrate.translating import kept_losses
from migrate.translating.border import is_forward, is_training
from migrate.translating.expressions import ToTf2, calls_of, dotted
from migrate.translating.facts import Call, Span, Unknown, VariableFact
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import Statement, stores

TF1 = "tf1"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class KeptPart:
    """The forward pass.

    Attributes:
      variables: The variables that it makes in TRAIN, by their legacy names, in order.
      trainable: The names of those that are trained.
      functions: The functions and classes of the program that it calls, and where they are defined.
    """

    variables: Mapping[str, VariableFact]
    trainable: tuple[str, ...]
    functions: tuple[tuple[str, Span], ...]


def mark(
    flat: Flattened,
    aliases: Sequence[str],
    forced: Collection[str] = (),
    *,
    adds_losses: bool = False,
) -> None:
    """Marks the statements of the forward pass, and writes all others as TF2.

    Args:
      flat: The flattened model_fn, whose statements are changed.
      aliases: The names by which the source calls TensorFlow.
      forced: The names of functions that are kept in any case.
      adds_losses: Whether the forward pass adds losses to a collection, and returns their sum.
    """
    if adds_losses:
        kept_losses.name_sums(flat)
    to_tf1 = _ToTf1(aliases)
    objects: set[str] = set()
    plain: set[str] = set()  # objects that are no tensors, whose attributes may be
    for statement in flat.statements:
        calls = _calls(statement.node, flat)
        statement.is_model = (
            any(_is_model(call, forced) for call in calls)
            or bool(_owners(statement.node) & objects)
            or bool(_read_of(statement.node) & plain)
            or (adds_losses and any(kept_losses.is_sum(call) for call in calls))
        )
        if statement.is_model:
            statement.makes_variables = bool(_made(statement.node, flat))
            plain |= _plain_objects(statement.node, flat)
            statement.node = to_tf1.visit(statement.node)
            objects |= stores(statement.node)
        else:
            statement.node = _as_tf2(statement.node, flat, aliases)
    for mode, node in list(flat.returned.items()):
        if not any(is_forward(call) for call in _calls(node, flat)):
            flat.returned[mode] = _as_tf2(node, flat, aliases)
    _keep_scopes(flat.statements, to_tf1)


def read(
    flat: Flattened, statements: Sequence[Statement], forced: Collection[str] = ()
) -> KeptPart:
    """Reads what the statements of the forward pass make and call.

    Args:
      flat: The flattened model_fn.
      statements: Those of its statements that are the forward pass.
      forced: The names of functions that are kept in any case.
    """
    variables: dict[str, VariableFact] = {}
    functions: dict[tuple[str, Span], None] = {}
    for statement in statements:
        variables |= _made(statement.node, flat)
        for call in _calls(statement.node, flat) if statement.is_model else ():
            span = call.callee.span
            if span is not None and (call.callee.makes or _is_model(call, forced)):
                functions[call.callee.name, span] = None
    return KeptPart(
        variables=variables,
        trainable=tuple(name for name, one in variables.items() if one.trainable),
        functions=tuple(functions),
    )


def _owners(node: ast.AST) -> set[str]:
    """Returns the names that are called, or whose methods are: `model(x)`, `model.outputs()`."""
    called = [one.func for one in ast.walk(node) if isinstance(one, ast.Call)]
    return {dotted(one).partition(".")[0] for one in called} - {""}


def _read_of(node: ast.AST) -> set[str]:
    """Returns the names whose attributes are read: `towers.left`."""
    read = [one for one in ast.walk(node) if isinstance(one, ast.Attribute)]
    return {dotted(one).partition(".")[0] for one in read} - {""}


def _plain_objects(node: ast.stmt, flat: Flattened) -> set[str]:
    """Returns the names that an assignment gives an object that is no tensor."""
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
        return set()
    seen = flat.values.get(node.value, {}).values()
    return stores(node) if any(isinstance(one, Unknown) for one in seen) else set()


def _calls(node: ast.AST, flat: Flattened) -> list[Call]:
    return [call for one in ast.walk(node) for call in calls_of(one, flat.facts)]


def _is_model(call: Call, forced: Collection[str]) -> bool:
    if call.callee.span is not None and call.callee.name in forced:
        return True
    if call.callee.span is None:
        made = bool(call.variables) and not call.callee.api.startswith("tf.train.")
        return is_forward(call) or (made and not is_training(call))
    return is_forward(call)


def _made(node: ast.AST, flat: Flattened) -> dict[str, VariableFact]:
    return {
        one.name: one
        for inner in ast.walk(node)
        for call in flat.facts.get(inner, {}).get(ModeKeys.TRAIN, ())
        for one in call.variables
    }


def _as_tf2(node: ast.AST, flat: Flattened, aliases: Sequence[str]) -> Any:
    """Returns a statement as TF2; as TensorFlow 1, where that is not known."""
    spare = copy.deepcopy(node)
    try:
        return ToTf2(flat.facts, aliases).visit(node)
    except Refusal:
        return _ToTf1(aliases).visit(spare)


def _keep_scopes(statements: Iterable[Statement], to_tf1: "_ToTf1") -> None:
    seen: set[int] = set()
    for statement in statements:
        for item in statement.scopes:
            if id(item) not in seen:
                seen.add(id(item))
                item.context_expr = to_tf1.visit(item.context_expr)


class _ToTf1(ast.NodeTransformer):
    """Calls TensorFlow `tf1`, in place."""

    def __init__(self, aliases: Sequence[str]) -> None:
        self.aliases = aliases

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """`tf.compat.v1.layers` is `tf1.layers`, as `tf.layers` is."""
        name = dotted(node)
        root, _, rest = name.partition(".")
        if root not in self.aliases or not rest:
            return self.generic_visit(node)
        rest = rest.removeprefix("compat.v1.")
        value: ast.expr = ast.Name(id=TF1, ctx=ast.Load())
        for part in rest.split("."):
            value = ast.Attribute(value=value, attr=part, ctx=ast.Load())
        return ast.copy_location(value, node)
