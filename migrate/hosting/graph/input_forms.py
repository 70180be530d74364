"""How the elements of an input become what a graph's functions compute with."""

from typing import Any, Protocol


class InputForm(Protocol):
    """Brings elements of an input into the form of a graph's own input."""

    def elements(self, dataset: Any) -> Any:
        """Returns a Dataset of what the graph's functions take, for one of the input's elements."""

    def arguments(self, element: Any) -> Any:
        """Returns what a function takes, in the form of the graph's own input."""


class OneBatch:
    """An element of the input is the batch that the graph was built for."""

    def elements(self, dataset: Any) -> Any:
        return dataset

    def arguments(self, element: Any) -> Any:
        return element
