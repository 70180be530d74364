"""The row of an optimizer, by the type of its op."""

from migrate.mappings import optimizers
from migrate.translating.refusal import Refusal


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
    raise Refusal(f"the optimizer whose op is {kernel} is not translated yet")
