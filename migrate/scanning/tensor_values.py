"""What an expression is as a tensor: one number an example, or a column, and its dtype.

The answers are read from the source and are certain, or there is no answer.
"""

from __future__ import annotations

import ast
import dataclasses
import enum

from migrate.scanning.syntax import SourceModule, api_name, argument


class Shape(enum.Enum):
    """The shape of one number for each example."""

    FLAT = "[B]"
    COLUMN = "[B, 1]"


@dataclasses.dataclass(frozen=True, slots=True)
class TensorValue:
    """A tensor, as an expression computes it.

    Attributes:
      shape: Its shape; None if that is not known.
      dtype: Its dtype, such as "float32"; "" if that is not known.
    """

    shape: Shape | None = None
    dtype: str = ""


_UNKNOWN = TensorValue()
_DTYPES = frozenset({"float16", "float32", "float64", "bfloat16"})
_CASTS = {"to_float": "float32", "to_double": "float64"}
# Functions of each element.
_SAME = frozenset(
    {
        *("abs", "exp", "identity", "math.abs", "math.exp", "math.log", "math.sigmoid"),
        *("math.softplus", "math.square", "math.tanh", "nn.relu", "nn.sigmoid", "nn.softplus"),
        *("nn.tanh", "sigmoid", "square", "stop_gradient", "tanh"),
    }
)
_DENSE = {"layers.dense": "units", "contrib.layers.fully_connected": "num_outputs"}
_LAYERS = ("keras.layers.Dense", "layers.Dense")
# What makes a tensor [B, 1], but for `reshape`.
COLUMNS = frozenset({*_DENSE, *_LAYERS})
_INPUT_LAYERS = frozenset({"feature_column.input_layer", "keras.layers.DenseFeatures"})
_DEEPEST = 12


class TensorReader:
    """Reads tensors from the expressions of one module."""

    def __init__(self, module: SourceModule) -> None:
        self._module = module

    def read(self, node: ast.AST, depth: int = 0) -> TensorValue:
        """Returns what an expression is as a tensor."""
        value = self._module.value_of(node)
        if depth > _DEEPEST:
            return _UNKNOWN
        if isinstance(value, ast.Call):
            return self._read_call(value, depth + 1)
        if isinstance(value, ast.Subscript):
            return self._read_subscript(value, depth + 1)
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub | ast.Mult):
            sides = [side for side in (value.left, value.right) if not _is_number(side)]
            return self.read(sides[0], depth + 1) if len(sides) == 1 else _UNKNOWN
        return _UNKNOWN

    def _read_call(self, call: ast.Call, depth: int) -> TensorValue:
        name = api_name(self._module.symbol(call.func))
        if not name:
            return self._read_layer(call)
        inner = self.read(call.args[0], depth) if call.args else _UNKNOWN
        if name in _SAME:
            return inner
        if name in _CASTS:
            return TensorValue(inner.shape, _CASTS[name])
        if name == "cast":
            return TensorValue(inner.shape, self._dtype(argument(call, "dtype", 1)))
        if name == "constant":
            return TensorValue(None, self._dtype(argument(call, "dtype", 1)))
        if name in _DENSE:
            units = argument(call, _DENSE[name], 1)
            return TensorValue(Shape.COLUMN if _is_one(units) else None, inner.dtype)
        if name in _INPUT_LAYERS:
            return TensorValue(None, "float32")
        return self._reshaped(call, name, inner)

    def _reshaped(self, call: ast.Call, name: str, inner: TensorValue) -> TensorValue:
        if name == "reshape":
            shape = _reshape(argument(call, "shape", 1))
        elif name == "squeeze":
            shape = Shape.FLAT if inner.shape is Shape.COLUMN else None
        elif name == "expand_dims":
            is_last = _constant(argument(call, "axis", 1)) in (1, -1)
            shape = Shape.COLUMN if inner.shape is Shape.FLAT and is_last else None
        else:
            return _UNKNOWN
        return TensorValue(shape, inner.dtype)

    def _read_layer(self, call: ast.Call) -> TensorValue:
        """Reads the call of a Keras layer, which casts its inputs to float32."""
        made = self._module.value_of(call.func)
        if not isinstance(made, ast.Call) or "set_floatx" in self._module.source.text:
            return _UNKNOWN
        name = api_name(self._module.symbol(made.func))
        if name not in _LAYERS:
            return _UNKNOWN
        if any(keyword.arg == "dtype" for keyword in made.keywords):
            return _UNKNOWN
        is_column = _is_one(argument(made, "units", 0))
        dtype = "float32" if name.startswith("keras") else ""
        return TensorValue(Shape.COLUMN if is_column else None, dtype)

    def _read_subscript(self, node: ast.Subscript, depth: int) -> TensorValue:
        inner = self.read(node.value, depth)
        index = node.slice
        if not isinstance(index, ast.Tuple) or len(index.elts) != 2 or not _is_all(index.elts[0]):
            return _UNKNOWN
        last = index.elts[1]
        shape = None
        if inner.shape is Shape.COLUMN and _constant(last) in (0, -1):
            shape = Shape.FLAT
        elif inner.shape is Shape.FLAT and _is_new_axis(last):
            shape = Shape.COLUMN
        return TensorValue(shape, inner.dtype)

    def _dtype(self, node: ast.expr | None) -> str:
        if node is None:
            return ""
        value = _constant(node)
        last = value if isinstance(value, str) else self._module.symbol(node).rpartition(".")[2]
        return last if last in _DTYPES else ""


def _reshape(node: ast.expr | None) -> Shape | None:
    if not isinstance(node, ast.List | ast.Tuple):
        return None
    sizes = [_constant(each) for each in node.elts]
    if sizes == [-1]:
        return Shape.FLAT
    return Shape.COLUMN if len(sizes) == 2 and sizes[1] == 1 else None


def _constant(node: ast.expr | None) -> object:
    """Returns a literal; None for another expression."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _constant(node.operand)
        return -value if isinstance(value, int) else None
    return node.value if isinstance(node, ast.Constant) else None


def _is_number(node: ast.expr) -> bool:
    value = _constant(node)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_one(node: ast.expr | None) -> bool:
    value = _constant(node)
    return value == 1 and not isinstance(value, bool)


def _is_all(node: ast.expr) -> bool:
    return isinstance(node, ast.Slice) and node.lower is node.upper is node.step is None


def _is_new_axis(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return node.value is None
    return isinstance(node, ast.Attribute) and node.attr == "newaxis"
