"""The loop on the replicas of a MirroredStrategy, for programs whose RunConfig has one."""

from collections.abc import Sequence

from migrate.translating.ir import Program

STRATEGY = "self.strategy = tf.distribute.get_strategy()"
STEP = "tf.Variable(0, dtype=tf.int64, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)"
OF_REPLICA = "of_replica = loss / self.strategy.num_replicas_in_sync"
WORDS = (
    "replicas      each takes a batch of the input, and divides its loss by their number; their "
    "gradients are added up"
)


def added(gradients: str) -> str:
    """Returns the statement that adds up the gradients of the replicas.

    Args:
      gradients: The expression for those of one replica.
    """
    context = "tf.distribute.get_replica_context()"
    return f"gradients = {context}.all_reduce(tf.distribute.ReduceOp.SUM, {gradients})"


def train_steps_source(program: Program) -> str:
    """Returns `train_steps` and `merged`."""
    batch = "next(batches)" if program.has_labels else "(next(batches),)"
    run = f"self.strategy.run(self.train_step, args={batch})"
    return f'''\
    @tf.function
    def train_steps(self, batches: Iterator[Any], count: tf.Tensor) -> dict[str, tf.Tensor]:
        """Makes `count` steps in one graph; returns what the last one does."""
        for _ in tf.range(count - 1):
            {run}
        return self.merged({run})

    def merged(self, values: dict[str, Any]) -> dict[str, tf.Tensor]:
        """Joins what the replicas return: losses of examples in a row, the mean of averages.

        What the program shows in summaries is that of the first replica.
        """
        found = {{}}
        for name, value in values.items():
            if name.startswith("loss_per_example"):
                found[name] = self.strategy.gather(value, axis=0)
            elif name == "loss" or name.startswith("average_loss"):
                found[name] = self.strategy.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None)
            else:
                found[name] = self.strategy.experimental_local_results(value)[0]
        return found'''


def begin_lines(dataset: str, begin: Sequence[str]) -> list[str]:
    """Returns the lines of `main` that make the loop and the batches of its replicas.

    Args:
      dataset: The call of the input_fn.
      begin: The lines that give the loop the values of a checkpoint.
    """
    return [
        "strategy = tf.distribute.MirroredStrategy()",
        "with strategy.scope():",
        "    loop = Loop()",
        *begin,
        f"dataset = strategy.distribute_datasets_from_function(lambda _: {dataset})",
    ]
