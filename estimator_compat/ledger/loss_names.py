"""Names losses after what computes them: a loss function of TensorFlow, or the user's own code."""

from estimator_compat.ledger import function_bodies
from estimator_compat.ledger.op_patterns import RENAMES, strip
from estimator_compat.ledger.source_lines import may_be_users
from estimator_compat.type_aliases import Operation, Tensor

# The name of a loss, by the type of the op that computes it.
_LOSSES = {
    "SparseSoftmaxCrossEntropyWithLogits": "softmax_cross_entropy",
    "SoftmaxCrossEntropyWithLogits": "softmax_cross_entropy",
    "SquaredDifference": "squared_difference",
    "CTCLoss": "ctc_loss",
    "CTCLossV2": "ctc_loss",
}
# The name of a loss, by the function of TensorFlow that computes it.
_LOSS_FUNCTIONS = {
    "absolute_difference": "absolute_difference",
    "cosine_distance": "cosine_distance",
    "hinge_loss": "hinge",
    "huber_loss": "huber",
    "log_loss": "log_loss",
    "log_poisson_loss": "log_poisson",
    "mean_pairwise_squared_error": "pairwise_squared_difference",
    "nce_loss": "nce",
    "reduce_logsumexp": "logsumexp",
    "sampled_softmax_loss": "sampled_softmax",
    "sigmoid_cross_entropy_with_logits": "sigmoid_cross_entropy",
    "weighted_cross_entropy_with_logits": "weighted_sigmoid_cross_entropy",
}
# Ops that turn labels into smoothed labels.
_SMOOTHING = RENAMES | {"Add", "AddV2", "Cast", "Mul", "Neg", "OnesLike", "Sub"}


def loss_name(tensor: Tensor) -> str:
    """Names what a tensor of unreduced losses computes, or the type of its op."""
    return known_loss(tensor) or _snake_case(strip(tensor).op.type)


def known_loss(tensor: Tensor) -> str | None:
    """Names what a tensor of unreduced losses computes; None if the loss is not a known one."""
    inner = strip(tensor)
    if not inner.op.inputs:
        return None
    op = inner.op
    return _tensorflow_loss(op) or _LOSSES.get(op.type) or _handwritten_loss(op)


def _tensorflow_loss(op: Operation) -> str | None:
    """Names the loss function of TensorFlow that created an op, if the user's code called one."""
    for frame in reversed(list(function_bodies.original(op).traceback or ())):
        if may_be_users(frame.filename):
            return None
        if (name := frame.name.removesuffix("_v2")) in _LOSS_FUNCTIONS:
            return _LOSS_FUNCTIONS[name]
    return None


def _handwritten_loss(op: Operation) -> str | None:
    """Names a loss that the user's code computes without a loss function of TensorFlow.

    It can be a square or an absolute value of a difference, or a sum of `y * log(p)`.
    """
    if op.type in ("GatherV2", "GatherNd"):
        return known_loss(op.inputs[0])
    for op_type, name in (("Square", "squared_difference"), ("Abs", "absolute_difference")):
        if op.type == op_type and strip(op.inputs[0]).op.type == "Sub":
            return name
    negations = 0
    while op.type in ("Neg", "Sum"):
        negations += op.type == "Neg"
        op = strip(op.inputs[0]).op
    if not is_cross_entropy(op):
        return None
    negations += any(strip(factor).op.type == "Neg" for factor in op.inputs)
    return "cross_entropy" if negations % 2 else "log_likelihood"


def is_cross_entropy(op: Operation) -> bool:
    """Returns whether an op is the product of labels and log-probabilities."""
    if op.type != "Mul":
        return False
    left, right = (strip(factor).op for factor in op.inputs)
    return (_is_log(left) and _is_label(right)) or (_is_log(right) and _is_label(left))


def _is_label(op: Operation, depth: int = 6) -> bool:
    """Returns whether an op's output is labels: input, its one-hot vectors, or smoothed labels."""
    if op.type == "OneHot" or op.type.startswith(("Iterator", "Placeholder", "Const", "Fill")):
        return True
    if depth == 0 or op.type not in _SMOOTHING:
        return False
    return all(_is_label(operand.op, depth - 1) for operand in op.inputs[:2])


def _is_log(op: Operation) -> bool:
    """Returns whether an op computes log-probabilities, or their negatives."""
    if op.type == "Neg":
        op = strip(op.inputs[0]).op
    return op.type in ("LogSoftmax", "Log")


def _snake_case(op_type: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in op_type).lstrip("_")
