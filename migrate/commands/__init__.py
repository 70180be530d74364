"""The commands of `migrate`, one a module.

A command's module has `HELP`, `DESCRIPTION`, `EPILOG`, `add_arguments(parser)` and
`run(options) -> int`, which returns the exit status. It imports argparse at most; what the command
needs is imported in `run`.
"""

import importlib
import pkgutil
from types import ModuleType


def catalogue() -> dict[str, ModuleType]:
    """Imports the commands, by their names, in the order of these."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = {name: importlib.import_module(f"{__name__}.{name}") for name in names}
    # The others are what several commands share.
    return {name: module for name, module in modules.items() if hasattr(module, "run")}
