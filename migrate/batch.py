"""`Batch`: features and labels, and the rule that separates them in an element of an input."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The features and the labels of one call of a model_fn.

    Two batches are equal only if they are the same object, because tensors compare by element.

    Attributes:
      features: A nest of tensors, or of arrays, specs or other values that stand for tensors.
      labels: Such a nest; None if the input has no labels.
    """

    features: Any
    labels: Any = None

    @classmethod
    def of(cls, element: Any) -> "Batch":
        """Separates an element of an input into features and labels.

        A tuple of length two is `(features, labels)`. Any other element is features: also a list,
        a named tuple, and a tuple of another length.
        """
        if type(element) is tuple and len(element) == 2:
            return cls(*element)
        return cls(element)

    @property
    def element(self) -> Any:
        """The batch as an input yields it: `(features, labels)`, or `features` without labels."""
        return self.features if self.labels is None else (self.features, self.labels)
