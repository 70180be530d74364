"""Probes by two parts of a batch: "sum", "short batch" and "replicas".

The parts are what a short batch or two replicas have; they are compared with the whole batch.
"""

import enum
from typing import NamedTuple

from estimator_compat.ledger import explanations
from estimator_compat.ledger.probes.bench import Bench
from estimator_compat.ledger.probes.fed_graph import CannotFeed
from estimator_compat.ledger.probes.term_numbers import TermNumbers, is_close, numbers_of
from estimator_compat.ledger.steps import Role
from estimator_compat.ledger.values import Claim, LossTerm, Status

REPLICAS, SHORT_BATCH, SUM = "replicas", "short batch", "sum"
_NO_SUM = "the sums of two parts of a batch do not add up to the sum of the whole batch"
_NO_SUM_OF_DIVISORS = (
    "the divisors of two parts of a batch do not add up to the divisor of the whole batch"
)
SUM_TEXT = "The term is a sum over the examples, divided by a sum over the examples."


class Parts(enum.Enum):
    """What the divisor of the whole batch is of the divisors of its two parts."""

    SUM = enum.auto()
    SAME = enum.auto()
    OTHER = enum.auto()


class Halves(NamedTuple):
    """A term on a batch and on two parts of it, which have unequally many examples.

    The batch is divided in two ways, at a place and by turns. What is said of all parts holds for
    both ways; `parts` are those of the first way.

    Attributes:
      whole: The term on the whole batch.
      parts: The term on each part.
      sizes: The numbers of examples of the parts.
      is_sum: Whether the numerators of the parts add up to that of the whole batch.
      divisor: What the divisor of the whole batch is of those of the parts.
    """

    whole: TermNumbers
    parts: tuple[TermNumbers, TermNumbers]
    sizes: tuple[int, int]
    is_sum: bool
    divisor: Parts


