"""Imports modules of `estimator_compat` without its `__init__`, which asks for legacy Keras."""

import contextlib
import sys
import types
from collections.abc import Iterator
from pathlib import Path

_NAME = "estimator_compat"
_FOLDER = str(Path(__file__).resolve().parents[3] / _NAME)


@contextlib.contextmanager
def without_legacy_keras() -> Iterator[None]:
    """Imports modules of ours that need `estimator_compat`, in the process of a subject.

    They keep what they imported. `sys.modules` is as before: if the user's code imports
    `estimator_compat`, it is imported as in the user's own program, and asks for legacy Keras then.
    """
    kept = _taken_out()
    package = types.ModuleType(_NAME)
    package.__path__ = [_FOLDER]
    sys.modules[_NAME] = package
    try:
        yield
    finally:
        _taken_out()
        sys.modules.update(kept)


def _taken_out() -> dict[str, types.ModuleType]:
    """Removes the modules of `estimator_compat` from `sys.modules`, and returns them."""
    names = [name for name in sys.modules if name.partition(".")[0] == _NAME]
    return {name: sys.modules.pop(name) for name in names}
