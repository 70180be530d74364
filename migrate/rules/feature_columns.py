"""The rule on feature columns."""

import ast
from collections.abc import Iterator

from migrate.findings import Severity
from migrate.rules._ladder import LadderRule
from migrate.rules.base import Example
from migrate.scanning.syntax import SourceModule, api_name


class FeatureColumns(LadderRule):
    """Feature columns, whose variables and vocabularies belong to the model.

    Finds:
      The first use of `tf.feature_column` in a file.

    Why it matters:
      A column has state: the weights of an embedding, and the numbers of a vocabulary. Layers of
      Keras that are put in its place have other variables, and other numbers for words that are not
      in the vocabulary.

    Rewrite safety:
      There is no edit: which values a checkpoint has for a column is decided by its name.

    References:
      `tf.feature_column` is in TensorFlow 2.16 to 2.21, and deprecated.
    """

    code = "STATE411"
    severity = Severity.INFO
    effort = 10
    effort_reason = "To look at what the columns of the model are, and at their variables."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "columns = [tf.feature_column.numeric_column('x')]\n"
                "more = [tf.feature_column.numeric_column('y')]\n"
            ),
            lines=(3,),
            because="columns of one value an example",
        ),
        Example(code="import tensorflow as tf\n\nx = tf.keras.layers.Embedding(3, 2)\n"),
    )
    words = ("feature_column",)
    needs = frozenset({"feature_column"})
    names = frozenset()
    run = "as it is"
    host = "runs in the model_fn"
    own = "`migrate translate` writes columns of one value an example; others are refused"

    def uses(self, module: SourceModule) -> Iterator[tuple[ast.expr, str]]:
        """Yields the uses, all by one name."""
        for reference in module.references:
            is_expression = not isinstance(reference.node, ast.alias)
            if is_expression and api_name(reference.symbols[0]).startswith("feature_column."):
                assert isinstance(reference.node, ast.expr)
                yield reference.node, "feature_column"
