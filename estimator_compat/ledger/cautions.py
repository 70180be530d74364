"""Warnings about a loss that may not compute what its author meant."""

import dataclasses
import re
from collections.abc import Iterable

from estimator_compat.ledger.steps import Line, Operation
from estimator_compat.ledger.values import Kind, LossLedger, LossTerm, Omission, Status


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """Something in a loss that its author may not have meant.

    Attributes:
      code: The name of this kind of caution, such as "no-gradient".
      text: What the loss does, what that means, and what to do.
      lines: The lines of code that it comes from; empty if they are not known.
    """

    code: str
    text: str
    lines: tuple[Line, ...] = ()


def warnings(ledger: LossLedger) -> tuple[Caution, ...]:
    """Returns the cautions about a loss: first about all of it, then about each term."""
    of_loss = (caution(ledger) for caution in _OF_A_LOSS)
    of_terms = (caution(term) for term in ledger.terms for caution in _OF_A_TERM)
    given = (*of_loss, *of_terms, *left_out(ledger))
    return tuple(caution for caution in given if caution is not None)


def no_feature(ledger: LossLedger) -> Caution | None:
    """Returns a caution if the loss is the same for every batch."""
    if any(term.kind in (Kind.DATA, Kind.OPAQUE) for term in ledger.terms):
        return None
    return Caution(
        code="no-feature",
        text=f"The loss depends on no feature or label: it is {ledger.formula}. Expected "
        "the losses of the batch's examples; check that the model uses its inputs.",
    )


def no_gradient(ledger: LossLedger) -> Caution | None:
    """Returns a caution if the loss has no gradient for a trainable variable."""
    if any(term.trained for term in ledger.terms):
        return None
    return Caution(
        code="no-gradient",
        text="No gradient flows from the loss to a trainable variable, so that training "
        "changes nothing; check for a stop_gradient, an argmax or a cast to an integer.",
    )


