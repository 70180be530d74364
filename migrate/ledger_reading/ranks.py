"""How many axes a value has at least, as far as the source says it."""

from __future__ import annotations

import ast
from typing import Literal

from migrate.ledger_reading import keras_losses, tensorflow_losses
from migrate.ledger_reading.values import Kind, Value

# Functions whose result has the shape of their arguments, broadcast.
ELEMENTWISE = frozenset(
    {
        *("abs", "add", "cast", "check_numerics", "clip_by_value", "cosh", "divide", "equal"),
        *("exp", "floor", "greater", "greater_equal", "identity", "is_finite", "less"),
        *("less_equal", "log", "log1p", "logical_and", "logical_not", "logical_or", "maximum"),
        *("minimum", "mod", "multiply", "negative", "not_equal", "ones_like", "pow", "round"),
        *("rsqrt", "sigmoid", "sign", "sqrt", "square", "squared_difference", "stop_gradient"),
        *("subtract", "tanh", "to_float", "to_double", "to_int32", "to_int64", "truediv"),
        *("zeros_like", "nn.relu", "nn.sigmoid", "nn.tanh", "nn.softplus", "nn.elu", "div"),
        *("nn.leaky_relu", "div_no_nan", "divide_no_nan", "multiply_no_nan", "realdiv"),
        *("debugging.check_numerics", "convert_to_tensor", "nn.dropout", "nn.relu6"),
    }
)
REDUCTIONS = frozenset(
    f"reduce_{name}"
    for name in ("all", "any", "logsumexp", "max", "mean", "min", "prod", "std", "sum", "variance")
)
# Functions that return classes along the last axis, for each example.
_PER_CLASS = frozenset({"nn.log_softmax", "nn.softmax", "math.softmax", "math.log_softmax"})
_MOST = 40


def plain(name: str) -> str:
    """Returns a function's name without `math.`, which many have as a second name."""
    return name.removeprefix("math.")


def axes_of(call: Value) -> tuple[int, ...] | Literal["?"] | None:
    """Returns the axes that a reduction names; None for all axes, "?" if they are not known."""
    axis = call.argument("axis", "reduction_indices", "axes", position=1)
    if axis is None or axis.is_none:
        return None
    if axis.kind is Kind.CONSTANT and isinstance(axis.data, int):
        return (axis.data,)
    if axis.kind is Kind.LIST and all(isinstance(each.data, int) for each in axis.args):
        return tuple(each.data for each in axis.args)
    return "?"


def keeps_dims(call: Value) -> bool:
    """Returns whether a reduction keeps its axes, or may."""
    kept = call.argument("keepdims", "keep_dims", position=2)
    return kept is not None and kept.data is not False


def is_number(value: Value) -> bool:
    """Returns whether a value certainly has one element."""
    return _most_rank(value, 0) == 0


def has_axes(value: Value) -> bool:
    """Returns whether a value certainly has an axis."""
    return least_rank(value) >= 1


def _most_rank(value: Value, depth: int) -> int | None:
    """Returns 0 if a value certainly is one number; otherwise None."""
    if depth > _MOST:
        return None
    if "most_rank" not in value.facts:
        value.facts["most_rank"] = _find_most_rank(value, depth)
    found: int | None = value.facts["most_rank"]
    return found


def _find_most_rank(value: Value, depth: int) -> int | None:
    if value.kind is Kind.CONSTANT:
        return 0 if value.number is not None else None
    if value.kind is Kind.EITHER:
        both = [_most_rank(each, depth + 1) for each in value.args[1:]]
        return 0 if both == [0, 0] else None
    if value.kind is not Kind.CALL:
        return None
    name = plain(value.name)
    if name in ("train.get_global_step", "train.get_or_create_global_step", "nn.l2_loss", "size"):
        return 0
    if name == "placeholder_with_default":
        shape = value.argument("shape", position=1)
        return 0 if shape is not None and shape.kind is Kind.LIST and not shape.args else None
    if keras_losses.is_reduced(value):
        return 0
    if name == "rank" or tensorflow_losses.is_v1_loss(value.name):
        reduced = name == "rank" or tensorflow_losses.reduction_of(value) not in ("none", "")
        return 0 if reduced else None
    if name in REDUCTIONS:
        return 0 if axes_of(value) is None and not keeps_dims(value) else None
    if name == "add_n":
        inner = value.args[0] if value.args else value
        if inner.kind is Kind.EACH:
            return _most_rank(inner.args[0], depth + 1)
        if inner.kind is Kind.LIST and inner.args:
            ranks = [_most_rank(each, depth + 1) for each in inner.args]
            return 0 if all(rank == 0 for rank in ranks) else None
        return None
    if name in ("constant", "getitem", "strided_slice"):
        return _of_constant_or_item(value)
    if name in ELEMENTWISE and value.args:
        tensors = _tensors(value)
        ranks = [_most_rank(each, depth + 1) for each in tensors]
        return 0 if ranks and all(rank == 0 for rank in ranks) else None
    return None


