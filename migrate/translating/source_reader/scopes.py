"""The `with` statements of a flattened model_fn."""

import ast
import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING

from migrate.translating.facts import Call
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.frames import Frame, executions
from migrate.translating.source_reader.renaming import Rename
from migrate.translating.source_reader.statements import Statement

if TYPE_CHECKING:
    from migrate.translating.source_reader.flattening import Flattening

# `with` statements whose body is the same without them.
_TRANSPARENT = (
    "tf.variable_scope", "tf.name_scope", "tf.control_dependencies", "tf.device",
    "tf.colocate_with", "tf.contrib.framework.arg_scope",
)  # fmt: skip
# Those of them that name no variables, and need not be kept.
_WITHOUT_NAMES = {"tf.control_dependencies", "tf.device", "tf.colocate_with"}
_ARG_SCOPE = "tf.contrib.framework.arg_scope"


def flattened(
    flattening: "Flattening", node: ast.With, frame: Frame, modes: frozenset[str]
) -> tuple[list[Statement], dict[str, ast.expr]]:
    """Returns the statements of a `with`, and what it returns in each mode."""
    count, scoped = len(flattening.scopes), len(flattening.arg_scopes)
    getters = len(flattening.getters)
    before: list[Statement] = []
    kept: list[ast.withitem] = []
    for item in node.items:
        found = executions(item.context_expr, frame, modes)
        if flattening.border.is_kept:
            before += _kept_scope(flattening, item, found, frame, modes, kept)
            continue
        names = {call.callee.api for calls in found.values() for call in calls}
        if not names <= set(_TRANSPARENT) or not names:
            raise Refusal(
                f"`with {ast.unparse(item.context_expr)}` is not translated",
                path=frame.file.path,
                line=node.lineno,
            )
        assert isinstance(item.context_expr, ast.Call)
        if names == {_ARG_SCOPE}:
            before += _arg_scope(flattening, item.context_expr, frame, modes, found)
            continue
        for keyword in item.context_expr.keywords:
            if names == {"tf.variable_scope"} and keyword.arg == "custom_getter":
                flattening.getters.append(keyword.value)
            if names == {"tf.variable_scope"} and keyword.arg == "initializer":
                made, value = flattening.expression(keyword.value, frame, modes)
                before += made
                flattening.scopes.append(value)
    statements, returned = flattening.body(node.body, frame, modes)
    del flattening.scopes[count:]
    del flattening.arg_scopes[scoped:]
    del flattening.getters[getters:]
    for one in statements:
        one.scopes = (*kept, *one.scopes)
    return before + statements, returned


def _kept_scope(
    flattening: "Flattening",
    item: ast.withitem,
    found: Mapping[str, list[Call]],
    frame: Frame,
    modes: frozenset[str],
    kept: list[ast.withitem],
) -> list[Statement]:
    """Keeps a `with` that may name variables; returns what must run before it."""
    names = {call.callee.api for calls in found.values() for call in calls}
    if names and names <= _WITHOUT_NAMES:
        return []
    before, value = flattening.expression(item.context_expr, frame, modes)
    target = None
    if item.optional_vars is not None:
        target = Rename(frame.names, flattening, frame).visit(copy.deepcopy(item.optional_vars))
    kept.append(ast.withitem(context_expr=value, optional_vars=target))
    return before


def _arg_scope(
    flattening: "Flattening",
    node: ast.Call,
    frame: Frame,
    modes: frozenset[str],
    found: Mapping[str, list[Call]],
) -> list[Statement]:
    """Notes the arguments that `with slim.arg_scope([...], name=value)` sets."""
    seen = [c.arguments.get("list_ops_or_scope") for calls in found.values() for c in calls]
    if not all(isinstance(one, list | tuple) for one in seen) or any(
        keyword.arg is None for keyword in node.keywords
    ):
        raise Refusal(
            "this arg_scope is made elsewhere, or of a dict; expected a list of functions, and "
            "their arguments by name; write them in the `with` statement",
            path=frame.file.path,
            line=node.lineno,
        )
    functions = {
        getattr(one, "description", "")
        for each in seen
        if isinstance(each, list | tuple)
        for one in each
    }
    strange = [one for one in functions if not one.startswith("tf.contrib.layers.")]
    if strange:
        raise Refusal(
            "this arg_scope sets the arguments of a function of your own; expected functions "
            "of slim or tf.contrib.layers; pass the arguments to your function",
            path=frame.file.path,
            line=node.lineno,
        )
    before: list[Statement] = []
    values: dict[str, ast.expr] = {}
    for keyword in node.keywords:
        made, value = flattening.expression(keyword.value, frame, modes)
        before += made
        values[keyword.arg or ""] = value
    flattening.arg_scopes.append((frozenset(functions), values))
    return before
