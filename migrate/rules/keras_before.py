"""The rule on Keras 3 that is loaded before estimator_compat."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.syntax import Reference, SourceModule


class KerasBefore(Rule):
    """An import of `estimator_compat` that comes after `tf.keras` has been used.

    Finds:
      `import estimator_compat` at the top of a file, after an import from `tensorflow.keras` or a
      use of `tf.keras`. An import of `keras` alone does not matter.

    Why it matters:
      TensorFlow decides once, when `tf.keras` is first used, whether it is Keras 3 or legacy Keras.
      The request of `estimator_compat` for legacy Keras comes too late: the layers of `tf.keras`
      are those of Keras 3, which the original program did not have.

    Rewrite safety:
      There is no edit: other modules may import Keras, too. TF_USE_LEGACY_KERAS=1 always works.

    References:
      `estimator_compat.legacy_keras`.
    """

    code = "STATE407"
    severity = Severity.WARNING
    effort = 2
    effort_reason = "To move the import to the top."
    examples = (
        Example(
            code="import tensorflow as tf\n\nx = tf.keras.Input(3)\nimport estimator_compat\n",
            lines=(4,),
            because="`tf.keras` is used in line 3",
        ),
        Example(
            code="from tensorflow.keras import layers\nimport estimator_compat as estimator\n",
            lines=(2,),
            because="`tf.keras` is used in line 1",
        ),
        Example(
            code="import keras\nimport estimator_compat\nfrom tensorflow.keras import layers\n"
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n\n"
                "def f():\n    return tf.keras.layers\n\n\nimport estimator_compat\n"
            ),
        ),
    )
    words = ("estimator_compat",)

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the import."""
        if "TF_USE_LEGACY_KERAS" in module.source.text:
            return
        imports = [
            each
            for each in module.tree.body
            if isinstance(each, ast.Import | ast.ImportFrom) and _names(each, "estimator_compat")
        ]
        line = _line_of_keras(module) if imports else None
        if line is not None and line < imports[0].lineno:
            message = (
                f"`tf.keras` is used in line {line}, and is Keras 3 from there on. Import "
                "estimator_compat first, or set TF_USE_LEGACY_KERAS=1."
            )
            yield self.finding(module, imports[0], message)


def _line_of_keras(module: SourceModule) -> int | None:
    """Returns the first line outside of functions that uses `tf.keras`; None for none."""
    lines = [
        reference.node.lineno
        for reference in module.references
        if _loads_keras(reference)
        and module.function_of(reference.node) is None
        and not any(isinstance(each, ast.Lambda) for each in module.parents(reference.node))
    ]
    return min(lines, default=None)


def _loads_keras(reference: Reference) -> bool:
    """Tells whether a reference reads from `tf.keras`; `from tensorflow import keras` does not."""
    symbol = reference.symbols[0]
    if symbol.startswith("tensorflow.keras."):
        return True
    return symbol == "tensorflow.keras" and getattr(reference.node, "name", "") == symbol


def _names(statement: ast.Import | ast.ImportFrom, package: str) -> bool:
    names = [alias.name for alias in statement.names]
    if isinstance(statement, ast.ImportFrom):
        names = [statement.module or ""]
    return any(name.partition(".")[0] == package for name in names)
