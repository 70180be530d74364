"""Finds the Estimator API that a program is to run under."""

from __future__ import annotations

import importlib
from typing import Any

# As `find` takes it. TensorFlow 2.15 is the last with an Estimator of its own.
TENSORFLOWS_OWN = "tensorflow:compat.v1.estimator"


def find(name: str) -> Any:
    """Imports an API named `module` or `module:attribute`."""
    module, _, attributes = name.partition(":")
    api: Any = importlib.import_module(module)
    for attribute in filter(None, attributes.split(".")):
        api = getattr(api, attribute)
    return api


def recorded_as(name: str, tensorflow: str) -> str:
    """Names a recording: the API that made it, and TensorFlow's version."""
    by = "tensorflow" if name == TENSORFLOWS_OWN else "original code on tensorflow"
    return f"{by} {tensorflow}"
