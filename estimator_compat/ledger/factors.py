"""Takes factors off losses: weights, masks, and the numbers that multiply or divide a loss.

In a product, the loss is the factor through which a gradient flows; the other one is its weight.
"""

from estimator_compat.ledger.function_bodies import original
from estimator_compat.ledger.loss_graph import LossGraph, same_rank
from estimator_compat.ledger.loss_names import is_cross_entropy
from estimator_compat.ledger.op_patterns import RENAMES, RESHAPES, constant, is_zeros, renamed
from estimator_compat.ledger.steps import LossStep, Operation
from estimator_compat.type_aliases import Operation as GraphOperation
from estimator_compat.type_aliases import Tensor

QUOTIENTS = {
    "DivNoNan": Operation.DIVIDE_NO_NAN,
    "RealDiv": Operation.DIVIDE,
    "Div": Operation.DIVIDE,
}
SELECTS = frozenset({"Select", "SelectV2"})


class Factors:
    """Takes products and quotients of one graph apart.

    Args:
      graph: The graph of the loss.
    """

    def __init__(self, graph: LossGraph) -> None:
        self._graph = graph

    def is_linear_quotient(self, quotient: Tensor) -> bool:
        """Returns whether a quotient is linear in the losses: its divisor is not a loss.

        The divisor must be one number through which no gradient flows. A divisor of variables alone
        is also accepted if the numerator depends on the input and has a gradient.
        """
        losses, divisor = quotient.op.inputs
        dependencies = self._graph.dependencies
        return self._graph.is_number(divisor) and (
            not dependencies.is_trained(divisor)
            or (
                dependencies.is_trained_on_input(losses)
                and not dependencies.depends_on_input(divisor)
            )
        )

    def of_quotient(self, quotient: Tensor) -> tuple[Tensor, LossStep]:
        """Returns the numerator of a quotient, and the division."""
        numerator, divisor = quotient.op.inputs
        return numerator, self._graph.loss_step(QUOTIENTS[quotient.op.type], divisor)

    def of_numbers(self, product: Tensor) -> tuple[Tensor, LossStep] | None:
        """Returns the loss in a product of two numbers, and its multiplication or division.

        Returns:
          None if either factor could be the loss, or if one factor is not a number.
        """
        factors = self._loss_and_factor(product)
        if factors is None:
            return None
        loss, factor = factors
        if not self._graph.is_number(loss) or not self._graph.is_number(factor):
            return None
        if factor.op.type == "Reciprocal":
            return loss, self._graph.loss_step(Operation.DIVIDE, factor.op.inputs[0])
        return loss, self._graph.loss_step(Operation.MULTIPLY, factor)

    def of_losses(
        self, tensor: Tensor, *, reduces_all: bool
    ) -> tuple[Tensor, LossStep | None] | None:
        """Takes one factor off a tensor of losses, or one rename before a factor.

        Args:
          tensor: The losses, perhaps multiplied by weights.
          reduces_all: Whether all axes are reduced later, so that the shape does not matter.

        Returns:
          The losses without the factor, and the step that applies it; the step is None for a
          rename. None if the tensor has no factor that can be taken off.
        """
        op = tensor.op
        if op.type in RENAMES or (op.type == "Cast" and op.inputs[0].dtype.is_floating):
            return self._of_renamed(tensor, reduces_all=reduces_all)
        if op.type in QUOTIENTS and self.is_linear_quotient(tensor):
            return self.of_quotient(tensor)
        if op.type in SELECTS and is_zeros(op.inputs[2]) and same_rank(op.inputs[0], op.inputs[1]):
            return op.inputs[1], self._graph.loss_step(Operation.KEEP_WHERE, op.inputs[0])
        if op.type != "Mul" or is_cross_entropy(op):
            return None
        factors = self._loss_and_factor(tensor)
        if factors is None or not self._fits(*factors, tensor):
            return None
        losses, weights = factors
        return losses, self._graph.loss_step(Operation.MULTIPLY, weights)

    def _of_renamed(
        self, tensor: Tensor, *, reduces_all: bool
    ) -> tuple[Tensor, LossStep | None] | None:
        inner = renamed(tensor)
        if tensor.op.type in RESHAPES and not reduces_all:
            return None
        if self.of_losses(inner, reduces_all=reduces_all) is None:
            return None
        if tensor.op.type != "Cast":
            return inner, None
        return inner, LossStep(operation=Operation.CAST, dtype=tensor.dtype.name)

    def _loss_and_factor(self, product: Tensor) -> tuple[Tensor, Tensor] | None:
        """Returns the loss in a product and the other factor; None if either could be the loss."""
        left, right = product.op.inputs
        if _is_checked(product.op):
            return left, right  # tf.losses multiplies losses by weights, in this order
        dependencies = self._graph.dependencies
        for may_be_loss in (dependencies.is_trained_on_input, dependencies.is_trained):
            if may_be_loss(left) != may_be_loss(right):
                return (left, right) if may_be_loss(left) else (right, left)
        is_left_constant = constant(left) is not None
        if is_left_constant != (constant(right) is not None):
            return (right, left) if is_left_constant else (left, right)
        return None

    def _fits(self, losses: Tensor, weights: Tensor, product: Tensor) -> bool:
        """Returns whether weights broadcast to the losses, and not the losses to the weights."""
        if self._graph.is_number(losses) or losses.shape.rank is None:
            return False
        if self._graph.is_number(weights):
            return bool((weights.shape.rank or 0) <= losses.shape.rank)
        return same_rank(losses, product) and 1 not in [
            before
            for before, after in zip(losses.shape.as_list(), product.shape.as_list(), strict=True)
            if before != after
        ]


def _is_checked(op: GraphOperation) -> bool:
    """Returns whether a product waits for the broadcasting check of `tf.losses`.

    The check is usually a control input of the product. TensorFlow adds a control dependency only
    to an op whose inputs do not have it yet. If `tf.losses` converted the weights from NumPy or
    from another dtype, the converted weights have the dependency instead of the product. Hence this
    function searches the inputs, too.
    """
    return any("assert_broadcastable/" in name for name in original(op).waits_for) or any(
        _is_checked(tensor.op) for tensor in op.inputs if tensor.op.type in ("Cast", "Const")
    )
