"""Records which names of NAMES.md a program calls, with Python's profiler.

A function was called if its own code ran, a class if an instance of it was made, and a module if
one of its functions ran.
"""

import inspect
import os

from estimator_compat.api import coverage
from estimator_compat.facade import names

_MAKERS = ("__init__", "__new__", "__call__")


def here():
    """Returns the names of `tf.estimator` and `tf.contrib` that NAMES.md calls here."""
    kinds = (coverage.Kind.HERE, coverage.Kind.DIFFERENT)
    everything = [*coverage.estimator_names(), *coverage.contrib_names()[0]]
    return [name for name in everything if coverage.status(name).kind in kinds]


class Recorder:
    """A profile function that notes the code that runs, and the classes of new instances."""

    def __init__(self):
        self._codes, self._types = set(), set()

    def __call__(self, frame, event, _):
        if event == "call":
            code = frame.f_code
            self._codes.add(code)
            if code.co_name in _MAKERS and code.co_argcount:
                first = frame.f_locals.get(code.co_varnames[0])
                self._types.add(first if isinstance(first, type) else type(first))

    def names(self):
        """Returns the names of NAMES.md that were called."""
        files = {code.co_filename for code in self._codes}
        return [
            name for name in here() if self._was_called(names.find(f"tensorflow.{name}"), files)
        ]

    def _was_called(self, value, files):
        if isinstance(value, names.FacadeModule):
            [place] = [os.path.dirname(real.__file__) for real in value.__real__[:1]]
            [own] = [real.__file__ for real in value.__real__[:1]]
            is_package = own.endswith("__init__.py")
            return own in files or (is_package and any(one.startswith(place) for one in files))
        if isinstance(value, type):
            maker = getattr(value.__new__, "__code__", None)
            return maker in self._codes or any(issubclass(one, value) for one in self._types)
        return (
            getattr(inspect.unwrap(value), "__code__", None) in self._codes
            if callable(value)
            else False
        )
