"""Finds names of `tf.estimator`, and of the original's private files, in this package.

The last part of a name decides: `tensorflow_estimator.python.estimator.export.export_output.
PredictOutput` is `tf.estimator.export.PredictOutput`.
"""

import importlib
from types import ModuleType
from typing import Any

from estimator_compat.api import absent

_MODULES = (
    # A legacy program knows the canned estimators of TensorFlow 1.
    "estimator_compat.v1",
    "estimator_compat.export",
    "estimator_compat.inputs",
    "estimator_compat.tpu",
    "estimator_compat.experimental",
)
_SUBMODULES = ("export", "inputs", "tpu", "experimental")
# Packages that hold nothing but files and names of the Estimator.
PACKAGES = ("tensorflow.estimator", "tensorflow.python.estimator")


def find(path: str) -> Any:
    """Returns the value of a name of the Estimator; None if this package lacks the name.

    Args:
      path: The dotted name, as the program writes it.
    """
    name = path.rpartition(".")[2]
    if name in _SUBMODULES:
        return _load(f"estimator_compat.{name}")
    # `tpu.RunConfig` is another class than `RunConfig`.
    for module in ("estimator_compat.tpu",) if ".tpu." in path else _MODULES:
        value = getattr(_load(module), name, None)
        # The name may be that of one of the original's files, such as `estimator`. This package has
        # modules with the same names, which do not replace those files.
        if value is not None and not isinstance(value, ModuleType):
            return value
    return None


def is_public(path: str) -> bool:
    """Tells whether a name is a public name of the original that this package lacks."""
    return path.rpartition(".")[2] in absent.NEVER


def _load(name: str) -> Any:
    """Imports a module of this package; returns None if there is no such module."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return None
