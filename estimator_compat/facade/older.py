"""Names that Python and NumPy dropped and legacy programs use, such as `np.bool`.

A legacy module that imports one of these modules gets a stand-in. The stand-in has the old names,
and all names of the module. The module itself is not changed.
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
    """Returns the names of a function's parameters and their default values.

    Raises:
      ValueError: The function has keyword-only parameters or annotations, which Python 2 lacked.
    """
    spec = inspect.getfullargspec(func)
    if spec.kwonlyargs or spec.annotations:
        raise ValueError(
            f"Function has keyword-only parameters or annotations: {func}; expected a function "
            "without them, as in Python 2; use inspect.signature()."
        )
    return ArgSpec(spec.args, spec.varargs, spec.varkw, spec.defaults)


def asscalar(a: Any) -> Any:
    """Returns the value of an array with one element as a Python number."""
    return a.item()


def fromstring(string: Any, dtype: Any = float, count: int = -1, *, sep: str = "") -> Any:
    """Reads an array from text, or from bytes if `sep` is empty.

    Args:
      string: The text or the bytes.
      dtype: The dtype of the array.
      count: How many elements to read; -1 for all.
      sep: The separator of the numbers in a text; "" for bytes.
    """
    import numpy as np

    if sep:
        return np.fromstring(string, dtype, count, sep=sep)
    return np.frombuffer(string, dtype, count).copy()


_NAMES: dict[str, dict[str, Any]] = {
    "base64": {"decodestring": base64.decodebytes, "encodestring": base64.encodebytes},
    "collections": {name: getattr(abc, name) for name in abc.__all__},
    "inspect": {"ArgSpec": ArgSpec, "getargspec": getargspec},
    "numpy": {
        **{scalar.__name__: scalar for scalar in (bool, complex, float, int, object, str)},
        "asscalar": asscalar,
        "fromstring": fromstring,
    },
}


class _StandIn(ModuleType):
    """A stand-in that legacy modules import: a module's names, and the names that it dropped."""

    def __init__(self, real: ModuleType) -> None:
        super().__init__(real.__name__, real.__doc__)
        self._real = real
        for name, value in _NAMES[real.__name__].items():
            setattr(self, name, value)

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        """The names and values of the module with those that it dropped; a copy."""
        return {**vars(self._real), **_NAMES[self.__name__]}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def __dir__(self) -> list[str]:
        return sorted({*_NAMES[self.__name__], *dir(self._real)})


_stand_in = functools.cache(_StandIn)


def with_old_names(module: Any) -> Any:
    """Returns the stand-in of a module that dropped names, and any other module itself."""
    return _stand_in(module) if getattr(module, "__name__", None) in _NAMES else module
