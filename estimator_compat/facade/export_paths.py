"""Filters of exports to keep: the original's private `estimator.gc`, which exporters call."""

import os
from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf


class Path(NamedTuple):
    """An export.

    Attributes:
      path: Its folder.
      export_version: Its number; None until a parser has read the number from the path.
    """

    path: str
    export_version: int | None


Filter = Callable[[list[Path]], list[Path]]


def largest_export_versions(n: int) -> Filter:
    """Returns a filter that keeps the `n` exports with the largest numbers."""

    def keep(paths: list[Path]) -> list[Path]:
        numbered = [
            (path.export_version, index)
            for index, path in enumerate(paths)
            if path.export_version is not None
        ]
        return sorted(paths[index] for _, index in sorted(numbered, reverse=True)[:n])

    return keep


def negation(f: Filter) -> Filter:
    """Returns a filter that keeps the exports that another filter removes."""
    return lambda paths: sorted(set(paths) - set(f(paths)))


def get_paths(base_dir: str, parser: Callable[[Path], Path | None]) -> list[Path]:
    """Lists the exports in a folder, sorted by path.

    Args:
      base_dir: The folder.
      parser: Returns a path with its number, or None for a path that is not an export.
    """
    names = [name.rstrip("/") for name in tf.io.gfile.listdir(base_dir)]
    paths = [parser(Path(os.path.join(base_dir, name), None)) for name in names]
    return sorted(path for path in paths if path)
