"""How a checkpoint fits a model, and what became of its conversion, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """How the names of a checkpoint fit the variables of a graph.

    Attributes:
      matched: Names that both have, with the same shape.
      missing: Names that the checkpoint has no value for.
      unused: Names in the checkpoint that no variable has.
      misshapen: Names whose shapes differ: the checkpoint's and the variable's.
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
        """Whether, besides, every value has a variable."""
        return self.whole and not self.unused


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What became of a checkpoint.

    Attributes:
      source: The checkpoint that was read.
      written: The one that was written, in the other kind; None where nothing was.
      legacy: Whether the source is an Estimator's.
      matching: How its names fit the model's, or one another where there is no model.
    """

    source: str
    written: str | None
    legacy: bool
    matching: Matching
