"""Records the public names of the real `tf.estimator`, for `estimator_compat/api`.

    cd tests/estimator_compat/facade
    python record_names.py > ../../../estimator_compat/api/estimator_names.txt

with a Python that has TensorFlow 2.15.1. It records the names of `tf.estimator` and of
`tf.compat.v1.estimator`, each with its arguments.
"""

import inspect
import types
from typing import Any

import tensorflow as tf


def arguments(value):
    """The names of the arguments, with `=` where they have defaults."""
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return []
    stars: dict[Any, str] = {
        inspect.Parameter.VAR_POSITIONAL: "*",
        inspect.Parameter.VAR_KEYWORD: "**",
    }
    return [
        stars.get(one.kind, "") + one.name + ("=" if one.default is not one.empty else "")
        for one in parameters
    ]


def public(module, below):
    """Each public name below a module, with its arguments."""
    found = {}
    for name in dir(module):
        value = getattr(module, name)
        if name.startswith("_"):
            continue
        if isinstance(value, types.ModuleType):
            found.update(public(value, f"{below}.{name}"))
        else:
            found[f"{below}.{name}"] = arguments(value)
    return found


if __name__ == "__main__":
    every = {**public(tf.estimator, "estimator"), **public(tf.compat.v1.estimator, "estimator")}
    for name in sorted(every):
        print(" ".join([name, *every[name]]))
