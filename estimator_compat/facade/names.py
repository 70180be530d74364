"""The facade's modules: each name in them is looked up when it is used, and kept.

`find("tensorflow.contrib.layers.layer_norm")` asks, in this order: the table (`table.ROWS`), our
own Estimator for everything below `tf.estimator`, and TensorFlow itself (`tf.compat.v1` for `tf`).
What none of them has is a `Missing`.
"""

import functools
import importlib
import re
from types import ModuleType
from typing import Any

from estimator_compat.api import legacy_symbols
from estimator_compat.facade import estimators, keras_layers, missing

# The last TensorFlow 1: programs that ask take their TensorFlow 1 path.
VERSION = "1.15.5"

_PRIVATE = (
    "tensorflow.contrib",
    "tensorflow.python",
    "tensorflow.examples",
    "tensorflow_estimator",
)
# `contrib.layers.python.layers.layers.fully_connected` is `contrib.layers.fully_connected`.
_CONTRIB_FILE = re.compile(r"^contrib\.(\w+)\.python\.(?:\w+\.)*(\w+)$")
# The original's private files are known by their names alone.
_ESTIMATOR_FILE = re.compile(
    r"^(?:python\.estimator|tensorflow_estimator(?:\.python\.estimator)?)\.(?:\w+\.)*(\w+)$"
)
# Not None: `tf.newaxis` is.
_ABSENT = object()
_ESTIMATOR = re.compile(r"^(?:tensorflow\.(?:python\.)?estimator|tensorflow_estimator)(?:\.|$)")