def sum_and_mean(ledger: LossLedger) -> Caution | None:
    """Returns a caution if a sum over the batch is added to a mean over it.

    The proportion of the two depends on the batch size.
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
    """Returns a caution if the per-example losses of a term were not found."""
    if term.kind is not Kind.OPAQUE:
        return None
    return Caution(
        code="opaque",
        text="A part of the loss is known as one number only. The ledger reader stopped at "
        f"{term.stopped_by}. The per-example losses of this part are not known; if the model_fn "
        "has them, call loss_summaries there.",
        lines=_lines(term),
    )


def vector_loss(term: LossTerm) -> Caution | None:
    """Returns a caution if the loss is not reduced: it is still a vector."""
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
    """Returns a caution if a scalar is reduced once more."""
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
    """Returns a caution if two tensors of unequal rank were broadcast to a matrix of losses."""
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
    """Returns a caution if the sum of weighted losses is divided by the number of losses."""
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


# In the order in which they are reported.
_OF_A_LOSS = (no_feature, no_gradient, sum_and_mean)
_OF_A_TERM = (opaque, vector_loss, reduced_twice, broadcast, weights_with_mean)


# What a training step leaves out, and what that means.
_LEFT_OUT = {
    Omission.UPDATE_OPS: "train_op does not run these UPDATE_OPS: {names}. What they update, such "
    "as the moving averages of batch normalization, keeps its initial value, and EVAL uses it. Let "
    "train_op depend on them, with tf.control_dependencies.",
    Omission.KERAS_UPDATES: "train_op does not update {names}: in a graph, Keras layers add "
    "nothing to UPDATE_OPS. EVAL uses the initial value. Let train_op depend on the layer's "
    "updates.",
    Omission.REGULARIZATION_LOSSES: "The loss does not have the REGULARIZATION_LOSSES of {names}: "
    "these regularizers do nothing. Add tf.losses.get_regularization_loss() to the loss, or "
    "remove the regularizers.",
    Omission.KERAS_REGULARIZERS: "The loss does not have the regularizers of {names}: in a graph, "
    "Keras layers add nothing to REGULARIZATION_LOSSES, and these regularizers do nothing. Add "
    "the layers' `losses` to the loss, or remove the regularizers.",
    Omission.KERAS_LOSSES: "The loss does not have what Keras layers add with add_loss or an "
    "activity regularizer: {names}. It has no gradient. Add the layers' `losses` to the loss, or "
    "remove it.",
}


def left_out(ledger: LossLedger) -> tuple[Caution, ...]:
    """Returns a caution for each kind of thing that the training step leaves out."""
    return tuple(
        Caution(
            code=f"{part.value}-left-out",
            text=text.format(names=_first(n for each in found for n in each.names)),
            lines=tuple(dict.fromkeys(line for each in found for line in each.lines)),
        )
        for part, text in _LEFT_OUT.items()
        if (found := [each for each in ledger.left_out if each.part is part])
    )


def _first(names: Iterable[str], count: int = 4) -> str:
    """Lists some names, and says how many more there are."""
    names = list(names)
    more = f" and {len(names) - count} more" if len(names) > count else ""
    return ", ".join(names[:count]) + more


def hints(ledger: LossLedger) -> tuple[Caution, ...]:
    """Returns what to mind when a loss is carried to Keras. A hint says nothing against the loss.

    `tf.nn.l2_loss`, the `l2` of a ledger, is half of the sum of squares. The L2 of Keras is the
    whole sum.
    """
    given = []
    for term in ledger.terms:
        if term.kind is Kind.REGULARIZATION and term.op == "l2":
            factor = _factor(term)
            keras = "half of the factor" if factor is None else f"L2({factor / 2:.7g})"
            given.append(
                Caution(
                    code="l2-half",
                    text=f"In {term.formula}, l2 is sum(x**2) / 2, as tf.nn.l2_loss is. The L2 of "
                    f"Keras is sum(x**2), without the half: the same penalty is {keras} there.",
                    lines=_lines(term),
                )
            )
    return tuple(given)


def _factor(term: LossTerm) -> float | None:
    """Returns the number that a term is multiplied by; None if it is not constant."""
    factor = 1.0
    for step in term.steps:
        if step.value is None or step.operation not in (Operation.MULTIPLY, Operation.DIVIDE):
            return None
        factor = factor / step.value if step.divides else factor * step.value
    return factor


def differences(train: LossLedger, evaluation: LossLedger) -> tuple[Caution, ...]:
    """Returns a caution if the losses of TRAIN and EVAL are computed in different ways.

    The formulas may differ, or the numbers for the same weights and batch, which EVAL's claims
    have.
    """
    if cautions := of_formulas(train, evaluation):
        return cautions
    return tuple(
        Caution(
            code="train-eval",
            text=f"`loss` is not the same in TRAIN and EVAL: {claim.reason}. The formulas are the "
            "same, so that a part of the model differs. The two curves cannot be compared; look "
            "for what depends on `mode`.",
        )
        for claim in evaluation.claims
        if claim.probe == "modes" and claim.status is Status.REFUTED
    )


def of_formulas(train: LossLedger, evaluation: LossLedger) -> tuple[Caution, ...]:
    """Returns a caution if the formulas of TRAIN's and EVAL's losses differ."""
    only_train = _more(train.terms, evaluation.terms)
    only_eval = _more(evaluation.terms, train.terms)
    if not (only_train or only_eval):
        return ()
    return (
        Caution(
            code="train-eval",
            text="`loss` is not the same in TRAIN and EVAL. TRAIN has "
            f"{_listed(only_train)}, EVAL has {_listed(only_eval)} instead. The two curves "
            "cannot be compared; use one reduction in both, or compare `average_loss`.",
            lines=_lines(*only_train, *only_eval),
        ),
    )


def _more(terms: tuple[LossTerm, ...], others: tuple[LossTerm, ...]) -> list[LossTerm]:
    """Returns the terms that `others` does not have, or has less often."""
    unmatched = [unnumbered(term) for term in others]
    more = []
    for term in terms:
        if (text := unnumbered(term)) in unmatched:
            unmatched.remove(text)
        else:
            more.append(term)
    return more


def unnumbered(term: LossTerm) -> str:
    """Returns a term's formula without the numbers in op names, which differ between graphs."""
    return re.sub(r"_\d+\b", "", term.formula)


def _listed(terms: list[LossTerm]) -> str:
    return " + ".join(term.formula for term in terms) or "nothing"


def _lines(*terms: LossTerm) -> tuple[Line, ...]:
    """Returns the line that reduces each term, or the line that computes its losses."""
    lines: list[Line] = []
    for term in terms:
        reduced = [step.line for step in term.steps if step.reduces and step.line]
        lines += reduced[-1:] or ([term.line] if term.line else [])
    return tuple(dict.fromkeys(lines))
