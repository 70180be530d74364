"""A loss as numbers: reductions, weighted losses, and the summaries of both.

The functions of `weighted_loss` are also found here, where they stood in version 0.1.
"""

import importlib
from typing import Any

_FUNCTIONS = ("average_loss", "check_weights", "weighted_loss")


def __getattr__(name: str) -> Any:
    # Importing a submodule asks for it as an attribute first, and must not load TensorFlow.
    if name not in _FUNCTIONS:
        raise AttributeError(f"module 'estimator_compat.losses' has no attribute {name!r}")
    return getattr(importlib.import_module("estimator_compat.losses.weighted_loss"), name)
