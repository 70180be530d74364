"""Lets tensorflow_model_analysis 0.15.4 be imported without Apache Beam and tfx-bsl.

Its `__init__` imports its Beam pipelines, so it is not run; its `types` annotates with one class of
tfx-bsl, whose releases of that time have no wheel for today's Python. Its Estimators, its exports
and its loader use neither. They are the package's own, unedited.
"""

import importlib.util
import sys
from types import ModuleType

PACKAGE = "tensorflow_model_analysis"


def prepare() -> None:
    """Adds two modules: the package, without running its `__init__`, and tfx-bsl with the class."""
    if PACKAGE in sys.modules:
        return
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None, f"{PACKAGE} is not on Python's path"
    shared = ModuleType("tfx_bsl.beam.shared")
    vars(shared)["Shared"] = type("Shared", (), {})
    sys.modules.update(
        {
            PACKAGE: importlib.util.module_from_spec(spec),
            "tfx_bsl": ModuleType("tfx_bsl"),
            "tfx_bsl.beam": ModuleType("tfx_bsl.beam"),
            "tfx_bsl.beam.shared": shared,
        }
    )
