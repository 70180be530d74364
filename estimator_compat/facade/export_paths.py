"""Which exports to keep: the private `estimator.gc` of the original, as exporters call it."""

import os
from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf


class Path(NamedTuple):
    """An export, and its number; None until a parser has found it."""

    path: str
    export_version: int | None


Filter = Callable[[list[Path]], list[Path]]


def largest_export_versions(n: int) -> Filter:
    """Keeps the `n` exports with the largest numbers."""

    def keep(paths: list[Path]) -> list[Path]:
        numbered = [
            (path.export_version, index)
            for index, path in enumerate(paths)
            if path.export_version is not None
        ]
        return sorted(paths[index] for _, index in sorted(numbered, reverse=True)[:n])

    return keep


def negation(f: Filter) -> Filter:
    """Keeps what another filter does not."""
    return lambda paths: sorted(set(paths) - set(f(paths)))


def get_paths(base_dir: str, parser: Callable[[Path], Path | None]) -> list[Path]:
    """Lists what a folder holds, each as the parser returns it, but for its Nones."""
    names = [name.rstrip("/") for name in tf.io.gfile.listdir(base_dir)]
    found = [parser(Path(os.path.join(base_dir, name), None)) for name in names]
    return sorted(path for path in found if path)
