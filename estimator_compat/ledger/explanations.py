"""Says in words what a loss ledger means: warnings, and how each term behaves.

How it behaves: on a short last batch, with weights of zero, on several replicas, and beside the
nearest reduction of Keras.
"""

import dataclasses
import re

from estimator_compat.ledger.values import Do, Kind, Line, LossLedger, LossTerm, Role
from estimator_compat.losses import reductions


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
    terms = [t for t in ledger.data_terms if not _is_vector(t)]
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
    if _is_vector(term):
        found.append(
            Caution(
                code="vector-loss",
                text=f"The loss is a vector, {term.formula}: the Estimator refuses it with 'Loss "
                "must be scalar'. These are the unreduced losses; reduce them, for example with "
                "tf.reduce_mean, and give the vector to loss_summaries.",
                lines=_lines(term),
            )
        )
    again = [s for s in term.steps if s.do in (Do.SUM, Do.MEAN) and s.axes == ()]
    if again:
        lines = tuple(s.line for s in term.steps if s.do in (Do.SUM, Do.MEAN) and s.line)
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
        weights = " * ".join(step.by for step in reversed(term.weightings))
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


def _is_vector(term: LossTerm) -> bool:
    return term.kind is Kind.DATA and not any(step.reduces for step in term.steps)


def _is_weighted_mean_by_size(term: LossTerm) -> bool:
    return bool(term.weightings) and any(step.do is Do.MEAN for step in term.steps)


def explain(term: LossTerm) -> tuple[str, ...]:
    """Says how a term of per-example losses behaves, a sentence or two for each question.

    Returns:
      Nothing for a term that does not depend on examples.
    """
    if term.kind is not Kind.DATA or _is_vector(term):
        return ()
    return tuple(
        text
        for text in (_short_batch(term), _zero_weights(term), _replicas(term), _keras(term))
        if text
    )


def _divisor(term: LossTerm) -> Role | None:
    """What the batch's losses are divided by in the end; None for a plain sum."""
    roles = {step.role for step in term.divisors}
    if _over_the_batch(term) is Do.MEAN:
        return Role.SIZE if roles <= {Role.CONSTANT} else Role.OTHER
    return (roles.pop() if len(roles) == 1 else Role.OTHER) if roles else None


def _over_the_batch(term: LossTerm) -> Do | None:
    """How the batch is reduced: the first reduction, since the losses still have its axis."""
    return next((step.do for step in term.steps if step.reduces), None)


def _divisors(term: LossTerm) -> str:
    return " and by ".join(step.by for step in term.divisors)


_SHORT = {
    None: "A short last batch has a smaller loss, since it sums fewer examples; evaluate()'s "
    "`loss` is the mean of these sums over batches, not over examples.",
    Role.CONSTANT: "A short last batch is still divided by {by}, as if it were full: its loss is "
    "smaller by the examples that it lacks.",
    Role.OTHER: "A short last batch is divided by its own {by}; evaluate()'s `loss` is the mean "
    "over batches, in which it counts as much as a full one.",
    Role.SUM_OF_WEIGHTS: "A short last batch is divided by its own weights, and counts as much "
    "as a full one in evaluate()'s `loss`: the mean of batch means is not the dataset's mean "
    "where batches differ in weight. `average_loss` is.",
}
_SHORT_MEAN = (
    "A short last batch is averaged over its own examples, and counts as much as a full one in "
    "evaluate()'s `loss`: the mean of batch means is not the dataset's mean. `average_loss` is."
)


def _short_batch(term: LossTerm) -> str:
    if term.batch_axis is None:
        return "Its losses have no axis that is known to be the batch."
    if (size := (term.shape or ())[term.batch_axis]) is not None:
        return f"The graph knows the size of a batch ({size}), so that no batch is short."
    role, by = _divisor(term), _divisors(term)
    return _SHORT.get(role, _SHORT_MEAN).format(by=by)


_ZERO = {
    None: "An example of weight 0 adds nothing.",
    Role.SIZE: "An example of weight 0 adds nothing to the sum but still counts in the divisor, so "
    "that padding makes the loss smaller.",
    Role.BATCH: "An example of weight 0 adds nothing to the sum but still counts in the divisor.",
    Role.CONSTANT: "An example of weight 0 adds nothing; the divisor stays {by}.",
    Role.COUNT_NONZERO: "An example of weight 0 counts neither above nor below; other weights "
    "scale the loss, since they are counted and not added up. All 0 gives 0.",
    Role.SUM_OF_WEIGHTS: "An example of weight 0 counts neither above nor below. All 0 gives "
    "{nothing}.",
    Role.OTHER: "An example of weight 0 adds nothing to the sum; the divisor is {by}.",
}


def _zero_weights(term: LossTerm) -> str:
    if not term.weightings:
        return ""
    guarded = any(step.do is Do.DIVIDE_NO_NAN for step in term.divisors)
    by = _divisors(term)
    return _ZERO[_divisor(term)].format(by=by, nothing="0" if guarded else "NaN")


def _replicas(term: LossTerm) -> str:
    role = _divisor(term)
    if role is None:
        return (
            "On N replicas each sums its own examples: the Estimator's average of the replicas is "
            "1/N of the whole sum. To keep the sum, add the replicas up."
        )
    if role is Role.CONSTANT:
        by = _divisors(term)
        return (
            f"On N replicas each divides its own examples by {by}: adding the replicas up gives "
            f"the loss of the whole batch if {by} is the global batch size."
        )
    by_number = role in (Role.SIZE, Role.BATCH)
    what = "equally many examples" if by_number else "equal divisors"
    return (
        "On N replicas the Estimator averaged the replicas' losses: the same as one replica on the "
        f"whole batch only where all replicas have {what}."
    )


def _keras(term: LossTerm) -> str:
    if term.reduction is None:
        return (
            "Keras has no reduction with this divisor: take reduction=None (or 'none'), and "
            f"compute {term.formula} by hand."
        )
    row = reductions.find(term.reduction)
    unweighted = not term.weightings and not any(s.do is Do.MULTIPLY for s in term.steps)
    if unweighted and row.name in ("SUM_BY_NONZERO_WEIGHTS", "MEAN"):
        row = reductions.find("SUM_OVER_BATCH_SIZE")
    if row.keras3 is None:
        return (
            f"Keras has no {row.name} ({row.formula}): its nearest, 'sum_over_batch_size', divides "
            "by the number of elements, those of weight 0 included, and gives a smaller loss."
        )
    text = f"In Keras 3 it is reduction={row.keras3!r}"
    if row.keras2 is None:
        text += "; Keras 2 has no equal"
    if row.name == "MEAN":
        text += "; Keras 3's 'mean' is another: it divides by the number of elements"
    if len(term.shape or ()) > 1:
        text += (
            ". Keras's loss functions take the mean over the last axis before they reduce; this "
            "one does not"
            if row.name == "SUM"
            else ". Keras first takes the mean over the last "
            "axis, which gives the same where nothing is weighted within it"
        )
    return text + "."
