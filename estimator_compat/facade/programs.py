"""Runs a whole program under the facade, as `python script.py` or `python -m module` would."""

import os
import runpy
import sys
from collections.abc import Iterable, Sequence

from estimator_compat.facade import importing


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
