"""The rule on input functions of arrays and queues."""

from migrate.findings import Severity
from migrate.rules._ladder import LadderRule
from migrate.rules.base import Example

_QUEUES = (
    *("batch", "batch_join", "limit_epochs", "maybe_batch", "maybe_shuffle_batch", "range_input"),
    *("input_producer", "range_input_producer", "shuffle_batch", "shuffle_batch_join"),
    *("slice_input_producer", "string_input_producer"),
)


class InputFunction(LadderRule):
    """An input_fn of arrays or queues instead of a Dataset.

    Finds:
      The first use of each of `tf.estimator.inputs` and of the queues of `tf.train` in a file, such
      as `numpy_input_fn` and `tf.train.batch`.

    Why it matters:
      A queue yields its rows in the order of its own random numbers, and a loop calls Python for
      each batch of it. A Dataset runs inside the loop's graph.

    Rewrite safety:
      There is no edit: `migrate rewrite` moves names, and a way up the ladder is more than a name.

    References:
      README.md, "Host it in a TF2 custom loop" and "Own it"; NAMES.md.
    """

    code = "EST211"
    severity = Severity.INFO
    effort = 10
    effort_reason = "To make a Dataset of the arrays, in the same order."
    examples = (
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n"
                "input_fn = tf.estimator.inputs.numpy_input_fn({'x': x}, y, shuffle=True)\n"
            ),
            lines=(3,),
            because="one call of Python a batch",
        ),
        Example(
            code=("import tensorflow as tf\n\ndata = tf.data.Dataset.from_tensor_slices(x)\n"),
        ),
    )
    words = ("input_fn", "batch", "_producer", "_queue")
    names = frozenset(
        {
            "estimator.inputs.numpy_input_fn",
            "estimator.inputs.pandas_input_fn",
            *(f"train.{name}" for name in _QUEUES),
        }
    )
    run = "as it is"
    host = "runs, with one call of Python a batch; a Dataset needs none"
    own = "make it a Dataset; a shuffle then has another order"
