"""`tf.contrib`, for programs that no longer import it from TensorFlow.

The symbols are those of the facade: `estimator_compat.contrib.layers.layer_norm` is what
`tf.contrib.layers.layer_norm` is under `python -m estimator_compat run`. Importing this module
disables TensorFlow's v2 behavior, as the facade does: programs with `tf.contrib` do not know it.
"""

import sys
from types import ModuleType
from typing import Any

from estimator_compat.api import legacy_symbols
from estimator_compat.facade import names

_PREFIX = "contrib."


class _Package(ModuleType):
    """A package of `tf.contrib`: its names are looked up when they are first used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = getattr(_find(self.__name__), name)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return dir(_find(self.__name__))


def _find(module: str) -> Any:
    return names.find("tensorflow." + module.removeprefix("estimator_compat."))


def _packages() -> set[str]:
    """Returns the packages, and the modules of other libraries that stand for one."""
    found = set()
    for symbol, row in legacy_symbols.ROWS.items():
        parts = symbol.removeprefix(_PREFIX).split(".") if symbol.startswith(_PREFIX) else []
        end = len(parts) if (row.source or "").endswith(":") else len(parts) - 1
        found |= {".".join(parts[:length]) for length in range(1, end + 1)}
    return found


names.tensorflow()
for _name in sorted(_packages()):
    # `from estimator_compat.contrib.layers import layer_norm` looks for the package here.
    _package = _Package(f"{__name__}.{_name}")
    sys.modules[_package.__name__] = _package
    setattr(sys.modules[_package.__name__.rpartition(".")[0]], _name.rpartition(".")[2], _package)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(_find(__name__), name)


def __dir__() -> list[str]:
    return dir(_find(__name__))
