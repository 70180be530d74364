"""What a helper that is put in place is called with."""

import ast
from typing import TYPE_CHECKING

from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.frames import LAYERS, executions, is_part, local_names
from migrate.translating.source_reader.source_files import SourceFile
from migrate.translating.source_reader.statements import loads

if TYPE_CHECKING:
    from migrate.translating.source_reader.inlining import Expressions


def passed(
    node: ast.Call, function: ast.FunctionDef, path: str
) -> tuple[dict[str, ast.expr], set[str]]:
    """Returns what each parameter gets, and the names of those that get their default.

    Args:
      node: The call.
      function: The helper.
      path: The file of the call.

    Raises:
      Refusal: It is called with `*`.
    """
    arguments = function.args
    every = [one.arg for one in [*arguments.posonlyargs, *arguments.args]]
    if every[:1] == ["self"]:
        every = every[1:]
    defaults = dict(zip(reversed(every), reversed(arguments.defaults), strict=False))
    for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            defaults[one.arg] = default
    if any(isinstance(one, ast.Starred) for one in node.args) or arguments.vararg:
        raise Refusal(
            f"`{function.name}` is called with `*`; pass its arguments one by one",
            path=path,
            line=node.lineno,
        )
    given = dict(zip(every, node.args, strict=False))
    given |= {one.arg: one.value for one in node.keywords if one.arg is not None}
    if arguments.kwarg is not None:
        every += [one.arg for one in arguments.kwonlyargs]
        given = {name: one for name, one in given.items() if name in every}
    defaulted = defaults.keys() - given.keys()
    return {**defaults, **given}, set(defaulted)


def extra_keywords(
    visitor: "Expressions", node: ast.Call, function: ast.FunctionDef
) -> dict[str, list[ast.keyword]]:
    """Returns what the `**kwargs` of a helper are in a call, by their name.

    Args:
      visitor: Flattens the expressions of the caller.
      node: The call.
      function: The helper.
    """
    arguments = function.args
    if arguments.kwarg is None:
        return {}
    names = {one.arg for one in [*arguments.args, *arguments.kwonlyargs]}
    extra = [
        ast.keyword(arg=one.arg, value=visitor.visit(one.value))
        for one in node.keywords
        if one.arg not in names
    ]
    return {arguments.kwarg.arg: extra}


def with_keywords(visitor: "Expressions", node: ast.Call) -> ast.Call:
    """Writes out the arguments that the function around was called with, of `f(x, **kwargs)`.

    Args:
      visitor: Flattens the expressions of the function.
      node: The call.

    Raises:
      Refusal: A layer, or a helper that is put in place, gets other arguments by `**`.
    """
    if all(one.arg is not None for one in node.keywords):
        return node
    frame = visitor.frame
    keywords: list[ast.keyword] = []
    for one in node.keywords:
        name = one.value.id if isinstance(one.value, ast.Name) else ""
        given = frame.keywords.get(name, [one]) if one.arg is None else [one]
        read = set().union(*(loads(each.value) for each in given))
        # They are the caller's already, and must not be taken for variables of this function.
        is_clear = given == [one] or not read & {*frame.names, *frame.local}
        keywords += given if is_clear else [one]
    if any(one.arg is None for one in keywords):
        found = executions(node, frame, visitor.modes)
        calls = [call for each in found.values() for call in each]
        if any(is_part(c) or c.variables or c.callee.api.startswith(LAYERS) for c in calls):
            raise Refusal(
                f"`{ast.unparse(node.func)}` is called with `**`; pass its arguments one by one",
                path=frame.file.path,
                line=node.lineno,
            )
    new = ast.copy_location(ast.Call(func=node.func, args=node.args, keywords=keywords), node)
    visitor.whole = new if node is visitor.whole else visitor.whole
    return new


def check_free(visitor: "Expressions", file: SourceFile, function: ast.FunctionDef) -> None:
    """Refuses a function that another one has made, and that reads variables of that one.

    Args:
      visitor: Flattens the expressions of the caller.
      file: The file of the function.
      function: The function.

    Raises:
      Refusal: The caller has variables of the same names.
    """
    around = [
        one
        for one in ast.walk(file.tree)
        if isinstance(one, ast.FunctionDef)
        and one is not function
        and any(inner is function for inner in ast.walk(one))
        and not any(inner is visitor.flattening.function for inner in ast.walk(one))
    ]
    read = {name for one in around for name in local_names(one)} & loads(function)
    read &= visitor.frame.local | visitor.flattening.local
    read -= {*local_names(function), function.name, "self"}
    if read:
        raise Refusal(
            f"`{function.name}` reads `{sorted(read)[0]}` of the function that made it, which "
            "is not translated; expected a function of the module; pass the value to it",
            path=file.path,
            line=function.lineno,
        )
