"""The source of a written module: its format, and the names that it reads."""

import ast
import os
import re
import subprocess
import sys
from typing import Any

import tensorflow as tf

from migrate.translating.expressions import dotted
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader import frames


def formatted(source: str) -> str:
    """Sorts the imports of a module and formats it, as ruff does.

    Raises:
      RuntimeError: ruff is not installed, or cannot read the source.
    """
    options = ["--isolated", "--line-length=100", "--stdin-filename=loop.py", "-"]
    for command in (["check", "--select=I,F401", "--fix", "--quiet"], ["format", "--quiet"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *options],
            input=source,
            text=True,
            capture_output=True,
        )
        if not done.stdout:
            raise RuntimeError(
                f"ruff {command[0]} failed: {done.stderr.strip()[:500]}; expected ruff to format "
                "the written module; install it with `pip install ruff`."
            )
        source = done.stdout
    return source


def check_names(source: str, legacy: str = "") -> None:
    """Checks that TensorFlow 2 has the names that a module reads, and that it defines the others.

    Args:
      source: The source of the module.
      legacy: The path of the legacy program.

    Raises:
      Refusal: It does not; the message names them.
    """
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)]
    names = {dotted(node) for node in nodes}
    missing = sorted(name for name in names if not _is_in_tensorflow(name))
    missing = [a for a in missing if not any(b.startswith(f"{a}.") for b in missing)]
    makers = [name for name in missing if name.startswith(frames.PARTS)]
    if makers:
        raise Refusal(
            f"`{makers[0]}` is called in a function that is copied as it is, because one of its "
            "calls makes no layers, or it calls itself; expected a function whose every call makes "
            "layers; write two functions",
            path=legacy,
            line=_line_of(makers[0], legacy),
        )
    if missing:
        raise Refusal(
            f"TensorFlow 2 has no {', '.join(f'`{name}`' for name in missing)}, and this version "
            "does not know what to write for it; expected names of TensorFlow 2; write it with "
            "those",
            path=legacy,
            line=_line_of(missing[0], legacy),
        )
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select=F821", "-"]
    found = subprocess.run(
        [*command, "--output-format=concise"], input=source, text=True, capture_output=True
    )
    undefined = sorted(set(re.findall(r"Undefined name `(\w+)`", found.stdout)))
    if undefined:
        raise Refusal(
            f"the source of {', '.join(f'`{name}`' for name in undefined)} was not found: a part "
            "of the model_fn reads it in a way that is not translated"
        )


def _line_of(name: str, path: str) -> int:
    """Returns the first line of a file that has a name of TensorFlow, by whatever alias; or 0."""
    if not os.path.isfile(path):
        return 0
    end = re.compile(rf"\b\w+{re.escape(name[name.index('.') :])}\b")
    with open(path, encoding="utf-8") as file:
        return next((i for i, line in enumerate(file, 1) if end.search(line)), 0)


def _is_in_tensorflow(name: str) -> bool:
    """Tells whether a name that begins with the alias of a TensorFlow is in that one."""
    alias, *parts = name.split(".")
    value: Any = {"tf": tf, "tf1": tf.compat.v1}.get(alias)
    if value is None:
        return True
    for part in parts:
        if isinstance(value, type) or not hasattr(value, part):
            return isinstance(value, type)
        value = getattr(value, part)
    return True
