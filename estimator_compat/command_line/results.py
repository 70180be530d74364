"""Renders what a mode produced: a table of metrics, predictions as JSON lines."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeResult:
    """What a mode has to show.

    Attributes:
      title: Of the table of metrics; may be empty.
      metrics: Their names and values; may be empty.
    """

    title: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)


def print_metrics(title: str, metrics: Mapping[str, Any], console: Console | None = None) -> None:
    """Prints metrics, `global_step` first: boxed on a terminal, bare columns in a pipe.

    Args:
      console: Stdout's when None.
    """
    console = console or Console(highlight=False)
    lines = box.ROUNDED if console.is_terminal else None
    table = Table(title=title if console.is_terminal else None, box=lines, pad_edge=bool(lines))
    table.add_column("metric", no_wrap=True)
    table.add_column("value", justify="right")
    for name in sorted(metrics, key=lambda name: (name != "global_step", name)):
        table.add_row(name, number(metrics[name]))
    console.print(table, markup=False)


def number(value: Any) -> str:
    """Renders a metric: six significant digits, integers whole, other things as they are."""
    if isinstance(value, int | np.integer):
        return str(value)
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)


def json_line(prediction: Any) -> str:
    """Renders one prediction, a tensor's value or a dict of them, as one line of JSON.

    `ledger.json_values` is for our own values. A prediction is the user's: it has NumPy's arrays
    and bytes, and a NaN in it stays the NaN that Python's `json` writes and reads.
    """
    return json.dumps(prediction, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return str(value)
