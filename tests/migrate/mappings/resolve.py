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
            if isinstance(value, types.ModuleType):
                value.__name__  # noqa: B018
        except Exception:  # a lazy module without its library
            return False
    return True


if __name__ == "__main__":
    for name in sys.stdin.read().split():
        if has(name):
            print(name)
