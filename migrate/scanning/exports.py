"""What the modules of the scanned tree export: the TensorFlow names that they hand on."""

from __future__ import annotations

import functools
import os
import re
import sys
from collections import OrderedDict

from migrate.ledger_reading.tree import Tree
from migrate.scanning import files
from migrate.scanning.bindings import Exports, Resolver, Scope, Symbols
from migrate.scanning.engine import Answers
from migrate.scanning.scopes import Walk
from migrate.scanning.source import parse

# Only these are handed on; other names of a module are its own.
_LIBRARIES = ("tensorflow", "tf_keras", "tf_slim", "keras", "estimator_compat")
# Lines that import, and lines that begin with a name which they may bind.
_IMPORTS = re.compile(rb"(?m)^[ \t]*(?:import|from)\b.*")
_BINDS = re.compile(rb"(?m)^[ \t]*(?:\w+[ \t]+as[ \t]+)?(\w+)[ \t]*(?:[=,:#)\\\r]|$)")
_WORD = re.compile(rb"\w+")
_WALKS = 16  # modules whose scopes are kept


class TreeExports:
    """Follows imports inside the scanned folders.

    Args:
      roots: Absolute paths of the scanned folders: files outside are not read.

    Attributes:
      tree: The modules of these folders.
    """

    def __init__(self, roots: tuple[str, ...]) -> None:
        self._roots = roots
        self._names: dict[tuple[str, str], Symbols] = {}
        self._places: dict[tuple[str, str, int], str | None] = {}
        self._listed: dict[str, frozenset[str] | None] = {}
        self._bound: dict[str, frozenset[bytes]] = {}
        self._scopes: OrderedDict[str, Scope | None] = OrderedDict()
        self._changed: dict[str, bytes] = {}
        self.tree = Tree(self._imported, self._read, files.relative)

    def of_file(self, path: str) -> Exports:
        """Returns a function that resolves the imports of a file."""
        return functools.partial(self._symbols, os.path.abspath(path))

    def replace(self, path: str, content: bytes) -> None:
        """Takes a file for changed, whatever is on the disk.

        Args:
          path: The file, absolute.
          content: What it holds.
        """
        self._changed[path] = content
        self._bound.pop(path, None)
        self._scopes.pop(path, None)
        # A name that another module hands on from this one has an entry of this one, too.
        if any(exporter == path for exporter, _ in self._names):
            self._names.clear()

    def imported(self, importer: str, module: str, level: int) -> str | None:
        """Returns the file of the tree that an import statement loads; None if there is none.

        Args:
          importer: The file with the statement, absolute.
          module: The dotted module; "" in `from . import name`.
          level: The number of dots before it.
        """
        return self._imported(importer, module, level)

    def _symbols(self, importer: str, module: str, level: int, name: str) -> Symbols:
        """Returns the symbols of `from MODULE import NAME`; none if it is not in the tree."""
        if not level and module.partition(".")[0] in _LIBRARIES:
            return ()
        path = self._imported(importer, module, level)
        if path is None:
            return ()
        key = (path, name)
        if key not in self._names:
            self._names[key] = ()  # while it is being resolved: modules may import each other
            self._names[key] = self._exported(path, name)
        return self._names[key]

    def _imported(self, importer: str, module: str, level: int) -> str | None:
        """Returns the file that a file imports; None if it is not in the tree, or itself."""
        place = (os.path.dirname(importer), module, level)
        if place not in self._places:
            self._places[place] = self._find(*place)
        path = self._places[place]
        return None if path == importer else path

    def _find(self, folder: str, module: str, level: int) -> str | None:
        """Returns the file that a module of a folder imports; None if it is not in the tree."""
        parts = module.split(".") if module else []
        if level:
            for _ in range(level - 1):
                folder = os.path.dirname(folder)
            bases = [folder]
        else:
            bases = [_import_root(folder), *self._roots]
        for base in bases:
            if parts and not self._may_have(base, parts[0]):
                continue
            whole = os.path.join(base, *parts)
            for path in (f"{whole}.py", os.path.join(whole, "__init__.py")):
                if self._is_inside(path) and os.path.isfile(path):
                    return path
        return None

    def _may_have(self, folder: str, name: str) -> bool:
        """Tells whether a folder has a module of a name; most imports are of other projects."""
        if folder not in self._listed:
            try:
                self._listed[folder] = frozenset(os.listdir(folder))
            except OSError:  # its files may be there all the same
                self._listed[folder] = None
        listed = self._listed[folder]
        return listed is None or name in listed or f"{name}.py" in listed

    def _read(self, path: str) -> bytes:
        return self._changed[path] if path in self._changed else _read(path)

    def _is_inside(self, path: str) -> bool:
        return any(path.startswith(root + os.sep) for root in self._roots)

    def _exported(self, path: str, name: str) -> Symbols:
        if path not in self._bound:
            self._bound[path] = _bound_names(self._read(path))
        # A name that the module defines itself needs no parsing.
        if name.encode() not in self._bound[path]:
            return ()
        scope = self._scope(path)
        if scope is None:
            return ()
        symbols = Resolver(self.of_file(path)).symbols_of(name, "", sys.maxsize, scope)
        return symbols if all(each.startswith(_LIBRARIES) for each in symbols) else ()

    def _scope(self, path: str) -> Scope | None:
        """Returns the names of a module; None if it cannot be parsed."""
        if path not in self._scopes:
            try:
                self._scopes[path] = Walk(parse(self._read(path))).root
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                self._scopes[path] = None
            if len(self._scopes) > _WALKS:
                self._scopes.popitem(last=False)
        else:
            self._scopes.move_to_end(path)
        return self._scopes[path]


class Asked:
    """Passes questions on to `Exports`, and keeps them with their answers."""

    def __init__(self, exports: Exports) -> None:
        self._exports = exports
        self._answers: dict[tuple[str, int, str], Symbols] = {}

    def __call__(self, module: str, level: int, name: str) -> Symbols:
        """Returns the symbols of a name that is imported."""
        answer = self._answers[module, level, name] = self._exports(module, level, name)
        return answer

    @property
    def answers(self) -> Answers:
        """The questions, each with its answer."""
        return tuple((*question, found) for question, found in self._answers.items())


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(files.LARGEST)
    except OSError:
        return b""


def _bound_names(data: bytes) -> frozenset[bytes]:
    """Returns the names that a module may hand on: those that it imports or assigns."""
    if not files.mentions_tensorflow(data):
        return frozenset()
    imports = b"\n".join(_IMPORTS.findall(data))
    return frozenset(_WORD.findall(imports)) | frozenset(_BINDS.findall(data))


@functools.cache
def _import_root(folder: str) -> str:
    """Returns the folder that a file's package is imported from."""
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder = os.path.dirname(folder)
    return folder
