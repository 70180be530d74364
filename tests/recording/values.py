"""Writes numbers for JSON so that every bit is kept."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

HEX_FLOAT = re.compile(r"-?(0x[01]\.[0-9a-f]+p[+-]\d+|inf)|nan")


def encode(value: Any) -> Any:
    """Writes an array as its dtype, shape and little-endian bytes; strings as a list."""
    array = np.asarray(value)
    if array.dtype == object:
        return [item.decode("latin-1") for item in array.ravel()]
    data = array.astype(array.dtype.newbyteorder("<")).tobytes()
    return {
        "dtype": array.dtype.name,
        "shape": list(array.shape),
        "base64": base64.b64encode(data).decode(),
    }


def decode(value: dict[str, Any]) -> np.ndarray:
    data = base64.b64decode(value["base64"])
    return np.frombuffer(data, dtype(value["dtype"])).reshape(value["shape"])


def dtype(name: str) -> np.dtype:
    return np.dtype(name).newbyteorder("<")


def hex_of(values: np.ndarray) -> list[str]:
    return [float(value).hex() for value in values.reshape(-1)]


def from_hex(values: Sequence[str]) -> np.ndarray:
    return np.array([float.fromhex(value) for value in values])


def predictions(rows: list[Any]) -> dict[str, Any]:
    """Writes what `predict` yielded, stacked; under "" where it is not a dict."""
    if not isinstance(rows[0], dict):
        return {"": encode(np.stack(rows))}
    return {key: encode(np.stack([row[key] for row in rows])) for key in rows[0]}


def files(folder: Path) -> list[str]:
    """Lists the files below a folder; event files without the machine and the time."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(re.sub(r"(tfevents)\..*", r"\1", str(path)) for path in paths)
