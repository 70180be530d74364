"""The commands of `migrate`, each in a module of its name.

A command's module has `HELP`, `DESCRIPTION`, `EPILOG`, `add_arguments(parser)` and
`run(options) -> int`, which returns the exit status. The module itself imports only argparse and
other modules of this package. `run` imports everything else: `migrate --help` is therefore fast.
"""

import importlib
import pkgutil
from types import ModuleType


def catalogue(only: str | None = None) -> dict[str, ModuleType]:
    """Imports the commands and returns their modules by name, in alphabetical order.

    Args:
      only: The command that is asked for: if there is one of this name, no other is imported.
    """
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    if only in names and hasattr(importlib.import_module(f"{__name__}.{only}"), "run"):
        names = [only]
    modules = {name: importlib.import_module(f"{__name__}.{name}") for name in names}
    # Modules without `run` are shared by several commands.
    return {name: module for name, module in modules.items() if hasattr(module, "run")}
