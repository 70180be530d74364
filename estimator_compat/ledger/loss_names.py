"""Names losses after what computes them: a loss function of TensorFlow, or the user's own code."""

from collections.abc import Collection

from estimator_compat.ledger import function_bodies, value_bounds
from estimator_compat.ledger.op_patterns import RENAMES, constant, strip
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
# Ops that turn log-probabilities into log-probabilities, their negatives or their differences.
_LOG_KEEPING = frozenset(
    {"Add", "AddV2", "ClipByValue", "Maximum", "Minimum", "Neg", "RealDiv", "Sub"}
)


def loss_name(tensor: Tensor, features: Collection[str] = ()) -> str:
    """Names what a tensor of unreduced losses computes, or the type of its op.

    Args:
      tensor: The losses.
      features: The names of the features' tensors, which are not taken for labels.
    """
    return known_loss(tensor, features) or _snake_case(strip(tensor).op.type)


def known_loss(tensor: Tensor, features: Collection[str] = ()) -> str | None:
    """Names what a tensor of unreduced losses computes; None if the loss is not a known one.

    Args:
      tensor: The losses.
      features: The names of the features' tensors, which are not taken for labels.
    """
    inner = strip(tensor)
    if not inner.op.inputs:
        return None
    op = inner.op
    return _tensorflow_loss(op) or _LOSSES.get(op.type) or _handwritten_loss(op, features)


def _tensorflow_loss(op: Operation) -> str | None:
    """Names the loss function of TensorFlow that created an op, if the user's code called one."""
    for frame in reversed(list(function_bodies.original(op).traceback or ())):
        if may_be_users(frame.filename):
            return None
        if (name := frame.name.removesuffix("_v2")) in _LOSS_FUNCTIONS:
            return _LOSS_FUNCTIONS[name]
    return None


def _handwritten_loss(op: Operation, features: Collection[str]) -> str | None:
    """Names a loss that the user's code computes without a loss function of TensorFlow.

    It can be a square or an absolute value of a difference, or a sum of `y * log(p)`.
    """
    if op.type in ("GatherV2", "GatherNd"):
        return known_loss(op.inputs[0], features)
    for op_type, name in (("Square", "squared_difference"), ("Abs", "absolute_difference")):
        if op.type == op_type and strip(op.inputs[0]).op.type == "Sub":
            return name
    negations = 0
    while op.type in ("Neg", "Sum"):
        negations += op.type == "Neg"
        op = strip(op.inputs[0]).op
    if not is_cross_entropy(op, features):
        return None
    negations += any(strip(factor).op.type == "Neg" for factor in op.inputs)
    return "cross_entropy" if negations % 2 else "log_likelihood"


def is_cross_entropy(op: Operation, features: Collection[str] = ()) -> bool:
    """Returns whether an op is the product of labels and log-probabilities.

    Args:
      op: An op.
      features: The names of the features' tensors, which are not taken for labels.
    """
    if op.type != "Mul" or any(constant(factor) is not None for factor in op.inputs):
        return False
    left, right = op.inputs
    return (_is_log(strip(left).op) and _is_label(right, features)) or (
        _is_log(strip(right).op) and _is_label(left, features)
    )


def is_label_times_log(losses: Tensor, factor: Tensor, *, is_declared: bool) -> bool:
    """Returns whether a product is a part of a cross-entropy: labels times log-probabilities.

    Args:
      losses: The factor that may be log-probabilities.
      factor: The factor that may be labels.
      is_declared: Whether the reduction declares the factor as weights. It is then labels only if
        it is a one-hot vector or a distribution.
    """
    if constant(factor) is not None:
        return False
    if is_log_probability(losses) and _is_distribution(factor):
        return True
    log = strip(losses).op
    return not is_declared and _is_log(log) and _is_label(factor)


def is_log_probability(tensor: Tensor, depth: int = 6) -> bool:
    """Returns whether a tensor is log-probabilities, their negatives, or their differences."""
    op = strip(tensor).op
    if op.type == "LogSoftmax":
        return True
    if op.type in ("Log", "Log1p"):
        return not value_bounds.bounds(op.outputs[0]).not_negative
    if op.type == "Neg" and strip(op.inputs[0]).op.type == "Softplus":
        return True
    if depth == 0 or op.type not in _LOG_KEEPING:
        return False
    return any(is_log_probability(operand, depth - 1) for operand in op.inputs[:2])


def _is_distribution(tensor: Tensor, depth: int = 6) -> bool:
    """Returns whether a tensor is one-hot vectors or probabilities, perhaps smoothed."""
    op = strip(tensor).op
    if op.type in ("OneHot", "Sigmoid", "Softmax"):
        return True
    if op.type == "Exp" and is_log_probability(op.inputs[0]):
        return True
    if depth == 0 or op.type not in _SMOOTHING | {"StopGradient"}:
        return False
    return any(_is_distribution(operand, depth - 1) for operand in op.inputs[:2])


def compares_equal(tensor: Tensor, depth: int = 4) -> bool:
    """Returns whether a tensor of truth values or of zeros and ones compares values with a class.

    It may also be one minus such a tensor.
    """
    op = strip(tensor).op
    if op.type == "Equal":
        return True
    followed = op.type in ("LogicalNot", "Sub")
    return followed and depth > 0 and any(compares_equal(t, depth - 1) for t in op.inputs)


def _is_label(tensor: Tensor, features: Collection[str] = (), depth: int = 6) -> bool:
    """Returns whether a tensor is labels: input, its one-hot vectors, or smoothed labels."""
    if tensor.name in features:
        return False
    tensor = strip(tensor) if tensor.op.type in RENAMES | {"Cast"} else tensor
    op = tensor.op
    if tensor.name in features:
        return False
    if op.type == "OneHot" or op.type.startswith(("Iterator", "Placeholder", "Const", "Fill")):
        return True
    if depth == 0 or op.type not in _SMOOTHING:
        return False
    return all(_is_label(operand, features, depth - 1) for operand in op.inputs[:2])


def _is_log(op: Operation) -> bool:
    """Returns whether an op computes log-probabilities, or their negatives."""
    if op.type == "Neg":
        op = strip(op.inputs[0]).op
    return op.type in ("LogSoftmax", "Log")


def _snake_case(op_type: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in op_type).lstrip("_")
