"""The modules of the scanned tree, as far as a model_fn reaches them through imports."""

from __future__ import annotations

import ast
import collections
from collections.abc import Callable, Iterable

# The importing file, the dotted module and its level -> the file of the module; None outside.
Find = Callable[[str, str, int], "str | None"]
Read = Callable[[str], bytes]
_KEPT = 48  # parsed modules at a time: a syntax tree is large


class TreeModule:
    """A parsed module.

    Attributes:
      path: Its absolute path; "" for standard input.
      shown: The path as it stands in findings.
      tree: Its syntax tree.
      generators: Whether a function yields, for those that were looked at.
      bindings: The statements that bind each global name, in the order of the source.
    """

    def __init__(self, path: str, shown: str, tree: ast.Module) -> None:
        self.path = path
        self.shown = shown
        self.tree = tree
        self.generators: dict[ast.AST, bool] = {}
        self.bindings: dict[str, list[ast.stmt]] = {}
        for statement in _statements(tree.body):
            for name in bound_names(statement):
                self.bindings.setdefault(name, []).append(statement)


class Tree:
    """Finds, reads and parses modules.

    Args:
      find: Finds the file of an imported module.
      read: Reads a file.
      shown: The path that findings give a file.
    """

    def __init__(self, find: Find, read: Read, shown: Callable[[str], str]) -> None:
        self._find = find
        self._read = read
        self._shown = shown
        self._kept: collections.OrderedDict[str, TreeModule | None] = collections.OrderedDict()

    def path(self, importer: str, module: str, level: int) -> str | None:
        """Returns the file of a module that a file imports; None if it is not in the tree."""
        return self._find(importer, module, level) if importer else None

    def add(self, module: TreeModule) -> None:
        """Keeps a module that was parsed already."""
        self._kept[module.path] = module

    def module(self, path: str) -> TreeModule | None:
        """Returns the module of a file; None if it cannot be parsed."""
        if path in self._kept:
            self._kept.move_to_end(path)
            return self._kept[path]
        try:
            parsed = TreeModule(path, self._shown(path), ast.parse(self._read(path)))
        except (SyntaxError, ValueError, RecursionError, MemoryError, OSError):
            parsed = None
        self._kept[path] = parsed
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return parsed


def no_tree() -> Tree:
    """Returns a tree without modules, for a file alone."""
    return Tree(_find_nothing, lambda _: b"", lambda path: path)


def _find_nothing(_importer: str, _module: str, _level: int) -> str | None:
    return None


def _statements(body: Iterable[ast.stmt]) -> Iterable[ast.stmt]:
    """Yields the statements of a module, also those in branches."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If | ast.Try | ast.With):
            for field in ("body", "handlers", "orelse", "finalbody"):
                for inner in getattr(statement, field, ()):
                    if isinstance(inner, ast.ExceptHandler):
                        yield from _statements(inner.body)
                    else:
                        yield from _statements([inner])


def bound_names(statement: ast.AST) -> Iterable[str]:
    """Yields the names that a statement itself binds, without those of statements in it."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        for alias in statement.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.For):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            yield from target_names(target)


def target_names(target: ast.AST) -> Iterable[str]:
    """Yields the names that an assignment to a target binds."""
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from target_names(element)
    elif isinstance(target, ast.Starred):
        yield from target_names(target.value)
