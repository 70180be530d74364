"""The steps that lead from unreduced losses to the number that a term adds to the loss."""

import dataclasses
import enum


class Operation(str, enum.Enum):
    """The operation of a step."""

    CAST = "cast"
    DIVIDE = "divide"
    DIVIDE_NO_NAN = "divide_no_nan"  # 0 where the divisor is 0
    DROP_WHERE = "drop_where"  # 0 where the mask is true
    HALF_SQUARE = "half_square"  # x*x/2, which tf.nn.l2_loss sums
    KEEP_WHERE = "keep_where"  # 0 where the mask is false
    MEAN = "mean"
    MULTIPLY = "multiply"
    MULTIPLY_NO_NAN = "multiply_no_nan"  # 0 where the factor is 0
    NEGATE = "negate"
    STOP_GRADIENT = "stop_gradient"
    SUM = "sum"


class Part(str, enum.Enum):
    """What a factor is a part of: the losses, their weights, or the term as a whole.

    The losses are what `average_loss` averages. A number inside the first reduction is a part of
    them, and so is a factor that may be negative.
    """

    LOSSES = "losses"
    WEIGHTS = "weights"
    # The weights in a batch in which no factor is negative, otherwise the losses.
    WEIGHTS_IF_NOT_NEGATIVE = "weights_if_not_negative"
    TERM = "term"  # a multiplier of the whole term that is computed from the batch


class Role(str, enum.Enum):
    """The role of a divisor: what it counts in the losses and weights of its term."""

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
    """One operation between the unreduced losses and the number that a term adds to the loss.

    Attributes:
      operation: The operation.
      axes: For SUM and MEAN, the reduced axes; None for all axes. An empty tuple means that a
        scalar is reduced again, which changes nothing.
      operand: For MULTIPLY and divisions, the factor or divisor; for KEEP_WHERE, the mask. An
        expression such as `features['w']`; "" for other operations.
      tensor: The name of the operand's tensor in the graph; "" for a constant.
      value: The value of a constant operand; None for a tensor.
      scalar: Whether the operand has one element.
      role: For a division, what the divisor counts.
      part: For a factor, a mask or a divisor, what it is a part of. None is WEIGHTS for a tensor,
        and a multiplier of the whole term for one element.
      dtype: For CAST, the name of the new dtype.
      line: The line of source code that created the operation; None if it is not known.
    """

    operation: Operation = dataclasses.field(metadata={"json": "do"})
    axes: tuple[int, ...] | None = None
    operand: str = dataclasses.field(default="", metadata={"json": "by"})
    tensor: str = ""
    value: float | None = None
    scalar: bool = True
    role: Role = Role.OTHER
    part: Part | None = None
    dtype: str = ""
    line: Line | None = None

    @property
    def reduces(self) -> bool:
        """Whether the step is a sum or mean that changes the shape."""
        return self.operation in (Operation.SUM, Operation.MEAN) and self.axes != ()

    @property
    def divides(self) -> bool:
        """Whether the step is a division."""
        return self.operation in (Operation.DIVIDE, Operation.DIVIDE_NO_NAN)

    @property
    def multiplies(self) -> bool:
        """Whether the step multiplies by a factor or by a mask of zeros and ones."""
        return self.operation in _MULTIPLICATIONS

    @property
    def weights(self) -> bool:
        """Whether the step weights the losses, in all batches or in those without negatives."""
        if self.part is None:
            return self.multiplies and not self.scalar
        return self.part in (Part.WEIGHTS, Part.WEIGHTS_IF_NOT_NEGATIVE)


_MULTIPLICATIONS = (
    Operation.DROP_WHERE,
    Operation.KEEP_WHERE,
    Operation.MULTIPLY,
    Operation.MULTIPLY_NO_NAN,
)
