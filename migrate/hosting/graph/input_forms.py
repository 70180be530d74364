"""Converts the elements of an input into the form that a graph's functions take."""

from typing import Protocol

from estimator_compat.type_aliases import Dataset, Nest


class InputForm(Protocol):
    """A conversion of the elements of an input into the form of a graph's `element`."""

    def elements(self, dataset: Dataset) -> Dataset:
        """Converts the input's Dataset: its elements become arguments of the graph's functions."""

    def arguments(self, element: Nest) -> Nest:
        """Converts an argument of a function to the form of the graph's `element`."""


class OneBatch:
    """The conversion for one device: an element of the input is the batch of the graph."""

    def elements(self, dataset: Dataset) -> Dataset:
        """Returns the dataset itself."""
        return dataset

    def arguments(self, element: Nest) -> Nest:
        """Returns the element itself."""
        return element
