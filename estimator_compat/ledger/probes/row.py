"""The probe "row": is the loss's number the number of a row of the table of reductions?"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from estimator_compat.ledger.probes import fed_graph
from estimator_compat.ledger.probes.bench import Bench
from estimator_compat.ledger.probes.fed_graph import CannotFeed, Values
from estimator_compat.ledger.probes.term_numbers import TermNumbers, is_close, numbers_of
from estimator_compat.ledger.values import Claim, LossTerm, Status
from estimator_compat.losses import reductions

PROBE = "row"
_ROWS = ("SUM", "SUM_OVER_BATCH_SIZE", "MEAN", "SUM_BY_NONZERO_WEIGHTS")
# Weights that tell the rows apart: their sum is neither their number nor that of the nonzero ones.
TELLING = (0.5, 2.0, 0.0, 3.0, 0.25)


class _NumPy:
    """The `reductions.Arithmetic` of NumPy."""

    def sum(self, values: Any) -> Any:
        return np.sum(values)

    def ones_like(self, losses: Any) -> Any:
        return np.ones_like(losses)

    def size(self, losses: Any) -> Any:
        return np.size(losses)

    def count_nonzero(self, weights: Any, losses: Any) -> Any:
        return np.count_nonzero(np.broadcast_to(weights, np.shape(losses)))

    def divide(self, numerator: Any, denominator: Any) -> Any:
        return 0.0 if denominator == 0 else numerator / denominator


def of_row(name: str, numbers: TermNumbers) -> float:
    """Computes a row of the table from the losses and weights of a term, times its numbers."""
    weights = 1.0 if numbers.weights is None else numbers.weights
    row = reductions.find(name)
    return float(row.compute(_NumPy(), numbers.losses, weights)) * numbers.multiplier


def probe(term: LossTerm, bench: Bench) -> Claim | None:
    """Compares the term with the row that its ops suggest, on real and on telling weights.

    Returns:
      None if the ops suggest no row.
    """
    name = term.suggested_reduction
    if name is None or name == "NONE":
        return None
    text = f"The reduction is {name}, {reductions.find(name).formula}."
    rivals = set(_ROWS) - {name} if term.weightings else set()
    for values in bench.recorded:
        numbers = numbers_of(term, values)
        if not np.isfinite(numbers.number):
            continue
        if not _agrees(name, numbers):
            return _refuted(text, name, numbers)
        rivals = {rival for rival in rivals if _agrees(rival, numbers)}
    for tensor, values in telling_batches(term, bench) if rivals else ():
        numbers = numbers_of(term, values)
        if _agrees(name, numbers):
            rivals = {rival for rival in rivals if _agrees(rival, numbers)}
        elif tensor in {getattr(leaf, "name", "") for leaf in bench.inputs}:
            return _refuted(text, name, numbers)
    if rivals:
        reason = f"{' and '.join(sorted(rivals))} give the same number with these weights"
        return Claim(text=text, status=Status.NOT_KNOWN, probe=PROBE, reason=reason)
    return Claim(text=text, status=Status.SHOWN, probe=PROBE)


def _agrees(name: str, numbers: TermNumbers) -> bool:
    return is_close(of_row(name, numbers), numbers.number, numbers.scale)


def _refuted(text: str, name: str, numbers: TermNumbers) -> Claim:
    reason = f"{name} of these losses is {of_row(name, numbers):.6g}, the term {numbers.number:.6g}"
    return Claim(text=text, status=Status.REFUTED, probe=PROBE, reason=reason)


def telling_batches(term: LossTerm, bench: Bench) -> Iterator[tuple[str, Values]]:
    """Yields tensors that get telling weights, and the values of the first batch with them.

    The tensors are the weights themselves, and the inputs that they are computed from.
    """
    if bench.reason:
        return
    for step in term.weightings:
        if not step.tensor:
            continue
        weights = bench.graph.get_tensor_by_name(step.tensor)
        tensors = [weights, *fed_graph.float_inputs(weights, bench.inputs)]
        for tensor in dict.fromkeys(each.name for each in tensors if each.dtype.is_floating):
            shape = np.shape(_current(tensor, bench))
            telling = np.resize(np.array(TELLING, np.float32), shape)
            try:
                yield tensor, bench.with_values({tensor: telling})
            except CannotFeed:
                continue


def _current(name: str, bench: Bench) -> Any:
    for leaf, value in zip(bench.inputs, bench.leaves, strict=True):
        if getattr(leaf, "name", None) == name:
            return value
    return bench.whole[name]
