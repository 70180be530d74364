"""The rule on optimizers whose Keras namesake computes something else."""

from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.syntax import SourceModule, argument

_DIFFERENCES = {
    "train.AdadeltaOptimizer": (
        "Keras's Adadelta has another epsilon: the relative error of 50 steps is 2.2"
    ),
    "train.AdamOptimizer": (
        "Keras's Adam has epsilon 1e-7 instead of 1e-8: with gradients near 1e-6 the relative "
        "error of the steps is about 1"
    ),
    "train.RMSPropOptimizer": (
        "Keras's RMSprop starts its slot at zeros instead of ones, and adds epsilon outside of the "
        "root: the relative error of the first step is 6.6"
    ),
}
# Where `epsilon` stands in those that differ by its default only.
_EPSILON = {"train.AdadeltaOptimizer": 2, "train.AdamOptimizer": 3}
_SCHEDULES = frozenset(
    f"train.{name}"
    for name in (
        *("cosine_decay", "cosine_decay_restarts", "exponential_decay", "inverse_time_decay"),
        *("linear_cosine_decay", "natural_exp_decay", "noisy_linear_cosine_decay"),
        *("piecewise_constant", "piecewise_constant_decay", "polynomial_decay"),
    )
)
_MOMENTUM = (
    "Keras's SGD multiplies the learning rate inside the accumulator: with a learning rate that "
    "changes, its steps are others"
)


class OptimizerNamesake(Rule):
    """An optimizer of TensorFlow 1 whose Keras namesake computes something else.

    Finds:
      `tf.train.RMSPropOptimizer`, `AdadeltaOptimizer` and `AdamOptimizer` without an `epsilon`, and
      `MomentumOptimizer` with a learning rate that is a schedule of `tf.train`.

    Why it matters:
      A translation by name trains another model. The updates of `tf.compat.v1.train` are still
      there: as the optimizers themselves, and as `tf.raw_ops.ResourceApply*`.

    Rewrite safety:
      There is no edit: the program is right as it is.

    References:
      Measured on TensorFlow 2.21, with 50 gradients that are the same for both.
    """

    code = "STATE403"
    severity = Severity.INFO
    effort = 5
    effort_reason = "To keep the update when the loop is translated, and to compare one step."
    examples = (
        Example(
            code="import tensorflow.compat.v1 as tf\n\nopt = tf.train.RMSPropOptimizer(0.1)\n",
            lines=(3,),
            because="Keras's RMSprop",
        ),
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n"
                "rate = tf.train.exponential_decay(0.1, step, 10, 0.5)\n"
                "opt = tf.train.MomentumOptimizer(rate, 0.9)\n"
            ),
            lines=(4,),
            because="inside the accumulator",
        ),
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n"
                "opt = tf.train.MomentumOptimizer(0.1, 0.9)\n"
                "adam = tf.train.AdamOptimizer(0.1, epsilon=1e-9)\n"
                "other = tf.train.GradientDescentOptimizer(0.1)\n"
            ),
        ),
    )
    words = ("Adadelta", "Adam", "RMSProp", "Momentum")
    needs = frozenset({*_DIFFERENCES, "train.MomentumOptimizer"})

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the calls."""
        for call, name in module.calls:
            difference = _DIFFERENCES.get(name, "")
            if argument(call, "epsilon", _EPSILON.get(name)) is not None and name in _EPSILON:
                continue
            if name == "train.MomentumOptimizer":
                rate = argument(call, "learning_rate", 0)
                value = None if rate is None else module.value_of(rate)
                if any(each is value and made in _SCHEDULES for each, made in module.calls):
                    difference = _MOMENTUM
            if difference:
                message = f"`tf.{name}` has no equal in Keras. {difference}."
                yield self.finding(module, call, message)
