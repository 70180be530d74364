"""`Batch`: features and labels, and the rule that tells them apart in an element of an input."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What a model_fn is given at once.

    Two batches are equal only where they are the same object, since tensors compare by element.

    Attributes:
      features: A nest of tensors, arrays, specs or whatever else an input has in their place.
      labels: The same; None where the input has no labels.
    """

    features: Any
    labels: Any = None

    @classmethod
    def of(cls, element: Any) -> "Batch":
        """Takes an element of an input apart: features, or a tuple `(features, labels)`.

        A list, a named tuple and a tuple of another length are features.
        """
        if type(element) is tuple and len(element) == 2:
            return cls(*element)
        return cls(element)

    @property
    def element(self) -> Any:
        """The batch as an element of an input: features alone where there are no labels."""
        return self.features if self.labels is None else (self.features, self.labels)
