"""Loads a function named on the command line: `package.module:name` or `path/file.py:name`.

The name may be dotted (`module:Model.fn`). A file is imported once. The module has the name of the
file without `.py`. The folder of the file is put on `sys.path`, as Python does for a script.
"""

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from estimator_compat.command_line.error_text import describe

_FORMS = "`module:name` or `path/file.py:name`"


def load(
    reference: str, *, flag: str | None = None, traceback: str = "with --verbosity=1"
) -> Callable[..., Any]:
    """Returns the callable that `reference` names.

    Args:
      reference: `module:name` or `path/file.py:name`; a module may be in the working folder.
      flag: The name of the flag that the reference was given to, for the messages; None for a
        positional argument.
      traceback: Where the traceback of a failed import is to be seen, for the message.

    Raises:
      ValueError: The reference is malformed, its module or file cannot be imported (the cause is
        chained), the module has no such name, or the named object is not callable.
    """
    value = load_object(reference, flag=flag, traceback=traceback)
    return as_callable(value, _argument(reference, flag))


def load_object(
    reference: str, *, flag: str | None = None, traceback: str = "with --verbosity=1"
) -> Any:
    """Returns the object that `reference` names, which need not be a function.

    Args:
      reference: As for `load`.
      flag: As for `load`.
      traceback: As for `load`.

    Raises:
      ValueError: As for `load`.
    """
    argument = _argument(reference, flag)
    place, colon, name = reference.rpartition(":")
    if not (place and colon and name):
        raise ValueError(
            f"`{argument}` does not name a function; expected {_FORMS}; add what is missing."
        )
    module = _import(place, argument, traceback)
    value: Any = module
    for part in name.split("."):
        if not hasattr(value, part):
            raise ValueError(
                f"`{argument}`: {place} has no `{name}`; expected a function defined there; "
                f"{_suggestion(value)}."
            )
        value = getattr(value, part)
    return value


def as_callable(value: Any, argument: str) -> Callable[..., Any]:
    """Returns an object that a command line names, if it can be called.

    Args:
      value: The object.
      argument: What named it, for the message.

    Raises:
      ValueError: It cannot be called.
    """
    if not callable(value):
        raise ValueError(
            f"`{argument}` is {value!r:.60}, which cannot be called; expected a function; name the "
            "function itself."
        )
    function: Callable[..., Any] = value
    return function


def _argument(reference: str, flag: str | None) -> str:
    return f"--{flag}={reference}" if flag else reference


def _import(place: str, argument: str, traceback: str) -> ModuleType:
    try:
        return _import_file(place) if place.endswith(".py") else _import_module(place)
    except FileNotFoundError as error:
        if error.filename != os.path.abspath(place):
            raise _import_error(place, argument, error, traceback) from error
        raise ValueError(
            f"`{argument}`: there is no file {place}; expected {_FORMS}; check the path, which is "
            f"taken from {os.getcwd()}."
        ) from error
    except ModuleNotFoundError as error:
        if error.name is None or not f"{place}.".startswith(f"{error.name}."):
            raise _import_error(place, argument, error, traceback) from error
        raise ValueError(
            f"`{argument}`: there is no module named {error.name}; expected {_FORMS}; install it, "
            "run from the folder that holds it, or give the path of the .py file."
        ) from error
    except SystemExit as error:
        raise ValueError(
            f"`{argument}`: {place} ran its program when it was imported, which ended with "
            f"{describe(error)}; expected a module that only defines functions; put the call of "
            'its `main` below `if __name__ == "__main__":`.'
        ) from error
    except Exception as error:
        raise _import_error(place, argument, error, traceback) from error


def _import_module(name: str) -> ModuleType:
    if (folder := os.getcwd()) not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(name)


def _import_file(path: str) -> ModuleType:
    path = os.path.abspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(2, "No such file", path)
    folder, name = os.path.dirname(path), os.path.basename(path).removesuffix(".py")
    for module_name in (name, path):
        if getattr(sys.modules.get(module_name), "__file__", None) == path:
            return sys.modules[module_name]
    # A file with the name of another module (`logging.py`, `queue.py`) must not replace it.
    name = path if name in sys.modules or name in sys.stdlib_module_names else name
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = _spec(name, path)
    assert spec is not None, path
    assert spec.loader is not None, path
    module = importlib.util.module_from_spec(spec)
    # An ordinary import, too, adds the module to `sys.modules` before it runs the module's code.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _spec(name: str, path: str) -> ModuleSpec | None:
    """Returns the spec of a file, whose name need not be one that an `import` can have.

    If the facade is installed, its finder gives a legacy file the loader that imports the facade.
    """
    for finder in sys.meta_path:
        of_file = getattr(finder, "spec_of_file", None)
        if of_file is not None and (spec := of_file(name, path)) is not None:
            found: ModuleSpec = spec
            return found
    return importlib.util.spec_from_file_location(name, path)


def _import_error(place: str, argument: str, error: BaseException, traceback: str) -> ValueError:
    return ValueError(
        f"`{argument}`: importing {place} failed with {describe(error)}; expected a module that "
        "can be imported with this TensorFlow; fix it there, or see the whole traceback "
        f"{traceback}."
    )


def _suggestion(scope: Any) -> str:
    names = [n for n in vars(scope) if not n.startswith("_") and callable(getattr(scope, n))]
    defined = [n for n in names if getattr(getattr(scope, n), "__module__", "") == _name(scope)]
    return f"it defines {', '.join(sorted(defined))}" if defined else "it defines no function"


def _name(scope: Any) -> str:
    return scope.__name__ if isinstance(scope, ModuleType) else scope.__module__
