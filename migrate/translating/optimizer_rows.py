"""The row of an optimizer, by the type of its op."""

from migrate.mappings import optimizers
from migrate.translating.refusal import Refusal
from migrate.translating.training_facts import OptimizerFact


def optimizer_row(kernel: str | optimizers.OptimizerRow) -> optimizers.OptimizerRow:
    """Returns the row of an optimizer's op; an optimizer that a program defines is its own row.

    Raises:
      Refusal: There is none.
    """
    if isinstance(kernel, optimizers.OptimizerRow):
        return kernel
    for row in optimizers.ROWS:
        if kernel in row.kernels:
            return row
    known = ", ".join(row.name for row in optimizers.ROWS)
    raise Refusal(
        f"an optimizer updates the weights with the op {kernel}, which is not translated; expected "
        f"that of one of {known}; pass one of these"
    )


def hyperparameter(fact: OptimizerFact, source: str) -> float | bool | None:
    """Returns the value of a hyperparameter of a row, by its source there; None if it has none."""
    slot = source.removeprefix("slot:")
    if slot != source and fact.ends:
        source = f"slot:{fact.ends[list(optimizer_row(fact.kernel).slots).index(slot)]}"
    return fact.hyperparameters.get(source)
