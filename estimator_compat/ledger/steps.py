"""The operations on the way from unreduced losses to a term's number."""

import dataclasses
import enum


class Operation(str, enum.Enum):
    """What a step does to the tensor that it is given."""

    CAST = "cast"
    DIVIDE = "divide"
    DIVIDE_NO_NAN = "divide_no_nan"  # 0 where the divisor is 0
    HALF_SQUARE = "half_square"  # x*x/2, which tf.nn.l2_loss sums
    KEEP_WHERE = "keep_where"  # 0 where the mask is false
    MEAN = "mean"
    MULTIPLY = "multiply"
    NEGATE = "negate"
    STOP_GRADIENT = "stop_gradient"
    SUM = "sum"


class Role(str, enum.Enum):
    """What a divisor is, beside the losses and weights of its term."""

    BATCH = "batch"  # the number of examples in the batch, counted when the graph runs
    CONSTANT = "constant"
    COUNT_NONZERO = "count_nonzero"  # how many of the weights, broadcast to the losses, are not 0
    OTHER = "other"
    SIZE = "size"  # how many elements the losses have
    SUM_OF_WEIGHTS = "sum_of_weights"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of source code."""

    file: str
    number: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.number} in {self.function}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LossStep:
    """One operation on the way from unreduced losses to a term's number.

    Attributes:
      operation: What is done.
      axes: For SUM and MEAN: the axes, None for all. An empty tuple reduces a scalar again, which
        changes nothing.
      operand: For the others, what they multiply or divide by, or mask with, as text.
      tensor: Its name in the graph; "" for a constant.
      value: Its value where that is a constant number.
      scalar: Whether it has one element.
      role: For a division, what the divisor is.
      dtype: For CAST, the name of the new dtype.
      line: Where it was written, when that is known.
    """

    operation: Operation = dataclasses.field(metadata={"json": "do"})
    axes: tuple[int, ...] | None = None
    operand: str = dataclasses.field(default="", metadata={"json": "by"})
    tensor: str = ""
    value: float | None = None
    scalar: bool = True
    role: Role = Role.OTHER
    dtype: str = ""
    line: Line | None = None

    @property
    def reduces(self) -> bool:
        return self.operation in (Operation.SUM, Operation.MEAN) and self.axes != ()

    @property
    def divides(self) -> bool:
        return self.operation in (Operation.DIVIDE, Operation.DIVIDE_NO_NAN)
