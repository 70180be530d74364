"""What Python and NumPy no longer have and legacy programs use: `inspect.getargspec`, `np.bool`.

A legacy module that imports one of these modules gets a stand-in, which has the old names and for
all else asks the module. The module itself stays as it is.
"""

import base64
import collections
import functools
import inspect
from collections import abc
from types import ModuleType
from typing import Any

ArgSpec = collections.namedtuple("ArgSpec", "args varargs keywords defaults")


def getargspec(func: Any) -> ArgSpec:
    """Names a function's parameters and their default values.

    Raises:
      ValueError: The function has what Python 2 did not: keyword-only parameters or annotations.
    """
    found = inspect.getfullargspec(func)
    if found.kwonlyargs or found.annotations:
        raise ValueError(
            f"Function has keyword-only parameters or annotations: {func}; expected one that "
            "Python 2 could have; use inspect.signature()."
        )
    return ArgSpec(found.args, found.varargs, found.varkw, found.defaults)


def asscalar(a: Any) -> Any:
    """Returns the one value of an array as a Python number."""
    return a.item()


def fromstring(string: Any, dtype: Any = float, count: int = -1, *, sep: str = "") -> Any:
    """Reads an array from bytes, where `sep` is empty, as well as from text."""
    import numpy as np

    if sep:
        return np.fromstring(string, dtype, count, sep=sep)
    return np.frombuffer(string, dtype, count).copy()


_NAMES: dict[str, dict[str, Any]] = {
    "base64": {"decodestring": base64.decodebytes, "encodestring": base64.encodebytes},
    "collections": {name: getattr(abc, name) for name in abc.__all__},
    "inspect": {"ArgSpec": ArgSpec, "getargspec": getargspec},
    "numpy": {
        **{one.__name__: one for one in (bool, complex, float, int, object, str)},
        "asscalar": asscalar,
        "fromstring": fromstring,
    },
}


class _StandIn(ModuleType):
    def __init__(self, real: ModuleType) -> None:
        super().__init__(real.__name__, real.__doc__)
        self._real = real
        vars(self).update(_NAMES[real.__name__])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def __dir__(self) -> list[str]:
        return sorted({*vars(self), *dir(self._real)})


_stand_in = functools.cache(_StandIn)


def seen(module: Any) -> Any:
    """What a legacy module gets for a module that it imports."""
    return _stand_in(module) if getattr(module, "__name__", None) in _NAMES else module
