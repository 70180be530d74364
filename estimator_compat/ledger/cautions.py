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
    """Lists what is suspicious about a loss."""
    found = [*_about_the_loss(ledger), *_mixed(ledger)]
    for term in ledger.terms:
        found += _about(term)
    return tuple(found)


def _about_the_loss(ledger: LossLedger) -> list[Caution]:
    found = []
    if not any(term.kind in (Kind.DATA, Kind.OPAQUE) for term in ledger.terms):
        found.append(
            Caution(
                code="no-feature",
                text=f"The loss depends on no feature or label: it is {ledger.formula}. Expected "
                "the losses of the batch's examples; check that the model uses its inputs.",
            )
        )
    if not any(term.trained for term in ledger.terms):
        found.append(
            Caution(
                code="no-gradient",
                text="No gradient flows from the loss to a trainable variable, so that training "
                "changes nothing; check for a stop_gradient, an argmax or a cast to an integer.",
            )
        )
    return found


def _mixed(ledger: LossLedger) -> list[Caution]:
    """A sum over the batch beside a mean over it: their proportion depends on the batch size."""
    terms = [t for t in ledger.data_terms if not t.is_unreduced]
    sums = [t for t in terms if t.reduction == "SUM" and t.batch_axis is not None]
    means = [t for t in terms if t.reduction is not None and t.reduction != "SUM"]
    if not (sums and means):
        return []
    return [
        Caution(
            code="sum-and-mean",
            text=f"{sums[0].formula} is a sum over the batch and {means[0].formula} a mean: with "
            "twice the batch size the first doubles and the second does not. Reduce both the same "
            "way, or divide the sum by the batch size.",
            lines=_lines(sums[0], means[0]),
        )
    ]


def _about(term: LossTerm) -> list[Caution]:
    found = []
    if term.kind is Kind.OPAQUE:
        found.append(
            Caution(
                code="opaque",
                text=f"A part of the loss is known as one number only. The walk stopped at "
                f"{term.stopped_by}. It has no per-example losses; call loss_summaries in the "
                "model_fn if there are some.",
                lines=_lines(term),
            )
        )
    if term.is_unreduced:
        found.append(
            Caution(
                code="vector-loss",
                text=f"The loss is a vector, {term.formula}: the Estimator refuses it with 'Loss "
                "must be scalar'. These are the unreduced losses; reduce them, for example with "
                "tf.reduce_mean, and give the vector to loss_summaries.",
                lines=_lines(term),
            )
        )
    again = [
        s for s in term.steps if s.operation in (Operation.SUM, Operation.MEAN) and s.axes == ()
    ]
    if again:
        lines = tuple(
            s.line for s in term.steps if s.operation in (Operation.SUM, Operation.MEAN) and s.line
        )
        found.append(
            Caution(
                code="reduced-twice",
                text=f"{term.formula} reduces a scalar once more, which changes nothing: the first "
                "reduction decides. Leave the outer one out, or ask tf.losses for "
                "reduction=NONE.",
                lines=tuple(dict.fromkeys(lines)),
            )
        )
    if term.broadcast:
        found.append(
            Caution(
                code="broadcast",
                text=f"On the way to {term.op}, {term.broadcast}: every example is compared with "
                "every other, which gives [batch, batch] losses. tf.losses refuses this; squeeze "
                "the last axis of one of the two.",
                lines=_lines(term),
            )
        )
    if _is_weighted_mean_by_size(term):
        weights = " * ".join(step.operand for step in reversed(term.weightings))
        found.append(
            Caution(
                code="weights-with-mean",
                text=f"{term.formula} weights the losses by {weights} and divides by their "
                "number, not by the weights: examples of weight 0 still pull the loss down. "
                "sum(w*l) / sum(w) is Reduction.MEAN; tf.losses divides by the number of weights "
                "that are not 0.",
                lines=_lines(term),
            )
        )
    return found


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
    left = [_unnumbered(term) for term in others]
    found = []
    for term in terms:
        if (text := _unnumbered(term)) in left:
            left.remove(text)
        else:
            found.append(term)
    return found


def _unnumbered(term: LossTerm) -> str:
    """A term's formula without the numbers of its ops' names, which two graphs need not share."""
    return re.sub(r"_\d+\b", "", term.formula)


def _listed(terms: list[LossTerm]) -> str:
    return " + ".join(term.formula for term in terms) or "nothing"


def _lines(*terms: LossTerm) -> tuple[Line, ...]:
    """Where the terms were reduced; where their losses were computed if that is not known."""
    found = []
    for term in terms:
        reduced = [step.line for step in term.steps if step.reduces and step.line]
        found += reduced[-1:] or ([term.line] if term.line else [])
    return tuple(dict.fromkeys(found))


def _is_weighted_mean_by_size(term: LossTerm) -> bool:
    return bool(term.weightings) and any(step.operation is Operation.MEAN for step in term.steps)
