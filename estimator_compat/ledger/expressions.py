"""Writes tensors as expressions, in the names that their source has for them."""

from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from estimator_compat.ledger.formulas import is_compound
from estimator_compat.ledger.input_names import is_label
from estimator_compat.ledger.loss_names import known_loss, loss_name
from estimator_compat.ledger.op_patterns import (
    RENAMES,
    constant,
    count_of,
    keeps_values,
    only_adds_axes,
    renamed,
    same_values,
    shaped_as,
    strip,
    without_ones,
)
from estimator_compat.type_aliases import Operation, Tensor

_VALUE_KEEPING = RENAMES | {
    "Cast",
    "StopGradient",
    "ReadVariableOp",
    "PreventGradient",
    "BroadcastTo",
}
_INFIX = {"Add": "+", "AddV2": "+", "Sub": "-", "Mul": "*", "RealDiv": "/", "DivNoNan": "/"}
_INFIX |= {"Div": "/", "Pow": "**", "Greater": ">", "GreaterEqual": ">=", "Less": "<"}
_INFIX |= {"LessEqual": "<=", "Equal": "==", "NotEqual": "!="}
_CALLS = {"Maximum": "max", "Minimum": "min", "Exp": "exp", "Log": "log", "Sqrt": "sqrt"}
_CALLS |= {"Square": "square", "Abs": "abs", "Sigmoid": "sigmoid", "L2Loss": "l2"}
_CALLS |= {"Softplus": "softplus", "Tanh": "tanh", "Size": "size", "LogicalNot": "not "}
# How many ops an expression may nest, for any tensor and for a tensor of losses.
_DEPTH = 8
_LOSS_DEPTH = 4
# The longest expression of losses, in characters. A longer expression is replaced by a name.
_LONGEST = 120


class TensorExpressions:
    """The expressions of a graph's tensors.

    Args:
      input_names: The names of features and labels, by the names of their tensors.
      may_be_loss: Returns whether a tensor can be a loss, and not a weight or a count.
    """

    def __init__(
        self, input_names: Mapping[str, str], may_be_loss: Callable[[Tensor], bool]
    ) -> None:
        self._input_names, self._may_be_loss = input_names, may_be_loss
        self._features = {
            tensor
            for tensor, name in input_names.items()
            if name.startswith("features") and not is_label(name)
        }
        self._named: dict[str, list[Tensor]] | None = None

    def of_one_formula(self) -> "TensorExpressions":
        """Returns expressions in which two different losses do not have the same name.

        The second loss of a name is numbered, such as `squared_difference_2`.
        """
        numbered = TensorExpressions(self._input_names, self._may_be_loss)
        numbered._named = {}
        return numbered

    def _numbered(self, name: str, tensor: Tensor) -> str:
        """Returns the name of a loss, with a number if another loss of the formula has it."""
        if self._named is None:
            return name
        others = self._named.setdefault(name, [])
        index = next((i for i, other in enumerate(others) if same_values(tensor, other)), None)
        if index is None:
            index = len(others)
            others.append(tensor)
        return f"{name}_{index + 1}" if index else name

    def of(self, tensor: Tensor, depth: int = _DEPTH) -> str:
        """Writes a tensor as an expression, with the names that the source code has.

        Args:
          tensor: A tensor of the graph.
          depth: How many ops the expression may nest. Deeper ops are written as their names.
        """
        if tensor.name in self._input_names:
            return self._input_names[tensor.name]
        op, op_type = tensor.op, tensor.op.type
        if (number := constant(tensor)) is not None:
            return f"{number:.7g}"
        if op_type == "Cast" and not keeps_values(op):
            return f"{tensor.dtype.name}({self.of(op.inputs[0], depth)})"
        if op_type in _VALUE_KEEPING:
            return self.of(renamed(tensor), depth)
        if self._may_be_loss(tensor):
            name = known_loss(tensor, self._features)
            if name is not None:
                return self._numbered(name, tensor)
        if op_type == "Const":
            return _vector(tensor)
        if depth == 0 or not op.inputs:
            return str(op.name)
        return self._of_op(op, depth - 1)

    def of_losses(self, tensor: Tensor) -> str:
        """Writes a tensor of unreduced losses as an expression; a long one becomes a name."""
        text = self.of(_without_unit(strip(tensor)), _LOSS_DEPTH)
        if len(text) > _LONGEST or text.startswith(tensor.op.name):
            return loss_name(tensor, self._features)
        return text

    def _of_op(self, op: Operation, depth: int) -> str:
        op_type = op.type
        if (counted := count_of(op)) is not None:
            text = _broadcast(self.of(counted, depth), counted, op.inputs[0])
            return f"count({_in_parentheses(text)} != 0)"
        if op_type in ("Sum", "Mean", "Max", "Min", "Prod"):
            return self._of_reduction(op, depth)
        if op_type == "Less" and "SequenceMask" in op.name:
            return f"sequence_mask({self.of(op.inputs[1], depth)})"
        if op_type == "StridedSlice" and only_adds_axes(op):
            return self.of(op.inputs[0], depth)
        if op_type == "StridedSlice" and op.inputs[0].op.type == "Shape":
            begin = tf.get_static_value(op.inputs[1])
            index = "" if begin is None else f"[{int(begin[0])}]"
            return f"shape({self.of(op.inputs[0].op.inputs[0], depth)}){index}"
        if op_type in _INFIX:
            left, right = self._operands(op, depth)
            return f"{_in_parentheses(left)} {_INFIX[op_type]} {_in_parentheses(right)}"
        if op_type == "AddN":
            return " + ".join(self.of(addend, depth) for addend in op.inputs)
        if op_type == "Neg":
            return f"-{_in_parentheses(self.of(op.inputs[0], depth))}"
        if op_type == "GatherV2":
            values, indices = (self.of(operand, depth) for operand in op.inputs[:2])
            return f"{_in_parentheses(values)}[{indices}]"
        if op_type in ("Reciprocal", "Inv"):
            return f"1 / {_in_parentheses(self.of(op.inputs[0], depth))}"
        if op_type == "Size":
            return f"size({self.of(op.inputs[0], depth)})"
        if op_type in _CALLS:
            arguments = ", ".join(self._operands(op, depth))
            return f"{_CALLS[op_type]}({arguments})"
        return str(op.name)

    def _operands(self, op: Operation, depth: int) -> list[str]:
        """Writes the operands of an op, with their added axes if the op combines all pairs."""
        texts = [self.of(operand, depth) for operand in op.inputs]
        if len(texts) != 2:
            return texts
        if all(_is_enlarged(operand, op.outputs[0]) for operand in op.inputs):
            rank = op.outputs[0].shape.rank
            axes = [_added_axes(operand, rank) for operand in op.inputs]
            return [_in_parentheses(text) + added for text, added in zip(texts, axes, strict=True)]
        shapes = [operand.shape.as_list() for operand in op.inputs if operand.shape.rank]
        if texts[0] == texts[1] and shapes[1:] and shapes[0] != shapes[1]:
            return [texts[0], op.inputs[1].op.name]  # the elements of the first in another order
        return texts

    def _of_reduction(self, op: Operation, depth: int) -> str:
        values = without_ones(op.inputs[0])
        if values is None and op.type == "Sum":
            return f"size({self.of(shaped_as(op.inputs[0]), depth)})"
        text = self.of(op.inputs[0] if values is None else values, depth)
        if values is not None:
            text = _broadcast(text, values, op.inputs[0])
        return f"{op.type.lower()}({text}{_axis(op)})"


