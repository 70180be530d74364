"""The row of an optimizer, by the type of its op."""

from migrate.mappings import optimizers
from migrate.translating.refusal import Refusal


def optimizer_row(kernel: str) -> optimizers.OptimizerRow:
    """Returns the row of an optimizer's op.

    Raises:
      Refusal: There is none.
    """
    for row in optimizers.ROWS:
        if kernel in row.kernels:
            return row
    raise Refusal(f"the optimizer whose op is {kernel} is not translated yet")
