"""Runs a whole program under the facade, as `python script.py` or `python -m module` would."""

import os
import runpy
import sys
import traceback
from collections.abc import Iterable, Sequence

from estimator_compat import package_files
from estimator_compat.facade import importing

# Packages that are TensorFlow.
_REAL = ("tensorflow", "tf_keras", "keras", "tf_slim")


def run_script(path: str, arguments: Sequence[str] = (), *, legacy: Iterable[str] = ()) -> None:
    """Runs a file as `__main__`, with its folder first on the path.

    Args:
      path: The program's file.
      arguments: Its command line, without the program's name.
      legacy: Installed packages that are legacy, too.
    """
    importing.install(legacy)
    sys.argv = [path, *arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    builtins = {"__builtins__": importing.legacy_builtins()}
    runpy.run_path(path, init_globals=builtins, run_name="__main__")


def run_module(name: str, arguments: Sequence[str] = (), *, legacy: Iterable[str] = ()) -> None:
    """Runs a module as `__main__`; its package is legacy wherever it is installed.

    Args:
      name: The module's dotted name.
      arguments: Its command line, without the program's name.
      legacy: Installed packages that are legacy, too.
    """
    importing.install({*legacy, name.partition(".")[0]})
    sys.argv = [name, *arguments]
    sys.path.insert(0, os.getcwd())
    builtins = {"__builtins__": importing.legacy_builtins()}
    runpy.run_module(name, init_globals=builtins, run_name="__main__", alter_sys=True)


def hint(error: BaseException) -> str | None:
    """What may mend an error that an installed, perhaps legacy, package met in TensorFlow.

    Returns:
      None where the error is another one.
    """
    if not isinstance(error, AttributeError | ImportError) or "tensorflow" not in str(error):
        return None
    package = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        name = frame.f_globals.get("__name__", "").partition(".")[0]
        if package_files.is_installed(frame.f_code.co_filename) and name not in _REAL:
            package = name
    if package is None:
        return None
    return (
        f"`{package}` is an installed package, which sees the real TensorFlow; expected it to be "
        f"written for that; if it was written for TensorFlow 1, run with --legacy={package}."
    )
