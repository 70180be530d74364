"""The rule on Keras losses with a default reduction in the scope of a strategy."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules import _strategies
from migrate.rules.base import Example, Rule
from migrate.scanning.keras_losses import is_keras_class, reduction_argument
from migrate.scanning.loss_values import LOSSES, LossReader
from migrate.scanning.syntax import SourceModule, has_stars

_REFUSED = frozenset({"auto", "sum_over_batch_size"})


class AutoInScope(Rule):
    """A Keras loss with the reduction AUTO in the scope of a strategy, for a custom loop.

    Finds:
      A loss object of `tf.keras.losses` without a reduction, or with AUTO or SUM_OVER_BATCH_SIZE,
      that is made in `with strategy.scope():`, in a file that calls `strategy.run`.

    Why it matters:
      Legacy Keras raises a ValueError when the object is called in a custom loop. Keras 3 does not:
      each replica divides by its own number of examples, and with replicas of 3 and 2 examples and
      a mean of 4.0 the result is 4.5.

    Rewrite safety:
      There is no edit: with `reduction="none"`, the sum has to be divided by the global batch size.

    References:
      "Custom training with tf.distribute.Strategy".
    """

    code = "LOSS320"
    severity = Severity.ERROR
    effort = 15
    effort_reason = "To set the reduction to NONE, and to divide by the size of the whole batch."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "strategy = tf.distribute.MirroredStrategy()\n"
                "with strategy.scope():\n"
                "    loss_object = tf.keras.losses.BinaryCrossentropy(from_logits=True)\n"
                "strategy.run(step, args=(x, y))\n"
            ),
            lines=(5,),
            because="raises a ValueError",
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "strategy = tf.distribute.MirroredStrategy()\n"
                "with strategy.scope():\n"
                "    loss_object = tf.keras.losses.BinaryCrossentropy(reduction='none')\n"
                "strategy.run(step, args=(x, y))\n"
            ),
        ),
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "with tf.distribute.MirroredStrategy().scope():\n"
                "    model.compile('sgd', tf.keras.losses.MeanSquaredError())\n"
            ),
        ),
    )
    words = (".scope(",)
    needs = LOSSES

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the loss objects."""
        if not any(_strategies.is_run(call, module) for call in module.nodes(ast.Call)):
            return
        reader = LossReader(module)
        for call, name in module.calls:
            if (
                not is_keras_class(name)
                or has_stars(call)
                or not _strategies.is_in_scope(call, module)
                or _is_compiled(call, module)
            ):
                continue
            reduction = reduction_argument(call, name)
            if reduction is None or reader.reduction_name(reduction) in _REFUSED:
                message = (
                    f"`tf.{name}` with its default reduction, in the scope of a strategy: legacy "
                    "Keras raises a ValueError in a custom loop, and Keras 3 divides by the batch "
                    "of each replica. Use reduction='none', and divide the sum by the size of the "
                    "whole batch."
                )
                yield self.finding(module, call, message)


def _is_compiled(call: ast.Call, module: SourceModule) -> bool:
    """Tells whether the object gets a name which is given to `compile`."""
    parent = next(module.parents(call), None)
    target = parent.targets[0] if isinstance(parent, ast.Assign) else None
    return isinstance(target, ast.Name) and any(
        module.value_of(each) is call
        for compiled in module.nodes(ast.Call)
        if getattr(compiled.func, "attr", "") == "compile"
        for each in [*compiled.args, *(keyword.value for keyword in compiled.keywords)]
    )
