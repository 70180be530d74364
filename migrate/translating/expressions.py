"""Rewrites expressions of TensorFlow 1 into those of TF2."""

import ast
import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from migrate.mappings import functions
from migrate.mappings.function_rows import FunctionRow
from migrate.translating.facts import (
    Call,
    Callee,
    ColumnFact,
    FunctionFact,
    Span,
    TensorFact,
    Unknown,
)
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.source_files import path_of

Facts = Mapping[ast.AST, Mapping[str, Sequence[Call]]]
_NAME_ARGUMENTS = {"name", "scope"}


def parse(text: str) -> ast.expr:
    """Parses an expression."""
    [statement] = ast.parse(f"({text})").body
    assert isinstance(statement, ast.Expr)
    return statement.value


def calls_of(node: ast.AST, facts: Facts) -> list[Call]:
    """Returns the executions of a call expression, in all modes."""
    return [call for calls in facts.get(node, {}).values() for call in calls]


def api_of(node: ast.AST, facts: Facts) -> str:
    """Returns the public name of the function that an expression calls; "" if there is none."""
    names = {call.callee.api for call in calls_of(node, facts)}
    return next(iter(names)) if len(names) == 1 else ""


def bind(node: ast.Call, parameters: Sequence[str]) -> dict[str, ast.expr]:
    """Returns the arguments of a call by the names of the parameters."""
    bound = dict(zip(parameters, node.args, strict=False))
    return bound | {one.arg: one.value for one in node.keywords if one.arg is not None}


