"""The modules of the facade. They look a name up when it is first used, and keep its value.

`find("tensorflow.contrib.layers.layer_norm")` looks in three places, in this order: the table
`legacy_symbols.ROWS`; for names below `tf.estimator`, this package; and TensorFlow (`tf.compat.v1`
for `tf`). A name that none of them has is a `Missing`.
"""

import contextlib
import functools
import importlib
import re
from types import ModuleType
from typing import Any

from estimator_compat.api import coverage, legacy_symbols
from estimator_compat.api.canonical_names import canonical
from estimator_compat.api.symbol_rows import Row
from estimator_compat.facade import estimators, keras_layers, missing

# The last TensorFlow 1. Programs that compare versions take their path for TensorFlow 1.
VERSION = "1.15.5"

_PRIVATE = (
    "tensorflow.contrib",
    "tensorflow.python",
    "tensorflow.examples",
    "tensorflow_estimator",
)
# The value of a name that a module lacks. It is not None, because `tf.newaxis` is None.
_ABSENT = object()
_ESTIMATOR = re.compile(r"^(?:tensorflow\.(?:python\.)?estimator|tensorflow_estimator)(?:\.|$)")


def is_version_2() -> bool:
    """Tells a program that it is on TensorFlow 1, also where eager execution is left on."""
    return False


class FacadeModule(ModuleType):
    """A module of the facade.

    Args:
      name: The module's name in legacy programs, such as `tensorflow.train`.
      *real: The modules of TensorFlow in which a name is looked up, in this order. Empty for a
        module that TensorFlow no longer has.
    """

    def __init__(self, name: str, *real: Any) -> None:
        super().__init__(name)
        self.__real__ = real

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return [public for public in dir(self) if not public.startswith("_")]
        if name.startswith("__"):
            return self._special_attribute(name)
        value = _look_up(self, name)
        setattr(self, name, value)
        return value

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        """The module's names and their values; the names that nobody asked for yet are found now.

        Legacy programs pick a level or an optimizer by `tf.logging.__dict__[name]` or
        `vars(tf.train)[name]`.
        """
        for name in dir(self):
            if name not in _loaded(self) and not name.startswith("__"):
                with contextlib.suppress(AttributeError):
                    getattr(self, name)
        return _loaded(self)

    def __dir__(self) -> list[str]:
        prefix = canonical(self.__name__) + "."
        keys = [*legacy_symbols.ROWS, *coverage.estimator_names()]
        symbols = {key[len(prefix) :] for key in keys if key.startswith(prefix)}
        real_names = {name for real in self.__real__ for name in dir(real)}
        legacy_names = {symbol.partition(".")[0] for symbol in symbols}
        return sorted({*_loaded(self), *real_names, *legacy_names})

    def _special_attribute(self, name: str) -> Any:
        for real in self.__real__:
            if hasattr(real, name):
                return getattr(real, name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


def _loaded(module: FacadeModule) -> dict[str, Any]:
    """Returns the names of a module that were asked for, with their values, to read or change."""
    own: Any = vars(ModuleType)["__dict__"]
    names: dict[str, Any] = own.__get__(module)
    return names


class Missing(ModuleType):
    """A symbol that the facade lacks: it can be imported and passed on, but raises when used.

    Args:
      name: The symbol's dotted name, as the program writes it.
      message: The message of the error; "" uses the message of `missing.explain`.
      with_names_below: Whether the message holds for the names below the symbol, too, because a
        package that has all of them is not installed.
    """

    def __init__(self, name: str, message: str = "", *, with_names_below: bool = False) -> None:
        super().__init__(name)
        self.__real__: tuple[Any, ...] = ()
        self._message = message or explain(name)
        self._with_names_below = with_names_below

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"{self.__name__!r} has no attribute {name!r}")
        if self._with_names_below:
            path = f"{self.__name__}.{name}"
            return Missing(path, self._message, with_names_below=True)
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
        """Returns a base class whose subclass can be defined, but raises for an instance."""
        return (type(self.__name__.rpartition(".")[2], (), {"__new__": self._raise}),)


@functools.cache
def _tensorflow() -> Any:
    """Imports TensorFlow and disables its v2 behavior."""
    tensorflow = importlib.import_module("tensorflow")
    logging = tensorflow.compat.v1.logging
    verbosity = logging.get_verbosity()
    # TensorFlow warns that reference variables are deprecated. A legacy program has only these.
    logging.set_verbosity(logging.ERROR)
    tensorflow.compat.v1.disable_v2_behavior()
    logging.set_verbosity(verbosity)
    return tensorflow


def tensorflow() -> Any:
    """Returns the facade's `tensorflow`, for a module whose `import` gives the real one."""
    return _root()


