"""The rule on summaries whose tags dashboards know."""

import ast
from collections.abc import Iterator

from migrate.findings import Severity
from migrate.rules._ladder import LadderRule
from migrate.rules.base import Example
from migrate.scanning.syntax import SourceModule, api_name

_KINDS = frozenset(f"summary.{kind}" for kind in ("audio", "histogram", "image", "scalar", "text"))


class SummaryTags(LadderRule):
    """A summary in a model_fn, whose tag has to stay.

    Finds:
      The first `tf.summary.scalar`, `histogram`, `image`, `audio` and `text` of TensorFlow 1 in the
      model_fns of a file.

    Why it matters:
      The summaries of TensorFlow 1 are written by the Estimator, under tags that begin with the
      name scope. Those of TensorFlow 2 need a writer and a step, and do not know that scope: plots
      of an earlier run go on under another tag, or are not written at all.

    Rewrite safety:
      There is no edit: the tag depends on the scopes around the call.

    References:
      `tf.summary` in "Migrate from TensorFlow 1.x to TensorFlow 2".
    """

    code = "STATE412"
    severity = Severity.INFO
    effort = 5
    effort_reason = "To write the tags out where the loop writes its summaries."
    examples = (
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n\n"
                "def model_fn(features, labels, mode):\n"
                "    tf.summary.scalar('rate', rate)\n"
                "    tf.summary.scalar('norm', norm)\n"
            ),
            lines=(5,),
            because="keep its tag",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n\n"
                "def step(x):\n"
                "    tf.summary.scalar('rate', rate, step=1)\n"
            ),
        ),
    )
    words = ("summary",)
    names = _KINDS
    run = "it is written as before"
    host = "it is written with the same tag, at the same steps"
    own = (
        "`migrate translate` writes it with the same tag if the loop computes what it shows; "
        "otherwise it says that it is left out: write it with `tf.summary`, and keep its tag"
    )

    def uses(self, module: SourceModule) -> Iterator[tuple[ast.expr, str]]:
        """Yields the summaries in model_fns."""
        for call, _ in module.calls:
            symbol = module.symbol(call.func)
            is_of_1 = not any(keyword.arg == "step" for keyword in call.keywords)
            if api_name(symbol) in _KINDS and is_of_1 and module.is_in_model_fn(call):
                yield call, api_name(symbol)
