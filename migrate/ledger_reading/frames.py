"""What names are bound to while a function is followed, and what its statements have changed."""

from __future__ import annotations

import ast
import dataclasses

from migrate.ledger_reading.tree import TreeModule
from migrate.ledger_reading.values import Origin, Value

LOSSES = "losses"
REGULARIZATION = "regularization_losses"
# Attributes of objects by the object, and collections of the graph by name.
Heap = dict[object, dict[str, Value]]


@dataclasses.dataclass(slots=True, eq=False)
class Frame:
    """A function that is being followed, or a module.

    Attributes:
      module: The module of the function.
      names: What its names are bound to.
      around: The frame of the function around it; None in a module.
      function: The name of the function; "" for a module.
      returned: What its `return` statements return, and the test of each; None without a test.
      self_value: The object whose method it is.
      owner: The class of the method, by which `super()` goes on.
      depth: How many calls led here.
      elsewhere: Its names that functions around it have, by `nonlocal`.
      branches: How many branches of its code are being followed.
    """

    module: TreeModule
    names: dict[str, Value] = dataclasses.field(default_factory=dict)
    around: Frame | None = None
    function: str = ""
    returned: list[tuple[Value | None, Value]] = dataclasses.field(default_factory=list)
    self_value: Value | None = None
    owner: Value | None = None
    depth: int = 0
    elsewhere: set[str] = dataclasses.field(default_factory=set)
    branches: int = 0

    def find(self, name: str) -> Value | None:
        """Returns what a name is bound to here, or in the functions around; None in neither."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.names:
                return frame.names[name]
            frame = frame.around
        return None

    def origin(self, node: ast.AST) -> Origin:
        """Returns where an expression of this function stands."""
        return Origin(self.module.shown, self.function, node)


def copied(heap: Heap) -> Heap:
    """Copies what statements may change."""
    return {key: dict(attributes) for key, attributes in heap.items()}