def halves(term: LossTerm, bench: Bench) -> Halves | str:
    """Computes a term on two parts of the first batch, or says why that cannot be done."""
    if reason := bench.reason or ("" if bench.size > 1 else "the batch has one example"):
        return reason
    rows = list(range(bench.size))
    first = bench.size - max(1, bench.size // 3)
    divisions = ((rows[:first], rows[first:]), (rows[::2], rows[1::2]))
    try:
        whole = numbers_of(term, bench.whole)
        (one, two), *others = (
            [numbers_of(term, bench.of(part)) for part in division] for division in divisions
        )
    except CannotFeed as error:
        return str(error)
    scale = whole.scale * abs(whole.divisor)
    pairs = [(one, two), *others]
    return Halves(
        whole,
        (one, two),
        (first, bench.size - first),
        all(is_close(whole.numerator, a.numerator + b.numerator, scale) for a, b in pairs),
        _divisor([(whole.divisor, a.divisor, b.divisor) for a, b in pairs]),
    )


def _divisor(divisors: list[tuple[float, float, float]]) -> Parts:
    """Says what the divisor of a batch is of those of its parts, in each way to divide it."""
    if all(is_close(whole, one + two, 0.0) for whole, one, two in divisors):
        return Parts.SUM
    if all(is_close(whole, one, 0.0) and is_close(whole, two, 0.0) for whole, one, two in divisors):
        return Parts.SAME
    return Parts.OTHER


def probe(term: LossTerm, bench: Bench, *, added_up: bool) -> list[Claim]:
    """Judges the sentences on a short last batch and on replicas.

    Args:
      term: The term.
      bench: The batches.
      added_up: Whether the Estimator adds up the losses of replicas: see `explanations.replicas`.
    """
    short_batch = explanations.short_batch(term)
    replicas = explanations.replicas(term, added_up=added_up)
    found = halves(term, bench)
    if isinstance(found, str):
        claims = [_exchanged(term, bench) or _unknown_sum(found)]
        claims.append(_claim(SHORT_BATCH, short_batch, Status.NOT_KNOWN, found))
        claims.append(_claim(REPLICAS, replicas, Status.NOT_KNOWN, found))
    else:
        problem = _problem(term, found)
        status = Status.REFUTED if problem else Status.SHOWN
        claims = [
            _sum_claim(is_sum=found.is_sum, are_divisors=found.divisor is not Parts.OTHER),
            _claim(SHORT_BATCH, short_batch, status, problem),
        ]
        if not problem and explanations.divisor(term) is Role.OTHER:
            problem = "" if found.divisor is Parts.SUM else _NO_SUM_OF_DIVISORS
        claims.append(_replicas(found, replicas, problem))
    if term.batch_axis is None:
        del claims[1]  # no sentence on a batch that is not known
    elif explanations.static_batch(term) is not None:
        claims[1] = _claim(SHORT_BATCH, short_batch, Status.SHOWN)  # the static shape shows it
    return claims


def _unknown_sum(reason: str) -> Claim:
    return Claim(text=SUM_TEXT, status=Status.NOT_KNOWN, probe=SUM, reason=reason)


def _exchanged(term: LossTerm, bench: Bench) -> Claim | None:
    """Judges the sum by batches of full size, for a graph that knows the size of a batch.

    With the parts A and B of a batch, a sum over the examples of (A, A) and of (B, B) is twice that
    of (A, B). If the number of examples is odd, the last one is in all three.

    Returns:
      None if such batches cannot be made either.
    """
    if bench.reason or bench.size < 2:
        return None
    half = bench.size // 2
    first, second, rest = range(half), range(half, 2 * half), range(2 * half, bench.size)
    try:
        one, two, both = (
            numbers_of(term, bench.of([*a, *b, *rest]))
            for a, b in ((first, first), (second, second), (first, second))
        )
    except CannotFeed:
        return None
    scale = both.scale * abs(both.divisor)
    is_sum = is_close(one.numerator + two.numerator, 2 * both.numerator, scale)
    divisor = is_close(one.divisor + two.divisor, 2 * both.divisor, 0.0)
    return _sum_claim(is_sum=is_sum, are_divisors=divisor)


def _sum_claim(*, is_sum: bool, are_divisors: bool) -> Claim:
    reason = "" if is_sum else _NO_SUM
    if is_sum and not are_divisors:
        reason = _NO_SUM_OF_DIVISORS
    status = Status.REFUTED if reason else Status.SHOWN
    return Claim(text=SUM_TEXT, status=status, probe=SUM, reason=reason)


# What becomes of the divisor of a term, by its role, if a batch is divided into parts.
_EXPECTED = {
    None: Parts.SAME,
    Role.CONSTANT: Parts.SAME,
    Role.SIZE: Parts.SUM,
    Role.BATCH: Parts.SUM,
    Role.COUNT_NONZERO: Parts.SUM,
    Role.SUM_OF_WEIGHTS: Parts.SUM,
}


def _problem(term: LossTerm, found: Halves) -> str:
    """Says why the sentences are false; "" if the parts show them."""
    if not found.is_sum:
        return _NO_SUM
    role = explanations.divisor(term)
    if role in _EXPECTED and found.divisor is not _EXPECTED[role]:
        return "the divisor of a part of the batch is another than its role says"
    if role is Role.OTHER and found.divisor is Parts.SAME:
        return "the divisor is the same for a part of the batch"
    return ""


def _replicas(found: Halves, text: str, problem: str) -> Claim:
    if not problem:
        return _claim(REPLICAS, text, Status.SHOWN)
    first, second = (part.number for part in found.parts)
    whole = found.whole.number
    averages = ((first + second) / 2, first + second)
    if any(is_close(whole, number, found.whole.scale) for number in averages):
        return _claim(REPLICAS, text, Status.REFUTED, problem)
    sizes = " and ".join(str(size) for size in found.sizes)
    shown = (
        "On replicas, neither the average nor the sum of the replicas' losses is the loss of the "
        f"whole batch: with {sizes} examples they are {averages[0]:.4g} and {averages[1]:.4g}, and "
        f"of the whole batch it is {whole:.4g}."
    )
    return _claim(REPLICAS, shown, Status.SHOWN)


def _claim(probe: str, text: str, status: Status, reason: str = "") -> Claim:
    return Claim(text=text, status=status, probe=probe, reason=reason)
