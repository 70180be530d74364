"""The public names of TensorFlow's functions and classes, found by walking its namespaces."""

import functools
import re
import sys
import types
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

# Namespaces that legacy code calls directly. Shorter names come first, and win.
_SPACES = (
    "", "nn", "math", "layers", "losses", "metrics", "train", "summary", "feature_column",
    "initializers", "nn.rnn_cell", "strings", "image", "lookup", "linalg", "random", "keras.layers",
    "keras.initializers", "keras.regularizers", "keras.metrics", "keras.losses", "sparse", "signal",
    "io", "data", "logging", "sets", "distributions", "estimator", "debugging", "bitwise",
)  # fmt: skip
# Those of TF2 that take the same arguments.
_SPACES_OF_TF2 = ("keras.layers", "keras.initializers", "lookup")


# Modules with the functions of `tf.contrib`, which is gone. A program that uses them loads them.
_CONTRIB = {
    "estimator_compat.facade.contrib.layers": "contrib.layers",
    "estimator_compat.facade.contrib.initializers": "contrib.layers",
    "estimator_compat.facade.contrib.seq2seq.loss": "contrib.seq2seq",
    "tf_slim.ops.arg_scope": "contrib.framework",
    "tf_slim": "contrib.layers",
}
# Those of TensorFlow itself, and of the facade.
_MODULE = re.compile(r"tensorflow\.(?:_api\.v2\.)?(?:compat\.v1\.)?(.+)$")


def _names() -> dict[int, tuple[Any, str]]:
    return _names_with(tuple(name for name in _CONTRIB if name in sys.modules))


@functools.cache
def _names_with(contrib: tuple[str, ...]) -> dict[int, tuple[Any, str]]:
    names: dict[int, tuple[Any, str]] = {}
    spaces = [(tf1, space) for space in _SPACES] + [(tf, space) for space in _SPACES_OF_TF2]
    for root, space in spaces:
        module: Any = root
        for part in filter(None, space.split(".")):
            module = getattr(module, part, None)
        for name in dir(module) if module is not None else ():
            value = getattr(module, name, None)
            if name.startswith("_") or not callable(value) or isinstance(value, types.ModuleType):
                continue
            # Aliases, such as `tf.losses.mean_squared_error` and others, keep the first name.
            names.setdefault(id(value), (value, ".".join(filter(None, ("tf", space, name)))))
    for module_name in contrib:
        for name, value in vars(sys.modules[module_name]).items():
            if name.startswith("_") or isinstance(value, type | types.ModuleType):
                continue
            if callable(value):
                names.setdefault(id(value), (value, f"tf.{_CONTRIB[module_name]}.{name}"))
    return names


def api_name(function: Any) -> str:
    """Returns the public name, such as "tf.layers.dense"; "" if it has none."""
    found = _names().get(id(function))
    return found[1] if found is not None and found[0] is function else ""


def space_name(module: types.ModuleType) -> str:
    """Returns the public name of a module of TensorFlow, such as "tf.losses"; "" for others."""
    found = _MODULE.match(module.__name__)
    return f"tf.{found[1]}" if found is not None and found[1] in _SPACES else ""
