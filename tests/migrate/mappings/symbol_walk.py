"""Prints the names of the installed TensorFlow, one a line.

A script for any Python since 3.7 with TensorFlow 1.15 or later. A name is written without
`tensorflow.`. Modules of the API are walked; the name of one that has been walked ends in a dot. Of
classes the constants are listed. Of the private packages the modules are listed, not what is in
them.
"""

import inspect
import os
import sys
import types

import tensorflow

# What `tensorflow` and its Keras hold besides their API. `contrib` is gone as a whole.
NOT_API = {"compiler", "contrib", "core", "distribute_lib", "include", "python", "tools", "xla"}
NOT_API_OF_KERAS = {"api", "python", "src"}
LIBRARIES = {"keras", "tensorflow", "tensorflow_core", "tensorflow_estimator", "tf_keras"}
PRIVATE = ("core", "examples", "python", "tools")
DEEPEST = 6


def walk(module, prefix="", above=()):
    """Yields the names below a module."""
    for name in public_names(module):
        path = prefix + name
        if name in (NOT_API_OF_KERAS if prefix else NOT_API):
            continue
        try:
            value = getattr(module, name)
            is_module = isinstance(value, types.ModuleType) and bool(value.__name__)
        except Exception:  # a lazy module without its library: nothing in it can be used
            continue
        yield path
        if is_module:
            if len(above) < DEEPEST and is_api(value, prefix) and id(value) not in above:
                yield path + "."
                yield from walk(value, path + ".", (*above, id(value)))
        elif inspect.isclass(value) and not hasattr(value, "DESCRIPTOR"):  # a protocol buffer
            for constant in public_names(value):
                if constant.isupper():
                    yield path + "." + constant


def public_names(value):
    """Lists the public names of a module or class."""
    return sorted(name for name in dir(value) if not name.startswith("_"))


def is_api(module, prefix):
    """Tells whether a module belongs to the API, and is not one that it imports."""
    parts = module.__name__.split(".")
    is_root_again = prefix.startswith("compat.v") and parts[-1] in ("v1", "v2", "compat")
    return parts[0] in LIBRARIES and not is_root_again


def private_modules(root):
    """Yields the modules of the private packages, from their files."""
    for package in PRIVATE:
        for folder, folders, files in os.walk(os.path.join(root, package)):
            folders[:] = [name for name in folders if name != "__pycache__"]
            path = os.path.relpath(folder, root).replace(os.sep, ".")
            stems = {name.split(".")[0] for name in files if name.endswith((".py", ".so"))}
            if stems:
                yield path
            for stem in stems - {"__init__"}:
                yield path + "." + stem


def root_of_files():
    """Returns the folder of TensorFlow's files; in 1.15 this is another package."""
    root = os.path.dirname(tensorflow.__file__)
    core = os.path.join(os.path.dirname(root), "tensorflow_core")
    return core if os.path.isdir(core) else root


if __name__ == "__main__":
    names = set(walk(tensorflow)) | set(private_modules(root_of_files()))
    if tensorflow.__version__.startswith("1."):
        names.add("contrib")
    sys.stdout.write("".join(name + "\n" for name in sorted(names)))
