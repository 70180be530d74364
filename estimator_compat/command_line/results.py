"""Renders what a run produced: a table of metrics, predictions as JSON lines, commands to go on."""

import json
import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from absl import flags
from rich import box
from rich.console import Console
from rich.table import Table

from estimator_compat import package_files

FLAGS = flags.FLAGS


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run has to say: a title, and metric names with their values; both may be empty."""

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


def command(**changes: Any) -> str:
    """Renders the command line that ran this program, with some flags changed.

    Args:
      **changes: Flag to its new value; None leaves the flag out.
    """
    kept = (
        FLAGS[name].serialize().split("\n")
        for name in FLAGS
        if FLAGS[name].present and FLAGS[name].name == name and name not in {*changes, "flagfile"}
    )
    changed = [f"--{name}={value}" for name, value in changes.items() if value is not None]
    return shlex.join([*_program(), *(text for texts in kept for text in texts), *changed])


def program_name() -> str:
    """Names this program as messages and log lines do."""
    return _program()[-1]


def _program() -> list[str]:
    name = os.path.basename(sys.argv[0])
    if name == "train.py" and package_files.is_ours(os.path.abspath(sys.argv[0])):
        return ["python", "-m", "estimator_compat.train"]
    return ["python", sys.argv[0]] if name.endswith(".py") else [name]
