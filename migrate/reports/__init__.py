"""What people and programs read, a file a format: values in, text out.

A module with a SUFFIX is a format of `migrate scan`: its `render(report)` returns the text.
"""

import importlib
import pkgutil
from collections.abc import Callable
from types import ModuleType

from migrate.findings import ScanReport


def formats() -> dict[str, ModuleType]:
    """Imports the formats of `migrate scan` and returns their modules by name, in order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = {name: importlib.import_module(f"{__name__}.{name}") for name in names}
    return {name: module for name, module in modules.items() if hasattr(module, "SUFFIX")}


def renderer(name: str) -> Callable[[ScanReport], str]:
    """Returns the function that renders a scan in a format.

    Raises:
      ValueError: There is no such format.
    """
    module = formats().get(name)
    if module is None:
        raise ValueError(
            f"`--format` ({name}) is not a format; expected one of {', '.join(formats())}; "
            "choose one of them."
        )
    render: Callable[[ScanReport], str] = module.render
    return render
