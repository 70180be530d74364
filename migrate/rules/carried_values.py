"""The rule on variables that get their first values from a checkpoint."""

import ast
from collections.abc import Iterator

from migrate.findings import Severity
from migrate.rules._ladder import LadderRule
from migrate.rules.base import Example
from migrate.scanning.syntax import SourceModule

_SCAFFOLD = frozenset({"train.Scaffold", "estimator.Scaffold"})


class CarriedValues(LadderRule):
    """A model whose variables get their first values from a checkpoint, or from a Scaffold.

    Finds:
      The first use in a file of `tf.train.init_from_checkpoint`, `warm_start`, `Scaffold` and
      `WarmStartSettings`.

    Why it matters:
      The first values are part of what the program trains. In a loop that does not carry them over,
      training begins with other values, without an error.

    Rewrite safety:
      There is no edit: the names of the variables decide which values fit.

    References:
      `migrate checkpoint --target` lists which values of a checkpoint fit a model.
    """

    code = "STATE410"
    severity = Severity.INFO
    effort = 15
    effort_reason = "To load the same values into the loop, and to compare the first loss."
    examples = (
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n"
                "tf.train.init_from_checkpoint(path, assignment_map)\n"
                "scaffold = tf.train.Scaffold(init_fn=init_fn)\n"
            ),
            lines=(3, 4),
            because="`init_from_checkpoint`",
        ),
        Example(code="import tensorflow.compat.v1 as tf\n\nscaffold = tf.train.Scaffold()\n"),
    )
    words = ("init_from_checkpoint", "warm_start", "Scaffold", "WarmStartSettings")
    names = _SCAFFOLD | {
        "train.init_from_checkpoint",
        "train.warm_start",
        "estimator.WarmStartSettings",
        "contrib.framework.init_from_checkpoint",
    }
    run = "as it is"
    host = "`init_from_checkpoint` runs in the model_fn; otherwise `restore` the values"
    own = "a translated module has `init_from_checkpoint`; or load the values by name"

    def uses(self, module: SourceModule) -> Iterator[tuple[ast.expr, str]]:
        """Yields the calls; a Scaffold without arguments changes nothing."""
        for call, name in module.calls:
            if name in self.names and (call.args or call.keywords):
                yield call, name

    def message(self, name: str) -> str:
        """Returns the way of a name."""
        if name in _SCAFFOLD:
            host = "a Scaffold with an `init_fn` is refused; `restore` the values"
            return f"`tf.{name}`. Run: {self.run}. Host: {host}. Own: {self.own}."
        return super().message(name)
