"""Compares a loop's own initial values with the reference's, before they are replaced.

A loop that trains from a constant of its own, or with the same random numbers in two weights, is
wrong from its first step on, although each step is right. Both have other random numbers, so random
values are compared by their mean and standard deviation.

A loop whose weights are all constants does not initialize them: it waits to be given values. Then
nothing is compared.
"""

import itertools
import math
from collections.abc import Collection, Mapping

import numpy as np

from migrate.verifying.comparison import compare
from migrate.verifying.verdict import Comparison, Outcome

Values = Mapping[str, np.ndarray]

# Means and deviations may be this many standard errors apart.
_STANDARD_ERRORS = 8.0
# Statistics of fewer numbers are not compared. Two samples of 32 normally distributed numbers are
# apart by more than the bound with the probability 4e-11 in their means (a t distribution with 62
# degrees of freedom, above 8) and 6e-12 in their deviations (an F distribution with 31 and 31
# degrees of freedom, above 16.9). A right loop of a thousand weights passes with 1 - 4e-8.
_FEWEST = 32
# Weights of fewer numbers are not compared with each other. Of more, the first are compared first.
_FEWEST_EQUAL, _FIRST = 8, 64
_EQUAL = 1e-5


def compare_own(
    reference: Values,
    subject: Values,
    trainable: Collection[str],
    tolerance: float,
    restored: Collection[str] = (),
) -> list[Comparison] | None:
    """Compares the initial values of the variables that both have.

    Random values that fit are not identical, but training does not start from them: they are left
    out.

    Args:
      reference: The reference's initial values by variable name.
      subject: The subject's own initial values.
      trainable: The names of the trainable variables.
      tolerance: The largest equivalent difference of a constant.
      restored: The names of the variables that the reference gives the values of a checkpoint.

    Returns:
      The comparisons that differ, in the order of the reference's variables; None if the subject
      does not initialize its weights.
    """
    names = [name for name in reference if name in subject]
    random = [n for n in names if n in trainable and not _is_constant(reference[n], True)]
    if random and all(_is_uniform(subject[name]) for name in random):
        return None
    repeated = _repeated(subject, reference, random)
    comparisons: list[Comparison] = []
    for name in names:
        expected, actual = reference[name], subject[name]
        if not _is_different(expected, actual, tolerance):
            continue
        if name in restored:
            note = "not those that the reference reads from a checkpoint"
        elif _is_constant(expected, name in trainable):
            note = f"{_number(expected)} in the reference, {_number(actual)} in the subject"
        elif name in repeated:
            note = f"the same random numbers as {repeated[name]}"
        else:
            note = _distribution(expected, actual)
        if note:
            note = f"the subject's own initial values: {note}"
            comparisons.append(Comparison(name=name, outcome=Outcome.DIFFERENT, note=note))
    return comparisons


def _is_different(expected: np.ndarray, actual: np.ndarray, tolerance: float) -> bool:
    found = compare("", expected, actual, tolerance=tolerance, smallest=1e-3)
    return found.outcome is Outcome.DIFFERENT


def _is_uniform(array: np.ndarray) -> bool:
    return array.size == 0 or bool(np.all(array == array.flat[0]))


def _is_constant(array: np.ndarray, is_trainable: bool) -> bool:
    """Tells whether a variable's initial value is a constant, not random.

    All its numbers are the same. A single number may be random, unless it is 0 or 1.
    """
    if array.dtype.kind not in "fV":
        return True
    return _is_uniform(array) and (
        not is_trainable or array.size > 1 or float(array.flat[0]) in (0.0, 1.0)
    )


def _number(array: np.ndarray) -> str:
    if array.size and _is_uniform(array):
        value = array.flat[0]
        return f"{value:g}" if array.dtype.kind in "fV" else repr(np.asarray(value).tolist())
    return "several numbers"


def _distribution(expected: np.ndarray, actual: np.ndarray) -> str:
    """Returns how mean or deviation of random values differ; "" if both fit, or there are few."""
    if expected.size < _FEWEST:
        return ""
    first, second = (array.astype(np.float64).ravel() for array in (expected, actual))
    error = math.hypot(first.std(), second.std()) / math.sqrt(first.size)
    found = []
    if not abs(first.mean() - second.mean()) <= _STANDARD_ERRORS * error:
        found.append(("mean", first.mean(), second.mean()))
    if not _deviations_fit(first, second):
        found.append(("standard deviation", first.std(), second.std()))
    return "; ".join(
        f"{what} {one:.3g} in the reference, {other:.3g} in the subject"
        for what, one, other in found
    )


def _deviations_fit(first: np.ndarray, second: np.ndarray) -> bool:
    """Tells whether two samples may have the same standard deviation.

    The logarithm of a sample's deviation has a standard error of sqrt((k - 1) / 4n), with the
    kurtosis k: 3 for normal, less for truncated normal and uniform distributions.
    """
    deviations = first.std(), second.std()
    if not min(deviations) > 0:
        return False
    kurtosis = max(3.0, _kurtosis(first), _kurtosis(second))
    error = math.sqrt(2.0 * (kurtosis - 1.0) / (4.0 * first.size))
    return abs(math.log(deviations[0] / deviations[1])) <= _STANDARD_ERRORS * error


def _kurtosis(sample: np.ndarray) -> float:
    return float(np.mean(((sample - sample.mean()) / sample.std()) ** 4))


def _repeated(subject: Values, reference: Values, names: Collection[str]) -> dict[str, str]:
    """Finds weights with the random numbers of an earlier weight, perhaps by another scale.

    An initializer with a seed gives all weights that it initializes the same random numbers. In
    Keras 3, an initializer object draws its seed once. Weights that have the same random numbers in
    the reference, too, are left out.

    Returns:
      The names of the weights, with the earlier weight of each.
    """
    found: dict[str, str] = {}
    for first, second in itertools.combinations(names, 2):
        is_new = second not in found and not _are_repeated(reference[first], reference[second])
        if is_new and _are_repeated(subject[first], subject[second]):
            found[second] = first
    return found


def _are_repeated(first: np.ndarray, second: np.ndarray) -> bool:
    count = min(first.size, second.size)
    return count >= _FEWEST_EQUAL and all(
        _are_multiples(*(array.ravel()[:number].astype(np.float64) for array in (first, second)))
        for number in (min(count, _FIRST), count)
    )


def _are_multiples(one: np.ndarray, other: np.ndarray) -> bool:
    if _is_uniform(one) or _is_uniform(other):
        return False
    scale = float(one @ other) / float(one @ one)
    return bool(np.abs(scale * one - other).max() <= _EQUAL * np.abs(other).max())
