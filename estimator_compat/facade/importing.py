"""Shows the facade to legacy modules, and to no others.

An `import` statement calls the `__import__` of its own module's builtins. A legacy module gets
builtins of its own. Their `__import__` returns the facade for `tensorflow`, adds old names to a few
modules of Python and NumPy, and imports everything else as Python does. Nothing global is replaced:
modules that are not legacy are not affected.
"""

import ast
import builtins
import functools
import importlib
import inspect
import linecache
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from types import FrameType, ModuleType
from typing import Any

from estimator_compat import package_files
from estimator_compat.facade import names, older, protocols

_ROOTS = ("tensorflow", "tensorflow_estimator")
# This project's own packages: they may be on the program's path, but are never legacy.
_OURS = ("estimator_compat", "migrate")
_ERRORS_OF_IMPORTS = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


def install(legacy: Iterable[str] = ()) -> None:
    """Shows the facade to the legacy modules that are imported from now on.

    In a notebook, later cells see the facade, too. The running code of the caller does not see it,
    because that code already has Python's own builtins. The caller uses `facade.tensorflow()`
    instead of an `import` statement.

    Args:
      legacy: Names of installed packages, such as `bert`, that are legacy. A module is legacy
        without being named if it is neither in `site-packages` nor Python's own.
    """
    caller = _caller().f_globals
    if caller.get("__name__") == "__main__":
        caller["__builtins__"] = legacy_builtins()
    for finder in sys.meta_path:
        if isinstance(finder, LegacyFinder):
            finder.named |= set(legacy)
            return
    sys.meta_path.insert(0, LegacyFinder(set(legacy)))


def _caller() -> FrameType:
    """Returns the frame that called the function that calls this one."""
    function = inspect.currentframe()
    function = function and function.f_back
    caller = function and function.f_back
    assert caller is not None
    return caller


class LegacyFinder:
    """Finds legacy modules as Python does, and has `LegacyLoader` load them.

    Attributes:
      named: Names of installed packages that are legacy.
    """

    def __init__(self, named: set[str]) -> None:
        self.named = named

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Returns the spec of a legacy module; None leaves a module to Python's own finders."""
        if name.partition(".")[0] in (*_ROOTS, *_OURS):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or type(spec.loader) is not SourceFileLoader:
            return None
        if not is_legacy(name, spec.loader.path, self.named):
            return None
        spec.loader = LegacyLoader(spec.loader.name, spec.loader.path)
        return spec

    def spec_of_file(self, name: str, path: str) -> ModuleSpec | None:
        """Returns the spec of a file of the program; None if it is not legacy.

        Args:
          name: The name that the module gets: that of the file, or its path.
          path: The file.
        """
        if package_files.is_installed(path) and not is_legacy(name, path, self.named):
            return None
        return spec_from_file_location(name, path, loader=LegacyLoader(name, path))


class LegacyLoader(SourceFileLoader):
    """Loads a module as Python does, but with builtins that import the facade."""

    def exec_module(self, module: ModuleType) -> None:
        """Runs the module's code, or builds its messages if an old `protoc` generated the code."""
        if not protocols.load(module, self.path):
            vars(module)["__builtins__"] = legacy_builtins()
            super().exec_module(module)


def is_legacy(name: str, path: str, named: Collection[str]) -> bool:
    """Tells whether a module is legacy: the user named its package, or it is the program's own.

    Args:
      name: The module's dotted name.
      path: The module's file.
      named: Packages that the user named as legacy.
    """
    parts = name.split(".")
    if any(".".join(parts[:end]) in named for end in range(1, len(parts) + 1)):
        return True
    return parts[0] not in sys.stdlib_module_names and not package_files.is_installed(path)


def legacy_builtins() -> dict[str, Any]:
    """Returns the builtins of a legacy module: Python's own, with `legacy_import`."""
    return {**vars(builtins), "__import__": legacy_import}


def legacy_import(
    name: str,
    globals: Mapping[str, Any] | None = None,
    locals: Mapping[str, Any] | None = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> Any:
    """The `__import__` of legacy modules: Python's own, except that `tensorflow` is the facade.

    A name that the facade lacks is imported as a `Missing`, which raises when it is used: legacy
    modules import names that they do not need. Inside a `try` with an `except ImportError`, the
    program expects the failure, and an ImportError is raised at once.

    Args:
      name: As for `__import__`.
      globals: As for `__import__`.
      locals: As for `__import__`.
      fromlist: As for `__import__`.
      level: As for `__import__`.

    Raises:
      ModuleNotFoundError: The facade lacks the module, and the statement expects a failure.
    """
    if level or name.partition(".")[0] not in _ROOTS:
        imported = builtins.__import__(name, globals, locals, fromlist or (), level)
        return _IMPORTLIB if imported is importlib else older.with_old_names(imported)
    frame = _caller()
    statement = frame.f_code.co_filename, frame.f_lineno
    module = names.find(name)
    if isinstance(module, names.Missing) and is_guarded(*statement):
        raise ModuleNotFoundError(names.explain(name), name=name)
    if not fromlist:
        return names.find(name.partition(".")[0])
    return _FromImport(module, statement) if fromlist != ("*",) else module


def _import_module(name: str, package: str | None = None) -> Any:
    """Imports as `importlib.import_module` does, but `tensorflow` from the facade."""
    if name.partition(".")[0] not in _ROOTS:
        return importlib.import_module(name, package)
    module = names.find(name)
    if isinstance(module, names.Missing):
        raise ModuleNotFoundError(names.explain(name), name=name)
    return module


class _Importlib(ModuleType):
    """The `importlib` of legacy modules: its `import_module` returns the facade."""

    import_module = staticmethod(_import_module)

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib, name)


_IMPORTLIB = _Importlib("importlib")


class _FromImport:
    """The module from which a `from module import names` statement takes its names.

    Args:
      module: A module of the facade, or a `Missing`.
      statement: The file and the line of the statement.
    """

    def __init__(self, module: Any, statement: tuple[str, int]) -> None:
        self._module, self._statement = module, statement
        self.__name__ = module.__name__

    def __getattr__(self, name: str) -> Any:
        try:
            value = getattr(self._module, name)
        except AttributeError as error:
            if is_guarded(*self._statement):
                raise
            return names.Missing(f"{self.__name__}.{name}", str(error))
        if isinstance(value, names.Missing) and is_guarded(*self._statement):
            raise AttributeError(names.explain(value.__name__))
        return value


def is_guarded(path: str, line: int) -> bool:
    """Tells whether a line stands in the body of a `try` that catches a failed import."""
    return any(first <= line <= last for first, last in _guarded_lines(path))


@functools.cache
def _guarded_lines(path: str) -> tuple[tuple[int, int], ...]:
    """Returns the first and last line of each `try` body whose handlers catch a failed import."""
    try:
        tree = ast.parse("".join(linecache.getlines(path)))
    except SyntaxError:
        return ()
    return tuple(
        (node.body[0].lineno, node.body[-1].end_lineno or node.body[-1].lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.Try) and any(map(_catches_a_failed_import, node.handlers))
    )


def _catches_a_failed_import(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(ast.unparse(error) in _ERRORS_OF_IMPORTS for error in caught)
