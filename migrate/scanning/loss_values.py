"""What an expression is as a loss: losses one by one, or a scalar, and how that was reduced.

The answers are read from the source and are certain, or there is no answer.
"""

from __future__ import annotations

import ast
import dataclasses
import enum
import re

from migrate.scanning.keras_losses import (
    is_keras_class,
    is_keras_function,
    reduction_argument,
)
from migrate.scanning.syntax import SourceModule, api_name, argument, has_stars


class Form(enum.Enum):
    """How losses are put together."""

    ELEMENTS = "losses one by one"
    MEAN = "a mean"
    SUM = "a sum"


@dataclasses.dataclass(frozen=True, slots=True)
class LossValue:
    """A loss, as an expression computes it.

    Attributes:
      form: Its form; every form but `ELEMENTS` is a scalar.
      call: The call that made it so.
      function: The name of the called function, below `tf`.
    """

    form: Form
    call: ast.Call
    function: str


# The functions of `tf.losses`, with the positions of `weights` and `reduction`.
V1_LOSSES = {
    "absolute_difference": (2, 5),
    "compute_weighted_loss": (1, 4),
    "cosine_distance": (3, 6),
    "hinge_loss": (2, 5),
    "huber_loss": (2, 6),
    "log_loss": (2, 6),
    "mean_squared_error": (2, 5),
    "sigmoid_cross_entropy": (2, 6),
    "softmax_cross_entropy": (2, 6),
    "sparse_softmax_cross_entropy": (2, 5),
}
# The cross entropies of `tf.nn`.
LOSSES_OF_ELEMENTS = frozenset(
    f"nn.{name}"
    for name in (
        "sigmoid_cross_entropy_with_logits",
        "softmax_cross_entropy_with_logits",
        "softmax_cross_entropy_with_logits_v2",
        "sparse_softmax_cross_entropy_with_logits",
        "weighted_cross_entropy_with_logits",
    )
)
_REDUCE = {"reduce_mean": Form.MEAN, "reduce_sum": Form.SUM}
# What losses are written with by hand.
_BY_HAND = frozenset(
    {"abs", "math.abs", "math.square", "math.squared_difference", "square", "squared_difference"}
)
# How labels are called.
LABELS = re.compile(r"(?:\w+_)?(?:labels?|targets?)|y|y_|y_true|y_batch|real|(?:ground_)?truth")
# Every loss begins with one of these.
LOSSES = frozenset(
    {*_BY_HAND, *LOSSES_OF_ELEMENTS, "keras.losses", "losses", "nn.compute_average_loss"}
)
_SAME = frozenset(
    {"identity", "cast", "stop_gradient", "convert_to_tensor", "debugging.check_numerics"}
)
# The last word of a reduction, in lower case; the ones of Keras, too.
_REDUCTIONS = {
    "none": Form.ELEMENTS,
    "sum": Form.SUM,
    "mean": Form.MEAN,
    "auto": Form.MEAN,
    "sum_over_batch_size": Form.MEAN,
    "sum_by_nonzero_weights": Form.MEAN,
    "sum_over_nonzero_weights": Form.MEAN,
    "mean_with_sample_weight": Form.MEAN,
}
_DEEPEST = 12


