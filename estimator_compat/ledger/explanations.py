"""Says in words how each term of a loss behaves.

It does so for a short last batch, for weights of zero, for several replicas, and for the nearest
reduction of Keras. `short_batch`, `zero_weights` and `replicas` write what the steps of a term
suggest. Only what a probe has shown is said: `explain`.
"""

from estimator_compat.ledger.steps import Operation, Role
from estimator_compat.ledger.values import Claim, LossTerm, Status

NO_BATCH_AXIS = "No axis of the losses is the batch."
# Claims that are said only if a probe has refuted them.
_SAID_IF_REFUTED = ("row", "permutation", "leaving out", "sum")


def explain(term: LossTerm) -> tuple[str, ...]:
    """Says in sentences what probes found of a term of per-example losses.

    Returns:
      The claims of the term that are shown, and one sentence for each reason why others are not
      known. Nothing for a term that was not probed.
    """
    is_coupled = any(
        claim.probe == "leaving out" and claim.status is Status.REFUTED for claim in term.claims
    )
    claims = [claim for claim in term.claims if not (is_coupled and claim.probe == "sum")]
    sentences = [text for claim in claims if (text := _said(claim))]
    reasons: dict[str, list[str]] = {}
    for claim in claims:
        if claim.status is Status.NOT_KNOWN:
            reasons.setdefault(claim.reason, []).append(_SUBJECTS.get(claim.probe, claim.probe))
    for reason, subjects in reasons.items():
        sentences.append(f"Not known: {', '.join(dict.fromkeys(subjects))}; {reason}.")
    return tuple(dict.fromkeys(sentences))


# What a claim is about, by its probe.
_SUBJECTS = {
    "row": "the name of the reduction",
    "permutation": "which axis is the batch",
    "leaving out": "whether the examples depend on each other",
    "sum": "whether it is a sum over the examples",
    "short batch": "what a short batch does",
    "replicas": "what several replicas do",
    "zero weights": "what a weight of 0 does",
    "keras": "the equal reduction of Keras",
}


def _said(claim: Claim) -> str:
    if claim.text == NO_BATCH_AXIS and claim.status is Status.SHOWN:
        return claim.text
    if claim.probe in _SAID_IF_REFUTED:
        reason = claim.reason[:1].upper() + claim.reason[1:]
        return f"{reason}." if claim.status is Status.REFUTED else ""
    return claim.text if claim.status is Status.SHOWN else ""


def divisor(term: LossTerm) -> Role | None:
    """Returns the role of the number that divides the sum of the losses; None for no division."""
    roles = {step.role for step in term.divisors}
    if _over_the_batch(term) is Operation.MEAN:
        return Role.SIZE if roles <= {Role.CONSTANT} else Role.OTHER
    return (roles.pop() if len(roles) == 1 else Role.OTHER) if roles else None


def _over_the_batch(term: LossTerm) -> Operation | None:
    """Returns whether the first reduction is a sum or a mean; it reduces the batch axis."""
    return next((step.operation for step in term.steps if step.reduces), None)


def divisors(term: LossTerm) -> str:
    """Writes the divisors, joined by words."""
    return " and by ".join(step.operand for step in term.divisors)


# Sentences on a short last batch, by the role of the divisor.
_SHORT_BATCH = {
    None: "A short last batch sums fewer examples; evaluate()'s `loss` is the mean of these sums "
    "over batches, not over examples.",
    Role.CONSTANT: "A short last batch is still divided by {by}, as if it were full.",
    Role.COUNT_NONZERO: "A short last batch is divided by how many of its own weights are not 0, "
    "and counts as much as a full one in evaluate()'s `loss`: the mean over batches is not the "
    "dataset's mean. `average_loss` is.",
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


def static_batch(term: LossTerm) -> int | None:
    """Returns the size of a batch, if the graph knows it from the losses' shape."""
    axis = term.batch_axis
    if axis is None or term.shape is None or term.axes[axis] != "batch":
        return None
    return term.shape[axis]


def short_batch(term: LossTerm) -> str:
    """Says what a short last batch does to a term, as the steps suggest."""
    if (size := static_batch(term)) is not None:
        return f"The graph knows the size of a batch ({size}), so that no batch is short."
    text = _SHORT_BATCH.get(divisor(term), _SHORT_BATCH_OF_MEAN)
    return text.format(by=divisors(term))


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


def zero_weights(term: LossTerm) -> str:
    """Says what a weight of 0 does, as the steps suggest; "" for a term without weights."""
    if not term.weightings:
        return ""
    is_safe = any(step.operation is Operation.DIVIDE_NO_NAN for step in term.divisors)
    text = _ZERO_WEIGHT[divisor(term)]
    return text.format(by=divisors(term), nothing="0" if is_safe else "NaN")


def replicas(term: LossTerm, *, added_up: bool) -> str:
    """Says what several replicas do to a term, as the steps suggest.

    Args:
      term: A term of per-example losses.
      added_up: Whether the Estimator adds up the losses of the replicas. It does so if the last
        loss that was reduced with `tf.losses` was reduced by SUM; otherwise it averages them. See
        `tf.compat.v1.distribute.get_loss_reduction`.
    """
    role = divisor(term)
    if added_up:
        return _ADDED_UP[role in (None, Role.CONSTANT)].format(by=divisors(term))
    if role is None:
        return (
            "On N replicas each sums its own examples: the Estimator's average of the replicas is "
            "1/N of the whole sum. To keep the sum, add the replicas up."
        )
    if role is Role.CONSTANT:
        by = divisors(term)
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


# Sentences on replicas whose losses are added up, for terms that are sums, and for others.
_ADDED_UP = {
    True: "On N replicas the Estimator added up the replicas' losses, because the last tf.losses "
    "were reduced by SUM: that is the sum of the whole batch.",
    False: "On N replicas the Estimator added up the replicas' losses, because the last tf.losses "
    "were reduced by SUM. Each replica divides this term by its own divisor, so that N replicas "
    "with equal divisors give N times the loss of the whole batch.",
}
