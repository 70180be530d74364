"""The probe "zero weights": what an example of weight 0 does to the loss."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from estimator_compat.ledger import explanations
from estimator_compat.ledger.probes import fed_graph
from estimator_compat.ledger.probes.bench import Bench
from estimator_compat.ledger.probes.fed_graph import CannotFeed, Values
from estimator_compat.ledger.probes.row import TELLING
from estimator_compat.ledger.probes.term_numbers import TermNumbers, is_close, numbers_of
from estimator_compat.ledger.steps import Role
from estimator_compat.ledger.values import Claim, LossTerm, Status

PROBE = "zero weights"


def probe(term: LossTerm, bench: Bench) -> Claim | None:
    """Gives an example the weight 0, and compares the loss with the batch without that example.

    Returns:
      None if the term has no weights.
    """
    text = explanations.zero_weights(term)
    if not text:
        return None
    if reason := bench.reason or ("" if bench.size > 1 else "the batch has one example"):
        return _claim(text, Status.NOT_KNOWN, reason)
    if (batches := next(_batches(term, bench), None)) is None:
        reason = "no input of floats is the weights, and no example of the batch has the weight 0"
        return _claim(text, Status.NOT_KNOWN, reason)
    problem = _problem(term, numbers_of(term, batches.with_zero), numbers_of(term, batches.without))
    problem = problem or _problem_of_all_zero(term, batches.all_zero)
    return _claim(text, Status.REFUTED if problem else Status.SHOWN, problem)


class _Batches(NamedTuple):
    """The values of batches with weights of 0.

    Attributes:
      with_zero: An example has the weight 0.
      without: The same batch without that example.
      all_zero: All weights are 0; None if they cannot be made so.
    """

    with_zero: Values
    without: Values
    all_zero: Values | None


def _batches(term: LossTerm, bench: Bench) -> Iterator[_Batches]:
    yield from _fed_batches(term, bench)
    weights, axis = numbers_of(term, bench.whole).weights, term.batch_axis
    for row in range(bench.size):
        if weights is not None and _is_zero(weights, axis, row, bench.size):
            try:
                rest = bench.of([other for other in range(bench.size) if other != row])
            except CannotFeed:
                return
            yield _Batches(bench.whole, rest, None)


def _fed_batches(term: LossTerm, bench: Bench) -> Iterator[_Batches]:
    """Yields batches whose weights are fed, through the inputs of floats that they come from."""
    for leaf in _inputs_of_weights(term, bench):
        shape = np.shape(bench.leaves[[each is leaf for each in bench.inputs].index(True)])
        if not shape or shape[0] != bench.size:
            continue
        telling = np.resize(np.array(TELLING, np.float32) + 0.5, shape)
        telling[0] = 0.0
        try:
            with_zero = bench.with_values({leaf.name: telling})
            without = bench.with_values({leaf.name: telling}, range(1, bench.size))
            all_zero = bench.with_values({leaf.name: np.zeros_like(telling)})
        except CannotFeed:
            continue
        weights = numbers_of(term, with_zero).weights
        if weights is not None and _is_zero(weights, term.batch_axis, 0, bench.size):
            nothing = numbers_of(term, all_zero).weights
            are_zero = nothing is not None and not np.any(nothing)
            yield _Batches(with_zero, without, all_zero if are_zero else None)


def _inputs_of_weights(term: LossTerm, bench: Bench) -> Iterator[Any]:
    for step in term.weightings:
        if step.tensor:
            tensor = bench.graph.get_tensor_by_name(step.tensor)
            yield from fed_graph.float_inputs(tensor, bench.inputs)


def _is_zero(weights: np.ndarray, axis: int | None, row: int, size: int) -> bool:
    """Returns whether all weights of an example are 0."""
    if axis is None or weights.shape[axis] % size:
        return False
    times = weights.shape[axis] // size
    own = np.take(weights, range(row * times, (row + 1) * times), axis)
    return not np.any(own)


def all_zero(term: LossTerm, bench: Bench) -> Values | None:
    """Returns the values of the first batch with weights that are all 0, if they can be fed."""
    if bench.reason:
        return None
    return next((b.all_zero for b in _fed_batches(term, bench) if b.all_zero is not None), None)


def _problem(term: LossTerm, with_zero: TermNumbers, without: TermNumbers) -> str:
    """Says why the sentence is false; "" if the numbers show it."""
    role = explanations.divisor(term)
    scale = without.scale * abs(without.divisor)
    if not is_close(with_zero.numerator, without.numerator, scale):
        return "an example of weight 0 changes the sum"
    is_same = is_close(with_zero.divisor, without.divisor, 0.0)
    if role in (Role.SIZE, Role.BATCH):
        return "an example of weight 0 does not count in the divisor" if is_same else ""
    if role in (Role.COUNT_NONZERO, Role.SUM_OF_WEIGHTS, Role.CONSTANT, None) and not is_same:
        return "an example of weight 0 counts in the divisor"
    return ""


def _problem_of_all_zero(term: LossTerm, values: Values | None) -> str:
    """Compares the loss of a batch in which all weights are 0 with what the sentence says."""
    role = explanations.divisor(term)
    if values is None or role not in (Role.COUNT_NONZERO, Role.SUM_OF_WEIGHTS):
        return ""
    number, text = numbers_of(term, values).number, explanations.zero_weights(term)
    is_as_said = np.isnan(number) if text.endswith("NaN.") else number == 0
    return "" if is_as_said else f"with weights all 0 the term is {number:.6g}"


def _claim(text: str, status: Status, reason: str = "") -> Claim:
    return Claim(text=text, status=status, probe=PROBE, reason=reason)
