"""Reads names from stdin, and prints those that the installed TensorFlow has, one a line.

A name is resolved as a program does it: modules of private packages are looked for as files, so
that no import changes what the next name finds.
"""

import importlib.util
import sys
import types

import tensorflow


def has(name):
    if name.split(".")[0] in ("core", "examples", "python", "tools"):
        try:
            return importlib.util.find_spec("tensorflow." + name) is not None
        except (ImportError, AttributeError):
            return False
    value = tensorflow
    for part in name.split("."):
        try:
            value = getattr(value, part)
        except Exception:  # a lazy module without its library
            return False
    return not isinstance(value, types.ModuleType) or is_usable(value)


def is_usable(module):
    """Tells whether a name of a module can be used: a lazy module may lack its library."""
    try:
        return any(hasattr(module, name) for name in dir(module) if not name.startswith("_"))
    except Exception:
        return False


if __name__ == "__main__":
    for name in sys.stdin.read().split():
        if has(name):
            print(name)
