"""A loss as numbers: reductions, weighted losses, and the summaries of both."""

import importlib
from typing import Any

# In version 0.1 these stood in `estimator_compat.losses`; they still do for this release.
_MOVED = ("average_loss", "check_weights", "weighted_loss")


def __getattr__(name: str) -> Any:
    if name not in _MOVED:
        raise AttributeError(f"module 'estimator_compat.losses' has no attribute {name!r}")
    return getattr(importlib.import_module("estimator_compat.losses.weighted_loss"), name)
