"""What is suspicious about a loss."""

import dataclasses
import re

from estimator_compat.ledger.steps import Line, Operation
from estimator_compat.ledger.values import Kind, LossLedger, LossTerm


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """Something in a loss that its author may not have meant.

    Attributes:
      code: Tells the kinds of warning apart.
      text: What is there, what it does, and what to do.
      lines: Where it was written, where that is known.
    """

    code: str
    text: str
    lines: tuple[Line, ...] = ()


def warnings(ledger: LossLedger) -> tuple[Caution, ...]:
    """Lists what is suspicious about a loss: as a whole, then term by term."""
    of_loss = (caution(ledger) for caution in _OF_A_LOSS)
    of_terms = (caution(term) for term in ledger.terms for caution in _OF_A_TERM)
    return tuple(caution for caution in (*of_loss, *of_terms) if caution is not None)


def no_feature(ledger: LossLedger) -> Caution | None:
    """Cautions against a loss that is the same for every batch."""
    if any(term.kind in (Kind.DATA, Kind.OPAQUE) for term in ledger.terms):
        return None
    return Caution(
        code="no-feature",
        text=f"The loss depends on no feature or label: it is {ledger.formula}. Expected "
        "the losses of the batch's examples; check that the model uses its inputs.",
    )


def no_gradient(ledger: LossLedger) -> Caution | None:
    """Cautions against a loss that trains nothing."""
    if any(term.trained for term in ledger.terms):
        return None
    return Caution(
        code="no-gradient",
        text="No gradient flows from the loss to a trainable variable, so that training "
        "changes nothing; check for a stop_gradient, an argmax or a cast to an integer.",
    )


def sum_and_mean(ledger: LossLedger) -> Caution | None:
    """Cautions against a sum over the batch beside a mean over it.

    Their proportion depends on the batch size.
    """
    terms = [t for t in ledger.data_terms if not t.is_unreduced]
    sums = [t for t in terms if t.reduction == "SUM" and t.batch_axis is not None]
    means = [t for t in terms if t.reduction is not None and t.reduction != "SUM"]
    if not (sums and means):
        return None
    return Caution(
        code="sum-and-mean",
        text=f"{sums[0].formula} is a sum over the batch and {means[0].formula} a mean: with "
        "twice the batch size the first doubles and the second does not. Reduce both the same "
        "way, or divide the sum by the batch size.",
        lines=_lines(sums[0], means[0]),
    )


def opaque(term: LossTerm) -> Caution | None:
    """Cautions against a term whose per-example losses were not found."""
    if term.kind is not Kind.OPAQUE:
        return None
    return Caution(
        code="opaque",
        text=f"A part of the loss is known as one number only. The walk stopped at "
        f"{term.stopped_by}. It has no per-example losses; call loss_summaries in the "
        "model_fn if there are some.",
        lines=_lines(term),
    )


def vector_loss(term: LossTerm) -> Caution | None:
    """Cautions against a loss that is still a vector."""
    if not term.is_unreduced:
        return None
    return Caution(
        code="vector-loss",
        text=f"The loss is a vector, {term.formula}: the Estimator refuses it with 'Loss "
        "must be scalar'. These are the unreduced losses; reduce them, for example with "
        "tf.reduce_mean, and give the vector to loss_summaries.",
        lines=_lines(term),
    )


def reduced_twice(term: LossTerm) -> Caution | None:
    """Cautions against a reduction of what is a scalar already."""
    reductions = [s for s in term.steps if s.operation in (Operation.SUM, Operation.MEAN)]
    if not any(step.axes == () for step in reductions):
        return None
    return Caution(
        code="reduced-twice",
        text=f"{term.formula} reduces a scalar once more, which changes nothing: the first "
        "reduction decides. Leave the outer one out, or ask tf.losses for "
        "reduction=NONE.",
        lines=tuple(dict.fromkeys(step.line for step in reductions if step.line)),
    )


def broadcast(term: LossTerm) -> Caution | None:
    """Cautions against two tensors of unequal rank that became a matrix of losses."""
    if not term.broadcast:
        return None
    return Caution(
        code="broadcast",
        text=f"On the way to {term.op}, {term.broadcast}: every example is compared with "
        "every other, which gives [batch, batch] losses. tf.losses refuses this; squeeze "
        "the last axis of one of the two.",
        lines=_lines(term),
    )


def weights_with_mean(term: LossTerm) -> Caution | None:
    """Cautions against weighted losses that are divided by their number."""
    means = any(step.operation is Operation.MEAN for step in term.steps)
    if not (term.weightings and means):
        return None
    weights = " * ".join(step.operand for step in reversed(term.weightings))
    return Caution(
        code="weights-with-mean",
        text=f"{term.formula} weights the losses by {weights} and divides by their "
        "number, not by the weights: examples of weight 0 still pull the loss down. "
        "sum(w*l) / sum(w) is Reduction.MEAN; tf.losses divides by the number of weights "
        "that are not 0.",
        lines=_lines(term),
    )


# In the order in which they are told.
_OF_A_LOSS = (no_feature, no_gradient, sum_and_mean)
_OF_A_TERM = (opaque, vector_loss, reduced_twice, broadcast, weights_with_mean)


def differences(train: LossLedger, evaluation: LossLedger) -> tuple[Caution, ...]:
    """Compares the ledgers of TRAIN and EVAL, whose `loss` numbers a user will compare."""
    only_train = _more(train.terms, evaluation.terms)
    only_eval = _more(evaluation.terms, train.terms)
    if not (only_train or only_eval):
        return ()
    return (
        Caution(
            code="train-eval",
            text="`loss` is not the same in TRAIN and EVAL. TRAIN has "
            f"{_listed(only_train)}, EVAL has {_listed(only_eval)} in its place. The two curves "
            "cannot be compared; use one reduction in both, or compare `average_loss`.",
            lines=_lines(*only_train, *only_eval),
        ),
    )


def _more(terms: tuple[LossTerm, ...], others: tuple[LossTerm, ...]) -> list[LossTerm]:
    """The terms that the others do not have, or have less often."""
    unmatched = [_unnumbered(term) for term in others]
    more = []
    for term in terms:
        if (text := _unnumbered(term)) in unmatched:
            unmatched.remove(text)
        else:
            more.append(term)
    return more


def _unnumbered(term: LossTerm) -> str:
    """A term's formula without the numbers of its ops' names, which two graphs need not share."""
    return re.sub(r"_\d+\b", "", term.formula)


def _listed(terms: list[LossTerm]) -> str:
    return " + ".join(term.formula for term in terms) or "nothing"


def _lines(*terms: LossTerm) -> tuple[Line, ...]:
    """Where the terms were reduced; where their losses were computed if that is not known."""
    lines: list[Line] = []
    for term in terms:
        reduced = [step.line for step in term.steps if step.reduces and step.line]
        lines += reduced[-1:] or ([term.line] if term.line else [])
    return tuple(dict.fromkeys(lines))
