"""What the modules of the scanned tree export: the TensorFlow names that they hand on."""

from __future__ import annotations

import ast
import functools
import os
import re

from migrate.scanning import files
from migrate.scanning.bindings import Exports, Resolver, Symbols
from migrate.scanning.scopes import Walk

# Only these are handed on; other names of a module are its own.
_LIBRARIES = ("tensorflow", "tf_keras", "tf_slim", "keras", "estimator_compat")


class TreeExports:
    """Follows imports inside the scanned folders.

    Args:
      roots: Absolute paths of the scanned folders: files outside are not read.
    """

    def __init__(self, roots: tuple[str, ...]) -> None:
        self._roots = roots
        self._names: dict[tuple[str, str], Symbols] = {}
        self._content: dict[str, bytes] = {}

    def of_file(self, path: str) -> Exports:
        """Returns a function that resolves the imports of a file."""
        return functools.partial(self._symbols, os.path.abspath(path))

    def replace(self, path: str, content: bytes) -> None:
        """Takes a file for changed, whatever is on the disk.

        Args:
          path: The file, absolute.
          content: What it holds.
        """
        self._content[path] = content
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
        return self._find(importer, module, level)

    def _symbols(self, importer: str, module: str, level: int, name: str) -> Symbols:
        """Returns the symbols of `from MODULE import NAME`; none if it is not in the tree."""
        if not level and module.partition(".")[0] in _LIBRARIES:
            return ()
        path = self._find(importer, module, level)
        if path is None:
            return ()
        key = (path, name)
        if key not in self._names:
            self._names[key] = ()  # while it is being resolved: modules may import each other
            self._names[key] = self._exported(path, name)
        return self._names[key]

    def _find(self, importer: str, module: str, level: int) -> str | None:
        parts = module.split(".") if module else []
        folder = os.path.dirname(importer)
        if level:
            for _ in range(level - 1):
                folder = os.path.dirname(folder)
            bases = [folder]
        else:
            bases = [_import_root(folder), *self._roots]
        for base in bases:
            whole = os.path.join(base, *parts)
            for path in (f"{whole}.py", os.path.join(whole, "__init__.py")):
                if path != importer and self._is_inside(path) and os.path.isfile(path):
                    return path
        return None

    def _is_inside(self, path: str) -> bool:
        return any(path.startswith(root + os.sep) for root in self._roots)

    def _exported(self, path: str, name: str) -> Symbols:
        data = self._read(path)
        word = re.escape(name.encode())
        # A name that the module defines itself needs no parsing.
        bound = rb"(?m)^[ \t]*(?:import|from)\b.*\b%b\b|^[ \t]*%b[ \t]*(?:=|,|$)" % (word, word)
        if not files.mentions_tensorflow(data) or not re.search(bound, data):
            return ()
        try:
            walk = Walk(ast.parse(data))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ()
        end = ast.Name(id=name, ctx=ast.Load(), lineno=len(data) + 1, col_offset=0)
        symbols = Resolver(self.of_file(path)).symbols(end, walk.root)
        return symbols if all(each.startswith(_LIBRARIES) for each in symbols) else ()

    def _read(self, path: str) -> bytes:
        if path not in self._content:
            try:
                with open(path, "rb") as file:
                    self._content[path] = file.read(files.LARGEST)
            except OSError:
                self._content[path] = b""
        return self._content[path]


@functools.cache
def _import_root(folder: str) -> str:
    """Returns the folder that a file's package is imported from."""
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder = os.path.dirname(folder)
    return folder
