"""The rule on Estimators for TPUs."""

from migrate.findings import Severity
from migrate.rules._ladder import LadderRule
from migrate.rules.base import Example


class TpuEstimator(LadderRule):
    """A TPUEstimator, its spec, its config or its optimizer.

    Finds:
      The first use in a file of each public class of `tf.estimator.tpu` and `tf.contrib.tpu`.

    Why it matters:
      `estimator_compat` runs them on CPU and GPU only: `use_tpu=True` is refused, and there is no
      TPU graph in an export. For a TPU, the model_fn needs a loop.

    Rewrite safety:
      There is no edit: `migrate rewrite` moves names, and a way up the ladder is more than a name.

    References:
      README.md, "Host it in a TF2 custom loop" and "Own it"; NAMES.md.
    """

    code = "EST207"
    severity = Severity.INFO
    effort = 30
    effort_reason = "To set `use_tpu=False`, and to compare a run on CPU or GPU."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "model = tf.estimator.tpu.TPUEstimator(model_fn, config, use_tpu=False)\n"
            ),
            lines=(3,),
            because="for CPU and GPU",
        ),
        Example(
            code=("import tensorflow as tf\n\nstrategy = tf.distribute.TPUStrategy()\n"),
        ),
    )
    words = ("tpu",)
    names = frozenset(
        f"{package}.{name}"
        for package in ("estimator.tpu", "contrib.tpu")
        for name in (
            *("InputPipelineConfig", "RunConfig", "TPUConfig", "TPUEstimator"),
            *("TPUEstimatorSpec", "CrossShardOptimizer"),
        )
    )
    host = "`migrate.host` takes a model_fn that returns a TPUEstimatorSpec"
    own = "host calls are left out"
