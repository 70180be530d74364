"""Stand-ins for modules that a package imports and that are not installed."""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

_IMPORT = re.compile(r"\s*(?:import|from)\s+(\w+)")


class _Anything(type):
    """The metaclass of `StandIn`: the class has every attribute, and can be called and indexed."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is not StandIn:
            return super().__call__(*args, **kwargs)
        # As a decorator, it returns the decorated function or class.
        return args[0] if len(args) == 1 and not kwargs and _is_defined(args[0]) else StandIn

    def __iter__(cls) -> Iterator[Any]:
        return iter(())

    def __getitem__(cls, _: Any) -> Any:
        return StandIn

    def __lt__(cls, _: Any) -> bool:
        return False

    __or__ = __add__ = __getitem__


def _is_defined(value: Any) -> bool:
    """Tells whether a value is a function or a class of the package, which may be decorated."""
    is_either = isinstance(value, FunctionType | type)
    return is_either and value.__module__ not in ("builtins", "typing")


class StandIn(metaclass=_Anything):
    """Any class, function or value of a module that is not installed."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __init_subclass__(cls, **_: Any) -> None: ...

    def __getattr__(self, name: str) -> Any:
        return getattr(StandIn, name)


class _Module(ModuleType):
    __all__: Sequence[str] = ()
    __version__ = "1.15.0"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__ = []

    def __getattr__(self, name: str) -> Any:
        return getattr(StandIn, name)


class StandInFinder:
    """Finds stand-ins for the modules that a package imports, except TensorFlow's and its own.

    It comes after all other finders, so installed modules are imported as usual. If another library
    imports a module that is not installed, the import fails as usual.

    Args:
      site: The folder of the package.
    """

    def __init__(self, site: Path) -> None:
        theirs = {"tensorflow", "tensorflow_estimator", *own_packages(site)}
        self._names = _first_names_imported(site) - theirs - sys.stdlib_module_names

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] not in self._names:
            return None
        return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None: ...


def own_packages(site: Path) -> set[str]:
    """The packages in a folder of packages."""
    return {name for name in os.listdir(site) if (site / name).is_dir() and name.isidentifier()}


def _first_names_imported(site: Path) -> set[str]:
    lines = (line for path in site.rglob("*.py") for line in path.open(errors="replace"))
    return {found[1] for line in lines if (found := _IMPORT.match(line))}
