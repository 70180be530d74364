"""The rule on exporters."""

from migrate.findings import Severity
from migrate.rules._ladder import LadderRule
from migrate.rules.base import Example


class Exporter(LadderRule):
    """An exporter of `train_and_evaluate`.

    Finds:
      The first use of `tf.estimator.FinalExporter`, `LatestExporter`, `BestExporter` and `Exporter`
      in a file.

    Why it matters:
      `train_and_evaluate` calls them, and a loop does not: somebody has to export, and to decide
      which model is the best.

    Rewrite safety:
      There is no edit: `migrate rewrite` moves names, and a way up the ladder is more than a name.

    References:
      README.md, "Host it in a TF2 custom loop" and "Own it"; NAMES.md.
    """

    code = "EST209"
    severity = Severity.INFO
    effort = 15
    effort_reason = "To call `export` after an evaluation, and to load the SavedModel once."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "exporter = tf.estimator.FinalExporter('final', receiver_fn)\n"
            ),
            lines=(3,),
            because="call `export` of the loop",
        ),
        Example(
            code=("import tensorflow as tf\n\ntf.saved_model.save(model, path)\n"),
        ),
    )
    words = ("Exporter",)
    names = frozenset(f"estimator.{kind}Exporter" for kind in ("", "Best", "Final", "Latest"))
    host = "call `export` of the loop after an evaluation; which is the best, is yours to decide"
    own = "call `tf.saved_model.save`, and keep the names of the signatures"
