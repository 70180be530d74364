"""`tf.estimator`, and the private files of the original that programs import, from our package.

A name is looked for by its last part, since what `tensorflow_estimator.python.estimator.export.
export_output.PredictOutput` means is `tf.estimator.export.PredictOutput`.
"""

import importlib
from types import ModuleType
from typing import Any

from estimator_compat.api import absent

_WHERE = (
    "estimator_compat",
    "estimator_compat.export",
    "estimator_compat.inputs",
    "estimator_compat.tpu",
    "estimator_compat.experimental",
)
_SUBMODULES = ("export", "inputs", "tpu", "experimental")
# Roots under which everything is a file or a name of the Estimator.
PACKAGES = ("tensorflow.estimator", "tensorflow.python.estimator")


def find(path: str) -> Any:
    """Finds a name of the Estimator in our package; None where it is not (yet) there."""
    name = path.rpartition(".")[2]
    if name in _SUBMODULES:
        return _module(f"estimator_compat.{name}")
    # `tpu.RunConfig` is another class than `RunConfig`.
    for place in ("estimator_compat.tpu",) if ".tpu." in path else _WHERE:
        value = getattr(_module(place), name, None)
        # A file of the original, such as `run_config`, is not a module of ours.
        if value is not None and not isinstance(value, ModuleType):
            return value
    return None


def is_public(path: str) -> bool:
    """Tells whether the original has the name in public, and we do not."""
    name = path.rpartition(".")[2]
    return name in absent.LATER or name in absent.NEVER


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return None
