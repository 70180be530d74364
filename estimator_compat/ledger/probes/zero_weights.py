"""The probe "zero weights": what an example of weight 0 does to the loss."""

from collections.abc import Iterator

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
    reason = "no input of floats gives the weights, and no example of the batch has the weight 0"
    for with_zero, without, all_zero in _batches(term, bench):
        try:
            numbers = [numbers_of(term, values) for values in (with_zero, without)]
            problem = _problem(term, *numbers) or _problem_of_all_zero(term, all_zero)
        except CannotFeed as error:
            reason = str(error)
            continue
        if problem:
            return _claim(text, Status.REFUTED, problem)
        return _claim(text, Status.SHOWN)
    return _claim(text, Status.NOT_KNOWN, reason)


def _batches(term: LossTerm, bench: Bench) -> Iterator[tuple[Values, Values, Values | None]]:
    """Yields a batch with an example of weight 0, the batch without it, and with weights all 0."""
    weights, axis = numbers_of(term, bench.whole).weights, term.batch_axis
    for step in term.weightings:
        if not step.tensor:
            continue
        tensor = bench.graph.get_tensor_by_name(step.tensor)
        for leaf in fed_graph.float_inputs(tensor, bench.inputs):
            shape = np.shape(bench.leaves[[each is leaf for each in bench.inputs].index(True)])
            if not shape or shape[0] != bench.size:
                continue
            telling = np.resize(np.array(TELLING, np.float32) + 0.5, shape)
            telling[0] = 0.0
            rest = range(1, bench.size)
            try:
                yield (
                    bench.with_values({leaf.name: telling}),
                    bench.with_values({leaf.name: telling}, rest),
                    bench.with_values({leaf.name: np.zeros_like(telling)}),
                )
            except CannotFeed:
                continue
    if weights is None or axis is None or weights.shape[axis] != bench.size:
        return
    for row in range(bench.size):
        if not np.any(np.take(weights, row, axis)):
            try:
                yield bench.whole, bench.of([r for r in range(bench.size) if r != row]), None
            except CannotFeed:
                continue


def all_zero(term: LossTerm, bench: Bench) -> Values | None:
    """Returns the values of the first batch with weights that are all 0, if they can be fed."""
    if bench.reason:
        return None
    return next((values for _, _, values in _batches(term, bench) if values is not None), None)


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