def _of_constant_or_item(value: Value) -> int | None:
    first = value.args[0] if value.args else value
    if plain(value.name) == "constant":
        return 0 if first.number is not None else None
    is_index = len(value.args) > 1 and value.args[1].number is not None
    return (
        0 if is_index and plain(first.name) in ("shape", "get_shape", "method.get_shape") else None
    )


def _tensors(value: Value) -> list[Value]:
    """Returns the arguments of an elementwise function that its shape comes from."""
    if plain(value.name) in ("cast", "identity", "check_numerics", "convert_to_tensor"):
        return list(value.args[:1])
    return [
        arg
        for arg, name in zip(value.args, value.names, strict=True)
        if name not in ("name", "dtype", "keep_prob", "rate", "seed", "message")
        and not isinstance(arg.data, str | None if arg.kind is Kind.CONSTANT else ())
    ]


def least_rank(value: Value, depth: int = 0) -> int:
    """Returns how many axes a value has at least; 0 if that is not known.

    Features and labels have the axis of the batch.
    """
    if depth > _MOST:
        return 0
    if "least_rank" not in value.facts:
        value.facts["least_rank"] = _find_least_rank(value, depth)
    found: int = value.facts["least_rank"]
    return found


def _find_least_rank(value: Value, depth: int) -> int:
    if value.kind is Kind.INPUT:
        return 1
    if value.kind is Kind.ITEM and value.data is None:
        inner = value.args[0]
        is_key = value.args[1].number is None
        return 1 if is_key and least_rank(inner, depth + 1) >= 1 and _is_input(inner) else 0
    if value.kind is Kind.EITHER:
        return min(least_rank(each, depth + 1) for each in value.args[1:])
    if value.kind is not Kind.CALL:
        return 0
    return _least_of_call(value, depth)


def _is_input(value: Value) -> bool:
    while value.kind is Kind.ITEM and value.data is None:
        value = value.args[0]
    return value.kind is Kind.INPUT


def _least_of_call(value: Value, depth: int) -> int:
    name = plain(value.name)
    if value.name in tensorflow_losses.OF_ELEMENTS and name != "squared_difference":
        return max(1, _least_of_entropy(value, name, depth))
    if tensorflow_losses.is_v1_loss(value.name):
        return 1 if tensorflow_losses.reduction_of(value) == "none" else 0
    outputs = keras_losses.outputs(value)
    if outputs:  # the last axis is reduced
        least = max(least_rank(each, depth + 1) for each in outputs)
        return max(0, least - 1) if keras_losses.op_of_elements(value) else 0
    if value.name in _PER_CLASS or name in ("matmul", "one_hot", "layers.dense"):
        return 2
    if name in ("nn.bias_add", "layers.conv2d", "layers.flatten", "contrib.layers.fully_connected"):
        return 2
    if name.startswith(("boolean_mask", "gather")):
        return 1
    first = value.args[0] if value.args else None
    if first is None:
        return 0
    if name in REDUCTIONS:
        axes = axes_of(value)
        if axes == "?" or axes is None:
            return 0
        least = max(least_rank(first, depth + 1), max(axes, default=-1) + 1)
        return max(0, least - len(axes))
    if name == "getitem" and first.name.endswith("crf.crf_log_likelihood"):
        return 1
    if name == "sequence_mask":
        return least_rank(first, depth + 1) + 1
    if name in ("constant", "numpy.array", "numpy.asarray", "convert_to_tensor"):
        return 1 if first.kind is Kind.LIST else least_rank(first, depth + 1)
    if name in ("reshape",):
        shape = value.argument("shape", position=1)
        return len(shape.args) if shape is not None and shape.kind is Kind.LIST else 0
    if name == "expand_dims":
        return least_rank(first, depth + 1) + 1
    if name in ("pad", "transpose", "reverse", "cumsum", "roll", "sort", "tile"):
        return least_rank(first, depth + 1)
    if name == "squeeze":
        return min(1, least_rank(first, depth + 1))
    if name == "getitem":
        return _least_of_slice(value, depth)
    if name in ("where", "where_v2") and len(value.args) == 3:
        return max(least_rank(each, depth + 1) for each in value.args)
    if name in ELEMENTWISE:
        return max((least_rank(each, depth + 1) for each in _tensors(value)), default=0)
    return 0