class LossReader:
    """Reads losses from the expressions of one module."""

    def __init__(self, module: SourceModule) -> None:
        self._module = module

    def read(self, node: ast.AST, depth: int = 0) -> LossValue | None:
        """Returns what an expression is as a loss; None if that is not certain."""
        if depth > _DEEPEST:
            return None
        if isinstance(node, ast.Name):
            return self._read_name(node, depth)
        if isinstance(node, ast.Call):
            return self._read_call(node, depth)
        if isinstance(node, ast.BinOp):
            return self._read_operation(node.op, node.left, node.right, depth)
        if isinstance(node, ast.AugAssign):
            return self._read_operation(node.op, node.target, node.value, depth)
        return None

    def _read_name(self, node: ast.Name, depth: int) -> LossValue | None:
        binding = self._module.binding(node)
        if binding is None or binding.value is None:
            return None
        if binding.element is None:
            return self.read(binding.value, depth + 1)
        if isinstance(binding.value, ast.Tuple):
            return self.read(binding.value.elts[binding.element], depth + 1)
        if isinstance(binding.value, ast.Call):
            return self._read_returned(binding.value, binding.element, depth)
        return None

    def _read_call(self, call: ast.Call, depth: int) -> LossValue | None:
        name = api_name(self._module.symbol(call.func))
        if not name:
            return self._read_loss_object(call) or self._read_returned(call, None, depth)
        if is_v1_loss(call, name, self._module):
            position = V1_LOSSES[name.removeprefix("losses.")][1]
            return self._with_reduction(call, name, argument(call, "reduction", position))
        if name in LOSSES_OF_ELEMENTS or is_keras_function(name):
            return LossValue(Form.ELEMENTS, call, name)
        if name in _REDUCE:
            return self._read_reduction(call, name, depth)
        if name in _BY_HAND and self._is_of_labels(call):
            return LossValue(Form.ELEMENTS, call, name)
        if name in _SAME and call.args:
            return self.read(call.args[0], depth + 1)
        if name == "nn.compute_average_loss":
            return LossValue(Form.MEAN, call, name)
        return None

    def _is_of_labels(self, call: ast.Call) -> bool:
        """Tells whether `tf.square(labels - x)` and the like is of labels, by their name."""
        sides = list(call.args)
        if len(sides) == 1:
            inner = self._module.value_of(sides[0])
            if not isinstance(inner, ast.BinOp) or not isinstance(inner.op, ast.Sub):
                return False
            sides = [inner.left, inner.right]
        names = [side.id for side in sides if isinstance(side, ast.Name)]
        return len(sides) == 2 and any(LABELS.fullmatch(name) for name in names)

    def _read_reduction(self, call: ast.Call, name: str, depth: int) -> LossValue | None:
        if has_stars(call) or len(call.args) != 1 or reduces_partly(call):
            return None
        inner = self.read(call.args[0], depth + 1)
        if inner is None:
            return None
        return LossValue(_REDUCE[name], call, name) if inner.form is Form.ELEMENTS else inner

    def _read_loss_object(self, call: ast.Call) -> LossValue | None:
        """Reads the call of a Keras loss that was made before."""
        made = self._module.value_of(call.func)
        if not isinstance(made, ast.Call):
            return None
        name = api_name(self._module.symbol(made.func))
        if not is_keras_class(name):
            return None
        value = self._with_reduction(made, name, reduction_argument(made, name))
        return value and LossValue(value.form, call, name)

    def _with_reduction(
        self, call: ast.Call, name: str, reduction: ast.expr | None
    ) -> LossValue | None:
        if reduction is None:
            return None if has_stars(call) else LossValue(Form.MEAN, call, name)
        form = _REDUCTIONS.get(self.reduction_name(reduction))
        return None if form is None else LossValue(form, call, name)

    def reduction_name(self, node: ast.expr) -> str:
        """Returns the last word of a reduction in lower case; "" if it is not known."""
        value = self._module.value_of(node)
        if isinstance(value, ast.Constant):
            return str(value.value).lower()
        if isinstance(value, ast.Attribute) and self._module.symbol(value):
            return value.attr.lower()
        return ""

    def _read_returned(self, call: ast.Call, element: int | None, depth: int) -> LossValue | None:
        """Reads what a function of the module returns, if it has one `return`."""
        function = self._module.value_of(call.func)
        if isinstance(function, ast.Lambda):
            return self.read(function.body, depth + 1) if element is None else None
        if not isinstance(function, ast.FunctionDef):
            return None
        returns = self._module.returns(function)
        if len(returns) != 1 or returns[0].value is None:
            return None
        value = self._module.value_of(returns[0].value)
        if element is None:
            return None if isinstance(value, ast.Tuple) else self.read(value, depth + 1)
        if not isinstance(value, ast.Tuple) or element >= len(value.elts):
            return None
        return self.read(value.elts[element], depth + 1)

    def _read_operation(
        self, op: ast.operator, left: ast.expr, right: ast.expr, depth: int
    ) -> LossValue | None:
        if isinstance(op, ast.MatMult):
            return None
        read = [self.read(side, depth + 1) for side in (left, right)]
        both = [value for value in read if value is not None]
        if any(value.form is Form.ELEMENTS for value in both):
            return next(value for value in both if value.form is Form.ELEMENTS)
        numbers = [side for side in (left, right) if isinstance(side, ast.Constant)]
        if len(both) == 1 and numbers and isinstance(op, ast.Mult):
            return both[0]
        if len(both) == 2 and isinstance(op, ast.Add) and both[0].form is both[1].form:
            return both[0]
        return None


def is_v1_loss(call: ast.Call, name: str, module: SourceModule) -> bool:
    """Tells whether a call is one of TensorFlow 1's `tf.losses`, not Keras's of the same name."""
    if not name.startswith("losses.") or name.removeprefix("losses.") not in V1_LOSSES:
        return False
    if name != "losses.mean_squared_error" or ".v1." in module.symbol(call.func):
        return True
    return any(keyword.arg in ("labels", "predictions", "weights") for keyword in call.keywords)


def reduces_partly(call: ast.Call) -> bool:
    """Tells whether a call of `tf.reduce_*` names an axis, or keeps the dimensions."""
    names = {"axis", "keepdims", "keep_dims", "reduction_indices"}
    return len(call.args) > 1 or any(keyword.arg in names for keyword in call.keywords)
