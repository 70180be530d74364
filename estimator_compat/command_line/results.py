"""Renders the results of a mode: metrics as a table, predictions as lines of JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from estimator_compat.command_line.consoles import PlainConsole


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeResult:
    """The result of a mode.

    Attributes:
      title: The title of the table of metrics; may be empty.
      metrics: The values of the metrics by name; may be empty.
    """

    title: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)


def print_metrics(title: str, metrics: Mapping[str, Any], console: Console | None = None) -> None:
    """Prints metrics, `global_step` first: a table with borders on a terminal, columns in a pipe.

    Args:
      title: The title of the table on a terminal; a pipe gets none.
      metrics: The values of the metrics by name.
      console: The console to write to; None creates a console that writes to stdout.
    """
    console = console or PlainConsole(highlight=False)
    lines = box.ROUNDED if console.is_terminal else None
    table = Table(title=title if console.is_terminal else None, box=lines, pad_edge=bool(lines))
    table.add_column("metric", no_wrap=True)
    table.add_column("value", justify="right")
    for name in sorted(metrics, key=lambda name: (name != "global_step", name)):
        table.add_row(name, number(metrics[name]))
    console.print(table, markup=False)


def number(value: Any) -> str:
    """Returns a metric as text: floats with six significant digits, other values with `str`."""
    if isinstance(value, int | np.integer):
        return str(value)
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)


def json_line(prediction: Any) -> str:
    """Returns a prediction (an array, or a dict of arrays) as one line of JSON.

    `ledger.json_values` is not used, because it is for values of this package. A prediction has
    NumPy arrays and bytes, and a NaN in it stays the `NaN` that Python's `json` writes and reads.
    """
    return json.dumps(prediction, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return str(value)