def _least_of_entropy(value: Value, name: str, depth: int) -> int:
    """Returns how many axes cross entropies have at least, as far as their arguments say it."""
    labels, logits = (
        0 if each is None else least_rank(each, depth + 1)
        for each in (
            value.argument("labels", "_sentinel", position=0),
            value.argument("logits", position=1),
        )
    )
    if name.startswith("nn.sparse_softmax"):
        return max(labels, logits - 1)
    if name.startswith("nn.softmax"):
        return max(labels, logits) - 1
    return max(labels, logits) if "sigmoid" in name or "weighted" in name else 0


def may_enlarge(left: Value, right: Value) -> bool:
    """Returns whether one value gets an axis of size 1 that the other may lack.

    A product of tensors [B, 1] and [B] is [B, B], without an error.
    """
    return any(
        _is_column(one) and least_rank(other) < 2 for one, other in ((left, right), (right, left))
    )


def _is_column(value: Value) -> bool:
    """Returns whether a tensor is made [B, 1] by the code."""
    for _ in range(_MOST):
        name = plain(value.name)
        if name not in ("cast", "identity", "stop_gradient", "to_float") or not value.args:
            break
        value = value.args[0]
    if name == "expand_dims":
        axis = value.argument("axis", "dim", position=1)
        return axis is not None and axis.number in (-1.0, 1.0)
    if name == "reshape":
        shape = value.argument("shape", position=1)
        sizes = [] if shape is None or shape.kind is not Kind.LIST else shape.args
        return len(sizes) == 2 and sizes[1].number == 1.0
    if name == "getitem" and len(value.args) > 1:
        return str(value.args[1].data) in (":, None", ":, tf.newaxis", ":, np.newaxis")
    return False


def _least_of_slice(value: Value, depth: int) -> int:
    rank = least_rank(value.args[0], depth + 1)
    index = value.args[1]
    if not isinstance(index.data, str):
        return max(0, rank - 1)
    try:
        statement = ast.parse(f"x[{index.data}]").body[0]
    except SyntaxError:
        return 0
    node = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(node, ast.Subscript):
        return 0
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for part in parts:
        text = ast.unparse(part)
        if text in ("None", "tf.newaxis", "np.newaxis"):
            rank += 1
        elif not isinstance(part, ast.Slice) and text != "...":
            rank -= 1
    return max(0, rank)


def may_be_moved(value: Value, depth: int = 0) -> bool:
    """Returns whether the first axis may not be the batch: something transposes or reshapes."""
    if depth > _MOST:
        return True
    if "is_moved" not in value.facts:
        value.facts["is_moved"] = _find_moved(value, depth)
    found: bool = value.facts["is_moved"]
    return found


def _find_moved(value: Value, depth: int) -> bool:
    name = plain(value.name)
    is_loss = value.name in tensorflow_losses.OF_ELEMENTS and name != "squared_difference"
    if name in ("transpose", "reshape", "reverse_sequence", "swapaxes", "stack", "unstack"):
        return True
    if value.argument("time_major") is not None:
        return True
    if is_loss or tensorflow_losses.is_v1_loss(value.name):
        return any(_transposes(each, depth + 1) for each in value.args)
    return any(may_be_moved(each, depth + 1) for each in value.args)


def _transposes(value: Value, depth: int) -> bool:
    if depth > _MOST or plain(value.name) == "transpose" or value.argument("time_major"):
        return True
    if "transposes" not in value.facts:
        value.facts["transposes"] = any(_transposes(each, depth + 1) for each in value.args)
    found: bool = value.facts["transposes"]
    return found