class Names(ModuleType):
    """A module of the facade.

    Args:
      name: Its name in legacy programs, such as `tensorflow.train`.
      real: The modules of TensorFlow that it shows, the first that has a name; none where
        TensorFlow has no such module.
    """

    def __init__(self, name: str, *real: Any) -> None:
        super().__init__(name)
        self.__real__ = real

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return [one for one in dir(self) if not one.startswith("_")]
        if name.startswith("__"):
            return self._dunder(name)
        value = _look_up(self, name)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        below = canonical(self.__name__) + "."
        rows = {key[len(below) :] for key in legacy_symbols.ROWS if key.startswith(below)}
        shown = {name for real in self.__real__ for name in dir(real)}
        return sorted({*vars(self), *shown, *(row.partition(".")[0] for row in rows)})

    def _dunder(self, name: str) -> Any:
        for real in self.__real__:
            if hasattr(real, name):
                return getattr(real, name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


class Missing(ModuleType):
    """A symbol that is not there. It can be imported and passed around; using it raises."""

    def __init__(self, name: str, message: str = "") -> None:
        super().__init__(name)
        self.__real__: tuple[Any, ...] = ()
        self._message = message or explain(name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"{self.__name__!r} has no attribute {name!r}")
        return _look_up(self, name)

    def _raise(self, *_: Any, **__: Any) -> Any:
        raise AttributeError(self._message)

    __call__ = __iter__ = __bool__ = __getitem__ = __len__ = __enter__ = __add__ = __mul__ = _raise

    def __repr__(self) -> str:
        return f"<missing {self.__name__}>"

    def __instancecheck__(self, _: Any) -> bool:
        return False

    def __subclasscheck__(self, _: Any) -> bool:
        return False

    def __mro_entries__(self, _: Any) -> tuple[type, ...]:
        """A class may derive from it: making an instance raises."""
        return (type(self.__name__.rpartition(".")[2], (), {"__new__": self._raise}),)


@functools.cache
def _tensorflow() -> Any:
    """Imports TensorFlow and makes it behave as TensorFlow 1."""
    tensorflow = importlib.import_module("tensorflow")
    logging = tensorflow.compat.v1.logging
    verbosity = logging.get_verbosity()
    # TensorFlow says that reference variables are deprecated: the program knows nothing else.
    logging.set_verbosity(logging.ERROR)
    tensorflow.compat.v1.disable_v2_behavior()
    logging.set_verbosity(verbosity)
    return tensorflow


def tensorflow() -> Any:
    """The facade's `tensorflow`, for a module that does not get it by `import`."""
    return _root()


@functools.cache
def _root() -> Names:
    tensorflow = _tensorflow()
    root = Names("tensorflow", tensorflow.compat.v1, tensorflow)
    compat = Names("tensorflow.compat", tensorflow.compat)
    vars(compat)["v1"] = root
    vars(root).update(compat=compat, __version__=VERSION, VERSION=VERSION)
    python = Names("tensorflow.python", *root.python.__real__)
    # In TensorFlow 1 `tensorflow.python.keras` was `tf.keras`; today it is a copy that is not.
    files = importlib.import_module("tf_keras.src")
    keras_layers.restore(tensorflow.compat.v1.keras.layers.Layer)
    keras = Names("tensorflow.python.keras", *root.keras.__real__, files)
    vars(python)["keras"] = keras
    vars(root)["python"] = python
    return root


@functools.cache
def _other_root(name: str) -> Any:
    _tensorflow()
    return Names(name)


def find(path: str) -> Any:
    """Finds what a dotted legacy name stands for: a `Names`, a value, or a `Missing`."""
    first, *rest = path.split(".")
    found = _root() if first == "tensorflow" else _other_root(first)
    for name in rest:
        try:
            found = getattr(found, name)
        except AttributeError:
            return Missing(path)
    return found


def canonical(path: str) -> str:
    """The name under which the table has a symbol: without `tensorflow.` and private files."""
    key = path.removeprefix("tensorflow.").removeprefix("compat.v1.")
    key = key.replace("contrib.slim.python.slim", "contrib.slim")
    if file := _CONTRIB_FILE.match(key):
        return f"contrib.{file[1]}.{file[2]}"
    file = _ESTIMATOR_FILE.match(key)
    return f"python.estimator.{file[1]}" if file else key


def explain(path: str) -> str:
    """What is missing, what was expected and what to do instead, in three clauses."""
    key = canonical(path)
    # A private file has no name below `tf`.
    return missing.explain(key, path if key.startswith("python.") else "")


def _look_up(module: Names | Missing, name: str) -> Any:
    path = f"{module.__name__}.{name}"
    key = canonical(path)
    if key in legacy_symbols.ROWS and (legacy_symbols.ROWS[key].source or not _rows_below(key)):
        return _from_row(path, legacy_symbols.ROWS[key])
    if _ESTIMATOR.match(path):
        return _from_estimator(path)
    found = [
        part for part in (_part(real, name) for real in module.__real__) if part is not _ABSENT
    ]
    if found and not _is_tensorflows(found[0]):
        return found[0]
    if found:
        return Names(path, *filter(_is_tensorflows, found))
    if _rows_below(key) or path in _PRIVATE:
        return Names(path)
    if path.startswith(_PRIVATE):
        return Missing(path)
    raise AttributeError(explain(path))


def _rows_below(key: str) -> bool:
    return any(row.startswith(key + ".") for row in legacy_symbols.ROWS)


def _from_row(path: str, row: legacy_symbols.Row) -> Any:
    if row.source is None:
        return Missing(path)
    place, _, name = row.source.partition(":")
    if place == "estimator_compat" and (ours := estimators.find(name)) is not None:
        return ours
    try:
        value = importlib.import_module(place)
        for part in filter(None, name.split(".")):
            value = getattr(value, part)
    except (ImportError, AttributeError) as error:
        return Missing(path, missing.unloadable(canonical(path), row, error))
    return Names(path, value) if isinstance(value, ModuleType) else value


def _from_estimator(path: str) -> Any:
    if path in estimators.PACKAGES:
        return Names(path)
    value = estimators.find(path)
    if value is not None:
        return Names(path, value) if isinstance(value, ModuleType) else value
    if estimators.is_public(path) or path.startswith(_PRIVATE):
        return Missing(path)
    raise AttributeError(explain(path))


def _part(real: Any, name: str) -> Any:
    """An attribute of a module of TensorFlow, or its submodule, or `_ABSENT`."""
    try:
        return getattr(real, name)
    except AttributeError:
        if not isinstance(real, ModuleType):
            return _ABSENT
    try:
        return importlib.import_module(f"{real.__name__}.{name}")
    except ImportError:
        return _ABSENT


def _is_tensorflows(value: Any) -> bool:
    return isinstance(value, ModuleType) and value.__name__.partition(".")[0] in (
        "tensorflow",
        "tf_keras",
        "tf_slim",
    )
