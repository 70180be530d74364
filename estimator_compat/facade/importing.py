"""Which modules are legacy, and how they alone come to see the facade.

An `import` statement calls the `__import__` it finds in its own module's builtins. A legacy module
is given builtins of its own, in which `__import__` answers `tensorflow` with the facade, adds to a
few modules what they had when the program was written, and leaves everything else to Python.
Nothing global is replaced: a module that is not legacy is imported, and imports, as ever.
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
from types import FrameType, ModuleType
from typing import Any

from estimator_compat import package_files
from estimator_compat.facade import names, older, protocols

_ROOTS = ("tensorflow", "tensorflow_estimator")
# Files that are on the path of a program but never legacy: this package's own.
_OURS = ("estimator_compat", "migrate")
_CATCHES_A_FAILED_IMPORT = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


def install(legacy: Iterable[str] = ()) -> None:
    """Shows the facade to the legacy modules that are imported from now on.

    In a notebook the later cells see it, too. The module that calls it has begun with Python's own
    builtins: it gets the facade from `tensorflow()`, not from an `import`.

    Args:
      legacy: Names of installed packages (`bert`, `official`) that are legacy, too. A module that
        is neither installed in `site-packages` nor Python's own is legacy without being named.
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
    """The frame of whoever called the function that asks."""
    asking = inspect.currentframe()
    asking = asking and asking.f_back
    caller = asking and asking.f_back
    assert caller is not None
    return caller


class LegacyFinder:
    """Finds what Python would find, and loads the legacy modules of it with `LegacyLoader`."""

    def __init__(self, named: set[str]) -> None:
        self.named = named

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] in (*_ROOTS, *_OURS):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or type(spec.loader) is not SourceFileLoader:
            return None
        if not is_legacy(name, spec.loader.path, self.named):
            return None
        spec.loader = LegacyLoader(spec.loader.name, spec.loader.path)
        return spec


class LegacyLoader(SourceFileLoader):
    """Loads a module as ever, with builtins that import the facade."""

    def exec_module(self, module: ModuleType) -> None:
        if not protocols.load(module, self.path):
            vars(module)["__builtins__"] = legacy_builtins()
            super().exec_module(module)


def is_legacy(name: str, path: str, named: Collection[str]) -> bool:
    """Tells whether a module sees the facade: named, or the program's own.

    Args:
      name: The module's dotted name.
      path: Its file.
      named: Packages that the user says are legacy.
    """
    parts = name.split(".")
    if any(".".join(parts[:end]) in named for end in range(1, len(parts) + 1)):
        return True
    return parts[0] not in sys.stdlib_module_names and not package_files.is_installed(path)


def legacy_builtins() -> dict[str, Any]:
    """The builtins of a legacy module: Python's own, and an `__import__` that knows the facade."""
    return {**vars(builtins), "__import__": legacy_import}


def legacy_import(
    name: str,
    globals: Mapping[str, Any] | None = None,
    locals: Mapping[str, Any] | None = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> Any:
    """Imports as Python does, `tensorflow` from the facade, and what Python lost from `older`.

    A name that is not there is a `Missing`, which raises when it is used, so that a module that
    imports more than it needs can be imported; where the program is ready for the failure (inside
    `try` with an `except ImportError`), it gets the ImportError instead.
    """
    if level or name.partition(".")[0] not in _ROOTS:
        found = builtins.__import__(name, globals, locals, fromlist or (), level)
        return _IMPORTLIB if found is importlib else older.seen(found)
    frame = _caller()
    place = frame.f_code.co_filename, frame.f_lineno
    module = names.find(name)
    if isinstance(module, names.Missing) and _is_guarded(*place):
        raise ModuleNotFoundError(names.explain(name), name=name)
    if not fromlist:
        return names.find(name.partition(".")[0])
    return _Imported(module, place) if fromlist != ("*",) else module


def _import_module(name: str, package: str | None = None) -> Any:
    """Imports as `importlib.import_module` does, `tensorflow` from the facade."""
    if name.partition(".")[0] not in _ROOTS:
        return importlib.import_module(name, package)
    found = names.find(name)
    if isinstance(found, names.Missing):
        raise ModuleNotFoundError(names.explain(name), name=name)
    return found


class _Importlib(ModuleType):
    """`importlib` for legacy modules."""

    import_module = staticmethod(_import_module)

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib, name)


_IMPORTLIB = _Importlib("importlib")


class _Imported:
    """What a `from module import names` statement takes its names from."""

    def __init__(self, module: Any, place: tuple[str, int]) -> None:
        self._module, self._place = module, place
        self.__name__ = module.__name__

    def __getattr__(self, name: str) -> Any:
        try:
            value = getattr(self._module, name)
        except AttributeError as error:
            if _is_guarded(*self._place):
                raise
            return names.Missing(f"{self.__name__}.{name}", str(error))
        if isinstance(value, names.Missing) and _is_guarded(*self._place):
            raise AttributeError(names.explain(value.__name__))
        return value


def _is_guarded(path: str, line: int) -> bool:
    """Tells whether a statement stands in a `try` that catches a failed import."""
    return any(first <= line <= last for first, last in _guarded_lines(path))


@functools.cache
def _guarded_lines(path: str) -> tuple[tuple[int, int], ...]:
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
    return any(ast.unparse(one) in _CATCHES_A_FAILED_IMPORT for one in caught)
