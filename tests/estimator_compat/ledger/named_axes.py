"""A follower of axes whose names are given, for the tests of the rules that ask it."""

from collections.abc import Mapping
from typing import Any

from estimator_compat.ledger.axis_names import OTHER, AxisNames


class NamedAxes:
    """Names the axes of the tensors of a table, and takes sizes for names of any other tensor's.

    Args:
      names: The names of the axes, or None, by the name of the tensor's op.
    """

    def __init__(self, names: Mapping[str, AxisNames | None]) -> None:
        self._names = names

    def of(self, tensor: Any, depth: int = 0) -> AxisNames | None:
        del depth
        if tensor.op.name in self._names:
            return self._names[tensor.op.name]
        return tuple(OTHER if size is None else str(size) for size in tensor.shape.as_list())