@functools.cache
def _root() -> FacadeModule:
    """Builds the facade's `tensorflow`."""
    tensorflow = _tensorflow()
    root = FacadeModule("tensorflow", tensorflow.compat.v1, tensorflow)
    compat = FacadeModule("tensorflow.compat", tensorflow.compat)
    _loaded(compat)["v1"] = root
    _loaded(root).update(compat=compat, __version__=VERSION, VERSION=VERSION)
    python = FacadeModule("tensorflow.python", *root.python.__real__)
    # In TensorFlow 1 `tensorflow.python.keras` was `tf.keras`. Today it is another copy of Keras.
    files = importlib.import_module("tf_keras.src")
    private_tensorflow = importlib.import_module("estimator_compat.private_tensorflow")
    private_tensorflow.restore_names_of_slim()
    importlib.import_module("estimator_compat.facade.variables").restore()
    keras_layers.restore(tensorflow.compat.v1.keras.layers.Layer)
    keras = FacadeModule("tensorflow.python.keras", *root.keras.__real__, files)
    _loaded(python)["keras"] = keras
    _loaded(root)["python"] = python
    return root


@functools.cache
def _other_root(name: str) -> Any:
    _tensorflow()
    return FacadeModule(name)


def find(path: str) -> Any:
    """Returns what a dotted legacy name stands for: a `FacadeModule`, a value, or a `Missing`."""
    root, *parts = path.split(".")
    value = _root() if root == "tensorflow" else _other_root(root)
    for part in parts:
        try:
            value = getattr(value, part)
        except AttributeError:
            return Missing(path)
    return value


def explain(path: str) -> str:
    """Returns a message: what is missing, what was expected, and what to do.

    Args:
      path: The missing symbol's dotted name, as the program writes it.
    """
    key = canonical(path)
    # The message shows a symbol of a private file as the program writes it: `tf` has no such name.
    return missing.explain(key, path if key.startswith("python.") else "")


def _look_up(module: FacadeModule | Missing, name: str) -> Any:
    """Finds the value of a name of a module of the facade.

    Raises:
      AttributeError: There is no such name. For names below the modules of `_PRIVATE`, a
        `Missing` is returned instead.
    """
    path = f"{module.__name__}.{name}"
    key = canonical(path)
    if key in legacy_symbols.ROWS and (legacy_symbols.ROWS[key].source or not _rows_below(key)):
        return _from_row(path, legacy_symbols.ROWS[key])
    if _ESTIMATOR.match(path):
        return _from_estimator(path)
    candidates = [_attribute(real, name) for real in module.__real__]
    values = [value for value in candidates if value is not _ABSENT]
    if values and not _is_tensorflow_module(values[0]):
        return values[0]
    if values:
        return FacadeModule(path, *filter(_is_tensorflow_module, values))
    if _rows_below(key) or path in _PRIVATE:
        return FacadeModule(path)
    if path.startswith(_PRIVATE):
        return Missing(path)
    raise AttributeError(explain(path))


def _rows_below(key: str) -> bool:
    """Tells whether the table has symbols of a package."""
    return any(row.startswith(key + ".") for row in legacy_symbols.ROWS)


def _from_row(path: str, row: Row) -> Any:
    """Loads a symbol from its row's source; returns a `Missing` if it cannot be loaded."""
    if row.source is None:
        return Missing(path)
    module, _, name = row.source.partition(":")
    if module == "estimator_compat" and (value := estimators.find(name)) is not None:
        return value
    try:
        value = importlib.import_module(module)
        for part in filter(None, name.split(".")):
            value = getattr(value, part)
    except (ImportError, AttributeError) as error:
        message = missing.unloadable(canonical(path), row, error)
        return Missing(path, message, with_names_below=True)
    return FacadeModule(path, value) if isinstance(value, ModuleType) else value


def _from_estimator(path: str) -> Any:
    """Finds a name of `tf.estimator` in this package; returns a `Missing` for an absent one.

    Raises:
      AttributeError: The original has no such public name.
    """
    if path in estimators.PACKAGES:
        return FacadeModule(path)
    value = estimators.find(path)
    if value is not None:
        return FacadeModule(path, value) if isinstance(value, ModuleType) else value
    if estimators.is_public(path) or path.startswith(_PRIVATE):
        return Missing(path)
    raise AttributeError(explain(path))


def _attribute(real: Any, name: str) -> Any:
    """Returns an attribute or a submodule of a module of TensorFlow, or `_ABSENT`."""
    try:
        return getattr(real, name)
    except AttributeError:
        if not isinstance(real, ModuleType):
            return _ABSENT
    try:
        return importlib.import_module(f"{real.__name__}.{name}")
    except ImportError:
        return _ABSENT


def _is_tensorflow_module(value: Any) -> bool:
    return isinstance(value, ModuleType) and value.__name__.partition(".")[0] in (
        "tensorflow",
        "tf_keras",
        "tf_slim",
    )
