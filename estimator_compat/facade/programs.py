"""Runs a whole program under the facade, as `python script.py` or `python -m module` would."""

import os
import runpy
import sys
import traceback
from collections.abc import Iterable, Sequence

from estimator_compat import package_files
from estimator_compat.facade import importing

# TensorFlow's own packages, which are never legacy.
_TENSORFLOW = ("tensorflow", "tf_keras", "keras", "tf_slim")


def run_script(path: str, arguments: Sequence[str] = (), *, legacy: Iterable[str] = ()) -> None:
    """Runs a file as `__main__`, with its folder first on Python's path.

    Args:
      path: The program's file.
      arguments: The program's command line, without its name.
      legacy: Names of installed packages that are legacy, too.
    """
    importing.install(legacy)
    sys.argv = [path, *arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    builtins = {"__builtins__": importing.legacy_builtins()}
    runpy.run_path(path, init_globals=builtins, run_name="__main__")


def run_module(name: str, arguments: Sequence[str] = (), *, legacy: Iterable[str] = ()) -> None:
    """Runs a module as `__main__`. Its package is legacy even if it is installed.

    Args:
      name: The module's dotted name.
      arguments: The program's command line, without its name.
      legacy: Names of further installed packages that are legacy.
    """
    importing.install({*legacy, name.partition(".")[0]})
    sys.argv = [name, *arguments]
    sys.path.insert(0, os.getcwd())
    builtins = {"__builtins__": importing.legacy_builtins()}
    runpy.run_module(name, init_globals=builtins, run_name="__main__", alter_sys=True)


def hint(error: BaseException) -> str | None:
    """Returns a hint that --legacy may mend an error of an installed package.

    The error says that TensorFlow lacks a name, and it was raised in the package's own code: in the
    code that asked TensorFlow for the name. A package that only called the program, as absl's
    `app.run` does, has no part in it.

    Args:
      error: The error that ended the program.

    Returns:
      The hint; None for an error that --legacy cannot mend.
    """
    if not isinstance(error, AttributeError | ImportError) or "tensorflow" not in str(error):
        return None
    package = _asking_package(error)
    if package is None:
        return None
    return (
        f"`{package}` is an installed package, which imports the real TensorFlow; expected a "
        "package that is written for TensorFlow 2; if it was written for TensorFlow 1, run with "
        f"--legacy={package}."
    )


def _asking_package(error: BaseException) -> str | None:
    """Returns the installed package whose code asked for a name; None for the program's own code.

    The innermost frame outside Python's import system, TensorFlow and this project asked for it.
    """
    asking = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        path, name = frame.f_code.co_filename, frame.f_globals.get("__name__", "").partition(".")[0]
        passes_on = name in _TENSORFLOW or package_files.is_ours(path) or path.startswith("<")
        if not (passes_on or name in sys.stdlib_module_names):
            asking = name if package_files.is_installed(path) else None
    return asking
