"""Values: how the names of a checkpoint match a model, and the result of a conversion."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """How the names of a checkpoint match the variables of a graph.

    Attributes:
      matched: Names that are in both, with the same shape.
      missing: Names of variables that the checkpoint has no value for.
      unused: Names in the checkpoint that are not the name of a variable.
      misshapen: Names whose shapes differ, with the checkpoint's and the variable's shape.
    """

    matched: tuple[str, ...]
    missing: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    misshapen: Mapping[str, tuple[Any, Any]]

    @property
    def whole(self) -> bool:
        """Whether every variable has a value of its shape."""
        return not (self.missing or self.misshapen)

    @property
    def exact(self) -> bool:
        """Whether every variable has a value of its shape, and every value a variable."""
        return self.whole and not self.unused


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """The result of converting a checkpoint.

    Attributes:
      source: The path of the checkpoint that was read.
      written: The path of the new checkpoint, of the other kind; None if nothing was written.
      legacy: Whether the source is an Estimator's checkpoint.
      matching: How the names match the model's. Without a model, all of them match.
    """

    source: str
    written: str | None
    legacy: bool
    matching: Matching
