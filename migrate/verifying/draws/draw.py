"""The value of a draw: what a random op returned, and from which distribution."""

import dataclasses

import numpy as np

from migrate.verifying.draws.kinds import Kind


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """The numbers that a random op drew once.

    Attributes:
      kind: The distribution.
      values: The op's outputs. Candidate samplers have three outputs, other ops have one.
      parameters: The distribution's parameters: the inputs and then the attributes that the kind
        names.
    """

    kind: Kind
    values: tuple[np.ndarray, ...]
    parameters: tuple[np.ndarray, ...] = ()

    def __str__(self) -> str:
        first = self.values[0]
        return f"{self.kind.name} {first.dtype.name} {list(first.shape)}"

    def fits(self, other: "Draw") -> bool:
        """Tells whether another draw could have returned these numbers, if reshaped."""
        return self.kind.name == other.kind.name and all(
            mine.size == its.size and _same_type(mine, its)
            for mine, its in zip(self.values, other.values, strict=True)
        )

    def has_shapes_of(self, other: "Draw") -> bool:
        """Tells whether the values have the shapes of another draw's values."""
        return [v.shape for v in self.values] == [v.shape for v in other.values]

    def values_like(self, other: "Draw") -> tuple[np.ndarray, ...]:
        """Returns the values with the shapes and dtypes of another draw that fits."""
        return tuple(
            mine.reshape(its.shape).astype(its.dtype)
            for mine, its in zip(self.values, other.values, strict=True)
        )

    def mirrored(self) -> "Draw":
        """Returns a draw of the same distribution that treats `u < keep` as `u >= 1 - keep`.

        Legacy dropout keeps an element where a uniform number `u` is at least the rate. Other code
        keeps it where the number is less than `1 - rate`. If one gets `1 - u` instead of `u`, both
        keep the same elements. Kinds without a mirror stay as they are.
        """
        if self.kind.mirror == "-x":
            return dataclasses.replace(self, values=tuple(-value for value in self.values))
        if self.kind.mirror == "1 - x":
            return dataclasses.replace(self, values=tuple(map(_one_minus, self.values)))
        return self

    def filled(self, constant: float) -> "Draw":
        """Returns a draw of which each number is the same.

        Args:
          constant: The number of a uniform draw. A normal draw gets 0. Other kinds stay as they
            are.
        """
        if not self.kind.mirror:
            return self
        number = constant if self.kind.mirror == "1 - x" else 0.0
        values = tuple(np.full_like(value, number) for value in self.values)
        return dataclasses.replace(self, values=values)


def differing_parameter(reference: Draw, subject: Draw, tolerance: float) -> str:
    """Returns the name of the first parameter that two draws of a kind do not share, or "".

    Args:
      reference: A draw.
      subject: A draw of the same kind.
      tolerance: The largest difference of equal floats, relative to the largest magnitude.
    """
    names = (*reference.kind.inputs, *reference.kind.attributes)
    for name, expected, actual in zip(names, reference.parameters, subject.parameters, strict=True):
        if expected.size != actual.size:
            return name
        actual = actual.reshape(expected.shape)
        if expected.dtype.kind in "biuOSU":
            is_equal = np.array_equal(expected, actual)
        else:
            largest = float(np.abs(expected).max(initial=0.0))
            is_equal = np.allclose(
                expected, actual, rtol=0.0, atol=tolerance * largest, equal_nan=True
            )
        if not is_equal:
            return name
    return ""


def _same_type(first: np.ndarray, second: np.ndarray) -> bool:
    """Tells whether dtypes are equal; integers of different sizes count as equal."""
    return first.dtype == second.dtype or {first.dtype.kind, second.dtype.kind} <= set("iu")


def _one_minus(value: np.ndarray) -> np.ndarray:
    """Returns `1 - x - epsilon` for half the distance of two uniform numbers as epsilon.

    A uniform number is a multiple of 2 * epsilon in [0, 1). If the rate is one, too, `x >= rate` is
    true exactly where `1 - x - epsilon < 1 - rate` is, and `1 - x < 1 - rate` is not, at `x ==
    rate`.
    """
    precise = value.astype(np.float64)
    epsilon = float(np.finfo(value.dtype).epsneg) if value.dtype.kind == "f" else 2.0**-8
    return (1.0 - precise - epsilon).astype(value.dtype)
