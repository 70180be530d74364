"""What people and programs read, a file a format: values in, text out.

The formats of `migrate scan` have a SUFFIX, and `render(report)`, which returns the text.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrate.findings import ScanReport


def names() -> list[str]:
    """Lists the formats of `migrate scan`, without importing them."""
    return sorted(
        name.removesuffix(".py")
        for name in os.listdir(os.path.dirname(__file__))
        if name.endswith(".py") and _has_suffix(os.path.join(os.path.dirname(__file__), name))
    )


def _has_suffix(path: str) -> bool:
    with open(path, "rb") as file:
        return b"\nSUFFIX = " in file.read()


def renderer(name: str) -> Callable[[ScanReport], str]:
    """Returns the function that renders a scan in a format.

    Raises:
      ValueError: There is no such format.
    """
    if name not in names():
        raise ValueError(
            f"`format` ({name}) is not a format; expected one of {', '.join(names())}; "
            "choose one of them."
        )
    render: Callable[[ScanReport], str] = importlib.import_module(f"{__name__}.{name}").render
    return render
