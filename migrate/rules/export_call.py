"""The rule on exports of an Estimator."""

import ast
from collections.abc import Iterator

from migrate.findings import Severity
from migrate.rules._ladder import LadderRule
from migrate.rules.base import Example
from migrate.scanning.syntax import SourceModule

_METHODS = frozenset(
    {
        *("export_saved_model", "export_savedmodel", "experimental_export_all_saved_models"),
        "export_all_saved_models",
    }
)


class ExportCall(LadderRule):
    """An export of an Estimator as a SavedModel.

    Finds:
      The first call of each of `export_saved_model`, `export_savedmodel` and
      `experimental_export_all_saved_models` in a file.

    Why it matters:
      Who serves the model knows the names of its signatures, inputs and outputs. They come from the
      receiver and from the spec's `export_outputs`, and have to stay.

    Rewrite safety:
      There is no edit: the way up the ladder is more than a name.

    References:
      README.md, "Host it in a TF2 custom loop".
    """

    code = "EST210"
    severity = Severity.INFO
    effort = 15
    effort_reason = "To export once from the loop, and to compare the signatures."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "model = tf.estimator.Estimator(model_fn)\n"
                "model.export_saved_model(path, receiver_fn)\n"
            ),
            lines=(4,),
            because="the signatures of the Estimator",
        ),
        Example(code="import tensorflow as tf\n\ntf.saved_model.save(model, path)\n"),
    )
    words = tuple(sorted(_METHODS))
    names = frozenset()
    run = "the same method of `estimator_compat.Estimator`"
    host = "`export` of the loop writes the signatures of the Estimator"
    own = (
        "the loop that `migrate translate` writes has `export`, if its outputs can be translated; "
        "otherwise call `tf.saved_model.save`, and keep the names of the signatures"
    )

    def uses(self, module: SourceModule) -> Iterator[tuple[ast.expr, str]]:
        """Yields the calls."""
        for call in module.nodes(ast.Call):
            if isinstance(call.func, ast.Attribute) and call.func.attr in _METHODS:
                yield call, call.func.attr

    def message(self, name: str) -> str:
        """Returns the way of an export."""
        return f"`{name}`. Run: {self.run}. Host: {self.host}. Own: {self.own}."
