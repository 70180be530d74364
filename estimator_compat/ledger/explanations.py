"""Says in words how each term of a loss behaves.

It does so for a short last batch, for weights of zero, for several replicas, and for the nearest
reduction of Keras.
"""

from estimator_compat.ledger.steps import Operation, Role
from estimator_compat.ledger.values import Kind, LossTerm
from estimator_compat.losses import reductions


def explain(term: LossTerm) -> tuple[str, ...]:
    """Says in sentences how a term of per-example losses behaves.

    Returns:
      A text for each of: a short last batch, weights of zero, several replicas, the nearest
      reduction of Keras. Nothing for a term without reduced per-example losses.
    """
    if term.kind is not Kind.DATA or term.is_unreduced:
        return ()
    return tuple(
        text
        for text in (_short_batch(term), _zero_weights(term), _replicas(term), _keras(term))
        if text
    )


def _divisor(term: LossTerm) -> Role | None:
    """Returns the role of the number that divides the sum of the losses; None for no division."""
    roles = {step.role for step in term.divisors}
    if _over_the_batch(term) is Operation.MEAN:
        return Role.SIZE if roles <= {Role.CONSTANT} else Role.OTHER
    return (roles.pop() if len(roles) == 1 else Role.OTHER) if roles else None


def _over_the_batch(term: LossTerm) -> Operation | None:
    """Returns whether the first reduction is a sum or a mean; it reduces the batch axis."""
    return next((step.operation for step in term.steps if step.reduces), None)


def _divisors(term: LossTerm) -> str:
    """Writes the divisors, joined by words."""
    return " and by ".join(step.operand for step in term.divisors)


# Sentences on a short last batch, by the role of the divisor.
_SHORT_BATCH = {
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
_SHORT_BATCH_OF_MEAN = (
    "A short last batch is averaged over its own examples, and counts as much as a full one in "
    "evaluate()'s `loss`: the mean of batch means is not the dataset's mean. `average_loss` is."
)


def _short_batch(term: LossTerm) -> str:
    if term.batch_axis is None:
        return "Its losses have no axis that is known to be the batch."
    if (size := (term.shape or ())[term.batch_axis]) is not None:
        return f"The graph knows the size of a batch ({size}), so that no batch is short."
    text = _SHORT_BATCH.get(_divisor(term), _SHORT_BATCH_OF_MEAN)
    return text.format(by=_divisors(term))


# Sentences on examples of weight 0, by the role of the divisor.
_ZERO_WEIGHT = {
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
    is_safe = any(step.operation is Operation.DIVIDE_NO_NAN for step in term.divisors)
    text = _ZERO_WEIGHT[_divisor(term)]
    return text.format(by=_divisors(term), nothing="0" if is_safe else "NaN")


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
    counts_examples = role in (Role.SIZE, Role.BATCH)
    condition = "equally many examples" if counts_examples else "equal divisors"
    return (
        "On N replicas the Estimator averaged the replicas' losses: the same as one replica on the "
        f"whole batch only where all replicas have {condition}."
    )


def _keras(term: LossTerm) -> str:
    if term.reduction is None:
        return (
            "Keras has no reduction with this divisor: take reduction=None (or 'none'), and "
            f"compute {term.formula} by hand."
        )
    row = reductions.find(term.reduction)
    is_unweighted = not term.weightings and not any(
        s.operation is Operation.MULTIPLY for s in term.steps
    )
    if is_unweighted and row.name in ("SUM_BY_NONZERO_WEIGHTS", "MEAN"):
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
