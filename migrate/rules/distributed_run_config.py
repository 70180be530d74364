"""The rule on a RunConfig with a distribution strategy."""

from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.syntax import SourceModule

_FIELDS = ("train_distribute", "eval_distribute", "experimental_distribute")
_CONFIGS = frozenset({"estimator.RunConfig", "contrib.learn.RunConfig", "contrib.tpu.RunConfig"})


class DistributedRunConfig(Rule):
    """A RunConfig with a distribution strategy.

    Finds:
      `train_distribute=`, `eval_distribute=` and `experimental_distribute=` of a RunConfig.

    Why it matters:
      The Run rung trains and evaluates in the replicas of these strategies, as the original did.
      The Host rung takes `train_distribute`: `migrate.host` runs the same model_fn under the
      strategy. Both reduce the losses of the replicas as the original did.

    Rewrite safety:
      There is no edit: the Run rung needs none, and the other rungs are other code.

    References:
      NAMES.md, `tf.estimator.RunConfig`.
    """

    code = "EST201"
    severity = Severity.INFO
    effort = 60
    effort_reason = "To host the model_fn, and to verify it on one device and on all."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "config = tf.estimator.RunConfig(train_distribute=strategy)\n"
            ),
            lines=(3,),
            because="Host: `migrate.host` takes it",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "config = tf.estimator.RunConfig(model_dir='runs', train_distribute=None)\n"
            ),
        ),
    )
    words = _FIELDS
    needs = _CONFIGS

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the fields."""
        for call, name in module.calls:
            for keyword in call.keywords if name in _CONFIGS else ():
                if keyword.arg in _FIELDS and getattr(keyword.value, "value", "") is not None:
                    host = (
                        "`migrate.host` takes it"
                        if keyword.arg == "train_distribute"
                        else "`migrate.host` takes `train_distribute`, and evaluates on one device"
                    )
                    run = f"`estimator_compat.RunConfig` takes `{keyword.arg}`"
                    message = f"Run: {run}. Host: {host}."
                    yield self.finding(module, keyword, message)
