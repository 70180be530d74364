"""The probe "modes": TRAIN and EVAL compute the same loss from the same weights and batch."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from estimator_compat.ledger import cautions
from estimator_compat.ledger.probes import halves, leaving_out
from estimator_compat.ledger.probes.fed_graph import Values
from estimator_compat.ledger.probes.term_numbers import is_close
from estimator_compat.ledger.values import Claim, LossLedger, LossTerm, Status

PROBE = "modes"
TEXT = "EVAL computes the same loss as TRAIN, for the same weights and batch."
_ONLY_IN_TRAIN = (
    "In TRAIN, the losses of a batch's examples depend on each other, such as through the "
    "statistics of the batch; in EVAL they do not."
)


def probe(
    train: LossLedger,
    evaluation: LossLedger,
    train_values: Values | str,
    eval_values: Values | str,
    draws: Sequence[str],
) -> Claim:
    """Compares the losses of TRAIN and EVAL for the same weights and batch.

    Args:
      train: TRAIN's ledger.
      evaluation: EVAL's ledger.
      train_values: The values of TRAIN's tensors, or the reason why there are none.
      eval_values: The values of EVAL's tensors with TRAIN's weights on the same batch, or the
        reason why there are none.
      draws: The names of TRAIN's random ops, whose draws were replaced by a constant.
    """
    if isinstance(train_values, str) or isinstance(eval_values, str):
        reasons = [values for values in (train_values, eval_values) if isinstance(values, str)]
        return _claim(Status.NOT_KNOWN, reasons[0])
    losses = [float(np.sum(train_values[train.loss])), float(np.sum(eval_values[evaluation.loss]))]
    if is_close(losses[0], losses[1], 0.0):
        return _claim(Status.SHOWN)
    if draws:
        shown = ", ".join(draws[:3]) + (", ..." if len(draws) > 3 else "")
        return _claim(Status.NOT_KNOWN, f"TRAIN draws random numbers ({shown})")
    if is_coupled(train) and not is_coupled(evaluation):
        return _claim(Status.NOT_KNOWN, "TRAIN uses the statistics of its batch, EVAL does not")
    reason = f"for the same weights and batch it is {losses[0]:.6g} in TRAIN and {losses[1]:.6g} in"
    return _claim(Status.REFUTED, f"{reason} EVAL")


def is_coupled(ledger: LossLedger) -> bool:
    """Returns whether the losses of a batch's examples depend on each other in some term."""
    return any(_is_coupled(term) for term in ledger.terms)


def _is_coupled(term: LossTerm) -> bool:
    return any(
        claim.probe == leaving_out.PROBE and claim.status is Status.REFUTED for claim in term.claims
    )


def with_evaluation(train: LossLedger, evaluation: LossLedger) -> LossLedger:
    """Returns TRAIN's ledger, with what EVAL shows where only TRAIN couples the examples."""
    independent = {
        cautions.unnumbered(term): term for term in evaluation.terms if not _is_coupled(term)
    }
    terms = [
        _decoupled(term, independent[cautions.unnumbered(term)])
        if _is_coupled(term) and cautions.unnumbered(term) in independent
        else term
        for term in train.terms
    ]
    return dataclasses.replace(train, terms=tuple(terms))


def _decoupled(term: LossTerm, evaluation: LossTerm) -> LossTerm:
    """Returns a term of TRAIN with the claims that hold in EVAL."""
    probes = (leaving_out.PROBE, halves.SUM, halves.SHORT_BATCH)
    kept = [claim for claim in term.claims if claim.probe not in probes]
    taken = [claim for claim in evaluation.claims if claim.probe in probes]
    return dataclasses.replace(
        term,
        claims=(Claim(text=_ONLY_IN_TRAIN, status=Status.SHOWN, probe=PROBE), *taken, *kept),
    )


def _claim(status: Status, reason: str = "") -> Claim:
    return Claim(text=TEXT, status=status, probe=PROBE, reason=reason)