def _broadcast(text: str, tensor: Tensor, to: Tensor) -> str:
    """Writes that a tensor is broadcast before its elements are added up or counted."""
    return f"broadcast({text})" if _is_enlarged(tensor, to) else text


def _is_enlarged(operand: Tensor, result: Tensor) -> bool:
    """Returns whether an operand of more than one element is broadcast along an axis of size 1."""
    if not operand.shape.rank or not result.shape.rank or operand.shape.num_elements() == 1:
        return False
    sizes = zip(_sizes(operand, result.shape.rank), result.shape.as_list(), strict=True)
    return any(own == 1 != size for own, size in sizes)


def _sizes(operand: Tensor, rank: int) -> list[int | None]:
    """Returns the static sizes of a tensor's axes, after axes of size 1 up to a rank."""
    sizes: list[int | None] = operand.shape.as_list()
    return [1] * (rank - len(sizes)) + sizes


def _added_axes(operand: Tensor, rank: int) -> str:
    """Writes the axes of size 1 of a tensor as a subscript, such as `[:, None]`."""
    return f"[{', '.join('None' if size == 1 else ':' for size in _sizes(operand, rank))}]"


def _in_parentheses(text: str) -> str:
    return f"({text})" if is_compound(text) else text


def _vector(tensor: Tensor) -> str:
    """Writes the numbers of a short constant vector, or the name of another constant's op."""
    value = np.asarray(tf.get_static_value(tensor))
    if value.dtype.kind not in "fiu" or value.ndim != 1 or value.size > 6:
        return str(tensor.op.name)
    return f"[{', '.join(f'{number:.7g}' for number in value)}]"


def _axis(op: Operation) -> str:
    """Writes the argument `axis` of a reduction; "" if it reduces all axes."""
    axes, rank = tf.get_static_value(op.inputs[1]), op.inputs[0].shape.rank
    if axes is None or (rank is not None and len(np.unique(axes % rank)) == rank):
        return ""
    axes = [int(axis) for axis in axes.reshape(-1)]
    return f", axis={axes[0] if len(axes) == 1 else axes}" if axes else ""


def _without_unit(tensor: Tensor) -> Tensor:
    """Takes the number 1 off a product, which `tf.losses` multiplies losses without weights by."""
    if tensor.op.type == "Mul":
        left, right = tensor.op.inputs
        for factor, other in ((left, right), (right, left)):
            if factor.shape.rank == 0 and constant(factor) == 1.0:
                return strip(other)
    return tensor
