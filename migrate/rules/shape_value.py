"""The rule on `.value` of a dimension."""

import ast
from collections.abc import Iterator

from migrate.findings import Edit, Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.mentioned import Mentioned
from migrate.scanning.syntax import SourceModule

# What ends the element whose value is read, or may stand between the two.
_BEFORE_VALUE = frozenset("]) \t\f\r\n\\")
_TENSORFLOW = ("tensorflow", "tensorflow.compat.v1", "tensorflow.compat.v2")


class ShapeValue(Rule):
    """The `.value` of a dimension.

    Finds:
      `x.shape[0].value` and `x.get_shape()[0].value`, in a file that imports TensorFlow.

    Why it matters:
      With the behavior of TensorFlow 2, a dimension is an int or None, which has no `.value`: it is
      an AttributeError, unless the program calls `disable_v2_tensorshape`.

    Rewrite safety:
      `tf.compat.dimension_value` returns the same for both behaviors. It is edited where the file
      has a name for TensorFlow, and where the expression stands on one line.

    References:
      `tf.compat.dimension_value`.
    """

    code = "STATE402"
    severity = Severity.WARNING
    effort = 2
    effort_reason = "To read the edit."
    examples = (
        Example(
            code="import tensorflow as tf\n\nn = x.shape[-1].value\n",
            lines=(3,),
            because="an int or None",
            after="import tensorflow as tf\n\nn = tf.compat.dimension_value(x.shape[-1])\n",
        ),
        Example(
            code="import tensorflow.compat.v1 as tf\n\nn = f(x).get_shape()[0].value\n",
            lines=(3,),
            because="an int or None",
            after=(
                "import tensorflow.compat.v1 as tf\n\n"
                "n = tf.compat.dimension_value(f(x).get_shape()[0])\n"
            ),
        ),
        Example(code="import tensorflow as tf\n\nn = x.shape[-1]\nm = cell.value\n"),
    )

    @classmethod
    def concerns(cls, text: str) -> bool:
        """Tells whether a module reads `value` of an element, such as `[0].value`."""
        place = text.find(".value")
        while place >= 0:
            if text[place - 1 : place] in _BEFORE_VALUE:
                return True
            place = text.find(".value", place + 1)
        return False

    @classmethod
    def refers(cls, mentioned: Mentioned) -> bool:
        """Tells whether a module may import TensorFlow by the name that the edit needs."""
        return not mentioned.is_certain or not mentioned.symbols.isdisjoint(_TENSORFLOW)

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the attributes."""
        tensorflow = _name_of_tensorflow(module)
        if not tensorflow:
            return
        for node in module.nodes(ast.Subscript):
            parent = next(iter(module.parents(node)), None)
            if not isinstance(parent, ast.Attribute) or parent.attr != "value":
                continue
            if isinstance(parent.ctx, ast.Load) and _is_shape(node.value):
                message = (
                    "A dimension is an int or None with the behavior of TensorFlow 2: it has no "
                    "`.value`. `tf.compat.dimension_value` is right for both behaviors."
                )
                yield self.finding(module, parent, message, edit=_edit(module, parent, tensorflow))


def _is_shape(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr == "get_shape"
    return isinstance(node, ast.Attribute) and node.attr == "shape"


def _name_of_tensorflow(module: SourceModule) -> str:
    """Returns a name of the module that stands for TensorFlow; "" if there is none."""
    imported = {
        alias.asname or alias.name
        for statement in module.nodes(ast.Import)
        for alias in statement.names
        if alias.name in _TENSORFLOW
        and (alias.asname or alias.name == "tensorflow")
        and not list(module.parents(statement))[1:]
    }
    return min(imported, default="")


def _edit(module: SourceModule, node: ast.Attribute, tensorflow: str) -> Edit | None:
    if node.lineno != node.end_lineno:
        return None
    start, end = module.source.span(node)
    _, inner = module.source.span(node.value)
    text = f"{tensorflow}.compat.dimension_value({module.source.text[start:inner]})"
    return Edit(start=start, end=end, text=text)
