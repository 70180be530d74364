"""`Recording`: the draws of each step of a training, in files.

Random numbers take much memory: BERT-base draws about 150 MB in a step of 8 examples.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from migrate.verifying.draws import kinds
from migrate.verifying.draws.draw import Draw

_KEY = re.compile(r"(\d+) (value|parameter) (\d+) (\S+) (.+)")
_KINDS = {kind.name: kind for kind in kinds.OF_OP.values()}


class Recording:
    """The draws of each step, a file a step.

    Args:
      folder: Where the files are; it is created if it is missing.
    """

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)

    def append(self, draws: list[Draw]) -> None:
        """Adds the draws of a step, in the order in which the code creates their ops."""
        arrays: dict[str, Any] = {}
        for place, draw in enumerate(draws):
            for what, values in (("value", draw.values), ("parameter", draw.parameters)):
                for index, array in enumerate(values):
                    name = array.dtype.name
                    arrays[f"{place} {what} {index} {name} {draw.kind.name}"] = array
        np.savez(self._path(len(self)), **arrays)

    def __len__(self) -> int:
        """The number of steps."""
        return len(list(self._folder.iterdir()))

    def step(self, step: int) -> list[Draw]:
        """Returns the draws of a step; the first step is 0. There are none after the last step."""
        if step >= len(self):
            return []
        parts: dict[int, dict[str, Any]] = {}
        with np.load(self._path(step)) as arrays:
            for key, array in arrays.items():
                match = _KEY.fullmatch(key)
                assert match is not None  # `append` wrote it
                place, what, _, name, kind = match.groups()
                # NumPy stores bfloat16 as bytes without a type.
                typed = array.view(tf.as_dtype(name).as_numpy_dtype) if name != "object" else array
                part = parts.setdefault(int(place), {"kind": kind, "value": [], "parameter": []})
                part[what].append(typed)
        return [
            Draw(
                kind=_KINDS[part["kind"]],
                values=tuple(part["value"]),
                parameters=tuple(part["parameter"]),
            )
            for _, part in sorted(parts.items())
        ]

    def _path(self, step: int) -> Path:
        return self._folder / f"{step:06}.npz"
