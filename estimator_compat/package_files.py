"""Tells who owns a source file: this project, a library, or the user."""

import itertools
import os
import sysconfig

_TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_OURS = tuple(os.path.join(_TOP, package, "") for package in ("estimator_compat", "migrate"))
# The embedded examples stand for a user's program.
_EXAMPLES = os.path.join(_TOP, "estimator_compat", "examples", "")
_STANDARD_LIBRARY = os.path.join(sysconfig.get_path("stdlib"), "")
_INSTALLED = {"site-packages", "dist-packages"}
_TENSORFLOW_AND_KERAS = {"tensorflow", "tf_keras", "keras", "tf_slim"}


def is_ours(path: str) -> bool:
    """Tells whether a file belongs to `estimator_compat` or `migrate`, examples included."""
    return path.startswith(_OURS)


def is_example(path: str) -> bool:
    """Tells whether a file is one of the embedded examples."""
    return path.startswith(_EXAMPLES)


def is_installed(path: str) -> bool:
    """Tells whether a file belongs to an installed package."""
    return not _INSTALLED.isdisjoint(path.split(os.sep))


def is_library(path: str) -> bool:
    """Tells whether a file is an installed package's, Python's own, or generated code."""
    return path.startswith(("<", _STANDARD_LIBRARY)) or is_installed(path)


def is_framework(path: str) -> bool:
    """Tells whether a file is Python's own, TensorFlow's or Keras's, or generated code.

    Other installed packages do not count: legacy model_fns live in some of them.
    """
    if not is_installed(path):
        return path.startswith(("<", _STANDARD_LIBRARY))
    parts = path.split(os.sep)
    packages = (after for before, after in itertools.pairwise(parts) if before in _INSTALLED)
    return not _TENSORFLOW_AND_KERAS.isdisjoint(packages)
