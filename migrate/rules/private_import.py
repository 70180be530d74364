"""The rule on imports of TensorFlow's private modules."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.mappings import symbols
from migrate.rules.base import Example, Rule
from migrate.scanning.mentioned import Mentioned
from migrate.scanning.syntax import SourceModule

_PRIVATE = ("tensorflow.python", "tensorflow.core", "tensorflow_core")


class PrivateImport(Rule):
    """An import of a private module of TensorFlow that is still there.

    Finds:
      `from tensorflow.python... import ...` of modules that TensorFlow 2.16 to 2.21 still have.
      Those that are gone are found as removed symbols.

    Why it matters:
      What is in a private module moves from version to version: that the module is there does not
      say that the name is.

    Rewrite safety:
      There is no edit: many names have a public place, but not all.

    References:
      TensorFlow's version compatibility guide leaves these modules out.
    """

    code = "STATE401"
    severity = Severity.INFO
    effort = 5
    effort_reason = "To find the public name, or to copy a small function."
    examples = (
        Example(
            code="from tensorflow.python.ops import math_ops, array_ops\n",
            lines=(1,),
            because="is private",
        ),
        Example(code="from tensorflow.python.estimator import estimator\n"),
        Example(code="from tensorflow import python_io\n"),
    )

    @classmethod
    def refers(cls, mentioned: Mentioned) -> bool:
        """Tells whether a module may import a private module."""
        return not mentioned.is_certain or any(
            symbol.startswith(_PRIVATE) for symbol in mentioned.symbols
        )

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields each import once."""
        for statement in module.nodes(ast.ImportFrom):
            name = statement.module or ""
            names = [f"{name}.{alias.name}" for alias in statement.names]
            if not statement.level and any(map(_is_private, names)):
                yield self.finding(module, statement, _message(name))
        for imported in module.nodes(ast.Import):
            private = [alias.name for alias in imported.names if _is_private(alias.name)]
            if private:
                yield self.finding(module, imported, _message(private[0]))


def _is_private(name: str) -> bool:
    is_private = any(name == each or name.startswith(each + ".") for each in _PRIVATE)
    return is_private and symbols.find(name.removeprefix("tensorflow.")) is None


def _message(name: str) -> str:
    return (
        f"`{name}` is private to TensorFlow: its names move from version to version. Import the "
        "public name, if there is one."
    )