def fill(template: str, arguments: Mapping[str, ast.expr]) -> ast.expr:
    """Puts arguments into the places of a template."""
    marks = {name: f"__{name}__" for name in arguments}
    tree = parse(template.format(**marks))

    class Fill(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            name = node.id.removeprefix("__").removesuffix("__")
            return copy.deepcopy(arguments[name]) if node.id in marks.values() else node

    filled: ast.expr = Fill().visit(tree)
    return filled


def substitute(node: ast.AST, values: Mapping[str, ast.expr], *, copied: bool = True) -> Any:
    """Returns a node, or a copy, with expressions in the places of names that it reads."""

    class Substitute(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            if isinstance(node.ctx, ast.Load) and node.id in values:
                return copy.deepcopy(values[node.id])
            return node

    return Substitute().visit(copy.deepcopy(node) if copied else node)


def is_plain(value: Any) -> bool:
    """Tells whether a value can be written as source: a number, text, or a list or dict of such."""
    if isinstance(value, list | tuple):
        return all(is_plain(one) for one in value)
    if isinstance(value, dict):
        return all(is_plain(one) for pair in value.items() for one in pair)
    return not isinstance(value, TensorFact | Unknown | FunctionFact | ColumnFact)


class ToTf2(ast.NodeTransformer):
    """Rewrites the calls and names of TensorFlow in a tree, in place.

    Args:
      facts: What the run showed of each call.
      aliases: The names by which the source calls TensorFlow.
      replace: Rewrites calls that are no functions, such as those of layers; returns None for the
        others.
    """

    def __init__(
        self,
        facts: Facts,
        aliases: Sequence[str] = ("tf",),
        replace: Callable[[ast.Call, str], ast.expr | None] | None = None,
    ) -> None:
        self.facts, self.aliases, self.replace = facts, aliases, replace

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Rewrites a call."""
        api = api_of(node, self.facts)
        if self.replace is not None:
            made = self.replace(node, api)
            if made is not None:
                return made
        self.generic_visit(node)
        if not api.startswith("tf."):
            return node
        node.keywords = [one for one in node.keywords if one.arg not in _NAME_ARGUMENTS]
        if api == "tf.where":
            calls = calls_of(node, self.facts)
            if len(bind(node, _WHERE)) > 1 and not any(call.arguments for call in calls):
                # Nobody saw the shapes. In TF1, a vector chooses rows, and TF2 broadcasts it.
                node.func = parse("tf.compat.v1.where")
                return node
            _with_axes_of_condition(node, calls)
        row = functions.ROWS.get(api)
        if row is None:
            node.func = self._dotted_like(node.func, api)
            return node
        if row.template:
            arguments = {k: parse(v) for k, v in row.defaults.items()}
            arguments |= {row.renamed.get(k, k): v for k, v in bind(node, row.parameters).items()}
            given = "".join(f", {n}={{{n}}}" for n in row.options if n in arguments)
            template = self._template(node, api, row).replace("{options}", given)
            for name in arguments:
                if f"{{{name}}}" not in template and name not in row.ignored:
                    raise Refusal(
                        f"line {node.lineno}: `{name}` of {api} is not translated; leave it out"
                    )
            if missing := [
                n for n in row.parameters if f"{{{n}}}" in template and n not in arguments
            ]:
                raise Refusal(
                    f"line {node.lineno}: {api} is called without `{missing[0]}`, which TF2 needs; "
                    "pass it by its name"
                )
            filled = ast.copy_location(fill(template, arguments), node)
            if isinstance(self.facts, dict):
                self.facts[filled] = self.facts[node]
            return filled
        _check(node, api, row)
        if row.positional is not None:
            named = zip(row.parameters[row.positional :], node.args[row.positional :], strict=False)
            node.keywords[:0] = [ast.keyword(arg=n, value=v) for n, v in named if n != "name"]
            del node.args[row.positional :]
        node.keywords = [one for one in node.keywords if one.arg not in row.dropped]
        for keyword in node.keywords:
            keyword.arg = row.renamed.get(keyword.arg or "", keyword.arg)
        node.func = parse(row.name)
        return node

    def _template(self, node: ast.Call, api: str, row: FunctionRow) -> str:
        """Returns the template for the dtype that the run showed."""
        if not row.integer_template:
            return row.template
        results = [call.result for call in calls_of(node, self.facts)]
        dtypes = {one.dtype if isinstance(one, TensorFact) else "" for one in results}
        are_floats = {"float" in dtype for dtype in dtypes}
        if len(are_floats) != 1 or "" in dtypes:
            raise Refusal(
                f"line {node.lineno}: {api} of integers is another operation than of floats, and "
                "no run showed which it is; write it with `/` or `//`"
            )
        return row.template if True in are_floats else row.integer_template

    def _dotted_like(self, func: ast.expr, api: str) -> ast.expr:
        """Returns the public name; methods keep their object."""
        root = dotted(func).partition(".")[0]
        return parse(api) if root in self.aliases or isinstance(func, ast.Name) else func

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Rewrites a function or constant that is passed on, such as `tf.erf`."""
        name = dotted(node)
        root, _, rest = name.partition(".")
        if root not in self.aliases or not rest:
            return self.generic_visit(node)
        rest = rest.removeprefix("compat.v1.")
        return ast.copy_location(parse(functions.tf2_name(f"tf.{rest}")), node)


def _check(node: ast.Call, api: str, row: FunctionRow) -> None:
    """Checks the arguments that TF2 does not take.

    Raises:
      Refusal: One is given, or one that must be is not.
    """
    given = bind(node, row.parameters)
    for name in row.refused:
        if name in given:
            raise Refusal(f"line {node.lineno}: `{name}` of {api} is not in TF2; leave it out")
    for name in row.false:
        found = given.get(name)
        if not isinstance(found, ast.Constant) or found.value is not False:
            raise Refusal(
                f"line {node.lineno}: {api} is written with `{name}=False` only, as TF2 does "
                "nothing else; expected that argument; pass it, or keep the function"
            )


_WHERE = ("condition", "x", "y", "name")


def _with_axes_of_condition(node: ast.Call, calls: Sequence[Call]) -> None:
    """Gives the condition of `tf.where` axes of size 1 behind its own.

    In TensorFlow 1, a vector chooses rows of `x` and `y`. TF2 broadcasts it along the last axis.
    """
    arguments = bind(node, _WHERE)
    ranks = set()
    for call in calls:
        condition, x = call.arguments.get("condition"), call.arguments.get("x")
        if "x" in arguments and isinstance(condition, TensorFact):
            chosen = x if isinstance(x, TensorFact) else call.result
            shape = chosen.shape if isinstance(chosen, TensorFact) else None
            own = condition.shape
            if own is None or shape is None:
                raise Refusal(
                    f"line {node.lineno}: the rank of a condition of tf.where is not known; "
                    "expected a static rank, because TF2 broadcasts a vector along the last axis; "
                    "use set_shape before it"
                )
            ranks.add((len(own), len(shape)))
    if len(ranks) == 1:
        [(own_rank, rank)] = ranks
        if own_rank != 1 or rank <= 1:
            return
        axes = ", ".join([":", *["tf.newaxis"] * (rank - 1)])
        new = parse(f"condition[{axes}]")
        assert isinstance(new, ast.Subscript)
        new.value = arguments["condition"]
        if node.args:
            node.args[0] = new
        for keyword in node.keywords:
            if keyword.arg == "condition":
                keyword.value = new
    elif any(own_rank == 1 and rank > 1 for own_rank, rank in ranks):
        raise Refusal(f"line {node.lineno}: tf.where has conditions of several ranks")


def static_facts(tree: ast.AST, aliases: Sequence[str]) -> dict[ast.AST, dict[str, list[Call]]]:
    """Returns facts for the calls in source that no run reached, by the names that it calls."""
    facts: dict[ast.AST, dict[str, list[Call]]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            root, _, rest = dotted(node.func).partition(".")
            if root in aliases and rest:
                api = f"tf.{rest.removeprefix('compat.v1.')}"
                facts[node] = {"": [_named(api)]}
    return facts


def _named(api: str) -> Call:
    return Call(
        span=Span("", 0, 0, 0, 0),
        callee=Callee(api=api, name=api.rpartition(".")[2]),
        arguments={},
        result=None,
        iterations=(),
        variables=(),
        reads=(),
        scope="",
        calls=(),
        branches={},
        values={},
    )


def dotted(node: ast.AST) -> str:
    """Returns "a.b.c" for such an expression; "" for others."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""


def refuse(node: ast.AST, path: str, reason: str) -> Refusal:
    """Returns the refusal of a node."""
    return Refusal(reason, path=path_of(node, path), line=getattr(node, "lineno", 0))
