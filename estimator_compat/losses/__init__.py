"""A loss as numbers: reductions, weighted losses, and the summaries of both."""

import importlib
from typing import Any

# In version 0.1, `estimator_compat.losses` was a module and defined these functions. They can be
# imported from here for one more release. The module that defines them now must not have the name
# of one of them: importing a submodule replaces the package's attribute of that name.
_MOVED = ("average_loss", "check_weights", "weighted_loss")


def __getattr__(name: str) -> Any:
    if name not in _MOVED:
        raise AttributeError(f"module 'estimator_compat.losses' has no attribute {name!r}")
    return getattr(importlib.import_module("estimator_compat.losses.weighted_losses"), name)
