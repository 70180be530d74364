"""The rule on `train_and_evaluate`."""

from migrate.findings import Severity
from migrate.rules._ladder import LadderRule
from migrate.rules.base import Example


class TrainAndEvaluate(LadderRule):
    """A training that evaluates at its checkpoints: `train_and_evaluate`, or an Experiment.

    Finds:
      The first use of `tf.estimator.train_and_evaluate`, of `tf.contrib.learn.Experiment` and of
      `learn_runner.run` in a file.

    Why it matters:
      A loop has no evaluator that waits for checkpoints, and no parameter servers: its workers
      train synchronously, and somebody has to say when it evaluates.

    Rewrite safety:
      There is no edit: `migrate rewrite` moves names, and a way up the ladder is more than a name.

    References:
      README.md, "Host it in a TF2 custom loop" and "Own it"; NAMES.md.
    """

    code = "EST204"
    severity = Severity.INFO
    effort = 20
    effort_reason = (
        "To call `train` and `evaluate` of the loop in turns, and to look at who evaluates."
    )
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "tf.estimator.train_and_evaluate(model, train_spec, eval_spec)\n"
            ),
            lines=(3,),
            because="in turns",
        ),
        Example(
            code=("import tensorflow as tf\n\nspec = tf.estimator.TrainSpec(input_fn)\n"),
        ),
    )
    words = ("train_and_evaluate", "learn")
    names = frozenset(
        {
            "estimator.train_and_evaluate",
            "contrib.learn.Experiment",
            "contrib.learn.learn_runner.run",
            "contrib.learn.run",
        }
    )
    host = "call `train` and `evaluate` of the loop in turns; parameter servers are refused"
    own = "the same, in the loop that `migrate translate` writes"
