"""Takes factors off losses: weights, masks, and the numbers that multiply or divide a loss.

In a product, the loss is the factor through which a gradient flows. What the other factor is a part
of, the weights or the losses, `factor_parts` decides.
"""

import dataclasses
from typing import TypeAlias

from estimator_compat.ledger.dependencies import variables_of
from estimator_compat.ledger.factor_parts import FactorParts, declared, is_among, summed_by
from estimator_compat.ledger.function_bodies import original
from estimator_compat.ledger.loss_graph import LossGraph, same_rank
from estimator_compat.ledger.op_patterns import (
    RENAMES,
    RESHAPES,
    constant,
    is_zeros,
    keeps_values,
    renamed,
    strip,
)
from estimator_compat.ledger.signed_numbers import keeps_shape, steps_of, without_sign
from estimator_compat.ledger.steps import LossStep, Operation, Part
from estimator_compat.losses import unreduced
from estimator_compat.type_aliases import Operation as GraphOperation
from estimator_compat.type_aliases import Tensor

QUOTIENTS = {
    "DivNoNan": Operation.DIVIDE_NO_NAN,
    "RealDiv": Operation.DIVIDE,
    "Div": Operation.DIVIDE,
}
PRODUCTS = {"Mul": Operation.MULTIPLY, "MulNoNan": Operation.MULTIPLY_NO_NAN}
Steps: TypeAlias = tuple[LossStep, ...]
SELECTS = frozenset({"Select", "SelectV2"})


class Factors:
    """Takes products and quotients of one graph apart.

    Args:
      graph: The graph of the loss.
    """

    def __init__(self, graph: LossGraph) -> None:
        self._graph = graph
        self._parts = FactorParts(graph)

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

    def of_quotient(self, quotient: Tensor) -> tuple[Tensor, Steps]:
        """Returns the numerator of a quotient, and the division; its sign is a negation."""
        numerator, divisor = quotient.op.inputs
        return numerator, steps_of(self._graph, QUOTIENTS[quotient.op.type], divisor)

    def of_numbers(self, product: Tensor) -> tuple[Tensor, Steps] | None:
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
        return loss, steps_of(self._graph, PRODUCTS[product.op.type], factor)

    def of_losses(
        self, tensor: Tensor, *, reduces_all: bool, after: Steps = ()
    ) -> tuple[Tensor, Steps] | None:
        """Takes one factor off a tensor of losses, or one rename or negation before a factor.

        Args:
          tensor: The losses, perhaps multiplied by weights.
          reduces_all: Whether all axes are reduced later, so that the shape does not matter.
          after: The steps from the tensor to the loss.

        Returns:
          The losses without the factor, and the steps that apply it; no steps for a rename. None if
          the tensor has no factor that can be taken off.
        """
        op = tensor.op
        if unreduced.is_marked(tensor):
            return None
        if op.type in RENAMES or (op.type == "Cast" and op.inputs[0].dtype.is_floating):
            return self._of_renamed(tensor, reduces_all=reduces_all, after=after)
        if (negated := without_sign(tensor)) is not None:
            step = LossStep(operation=Operation.NEGATE)
            inner = self.of_losses(negated, reduces_all=reduces_all, after=(step, *after))
            return None if inner is None else (negated, (step,))
        is_scaled = op.type in QUOTIENTS and keeps_shape(op.inputs[1], op.inputs[0])
        if is_scaled and self.is_linear_quotient(tensor):
            return op.inputs[0], self._of_number(QUOTIENTS[op.type], op.inputs[1])
        if op.type in SELECTS:
            return self._of_selection(tensor, after)
        return self._of_product(tensor, after) if op.type in PRODUCTS else None

    def _of_renamed(
        self, tensor: Tensor, *, reduces_all: bool, after: Steps
    ) -> tuple[Tensor, Steps] | None:
        inner = renamed(tensor)
        if tensor.op.type in RESHAPES and (not reduces_all or _has_elements(after)):
            return None  # the steps after it have the shape that it gives
        if self.of_losses(inner, reduces_all=reduces_all, after=after) is None:
            return None
        if tensor.op.type != "Cast":
            return inner, ()
        return inner, (LossStep(operation=Operation.CAST, dtype=tensor.dtype.name),)

    def _of_number(self, operation: Operation, number: Tensor) -> Steps:
        """Returns the steps that multiply or divide losses by a number before they are reduced.

        Such a number is a part of the losses, unless it is computed from the batch, such as the
        number of its examples, or from static shapes. It then scales the term as a whole.
        """
        if self._graph.is_of_batch(number) or self._is_of_shapes(number):
            return steps_of(self._graph, operation, number, part=Part.TERM)
        step = self._graph.loss_step(operation, number)
        return (dataclasses.replace(step, part=Part.LOSSES),)

    def _is_of_shapes(self, number: Tensor) -> bool:
        """Returns whether a number is computed from constants, as the size of a static batch is."""
        if number.op.type == "Const" or self._graph.dependencies.depends_on_input(number):
            return False
        return not variables_of(number)

    def _of_selection(self, tensor: Tensor, after: Steps) -> tuple[Tensor, Steps] | None:
        """Takes a mask off losses that are 0 where the mask is false, or where it is true."""
        mask, *branches = tensor.op.inputs
        for operation, losses, zeros in (
            (Operation.KEEP_WHERE, *branches),
            (Operation.DROP_WHERE, *reversed(branches)),
        ):
            if not is_zeros(strip(zeros)) or not same_rank(mask, losses):
                continue
            if not self._fits(losses, mask, tensor):
                continue
            part = self._part(losses, mask, tensor, after)
            if part is not None:
                step = self._graph.loss_step(operation, mask)
                return losses, (dataclasses.replace(step, part=_unless_weights(part)),)
        return None

    def _of_product(self, tensor: Tensor, after: Steps) -> tuple[Tensor, Steps] | None:
        factors = self._loss_and_factor(tensor)
        if factors is None or not self._fits(*factors, tensor):
            return None
        losses, factor = factors
        operation = PRODUCTS[tensor.op.type]
        if self._graph.is_number(factor):
            if is_checked(tensor.op) and constant(factor) is None:
                return losses, (self._graph.loss_step(operation, factor),)
            if is_checked(tensor.op):
                return losses, steps_of(self._graph, operation, factor)
            return losses, self._of_number(operation, factor)
        part = self._part(losses, factor, tensor, after)
        if part is None:
            return None
        if part is not Part.LOSSES or not is_checked(tensor.op):
            scaled = self._scaled(losses, factor, tensor, after)
            if scaled is not None:
                return losses, scaled
        step = self._graph.loss_step(operation, factor)
        return losses, (dataclasses.replace(step, part=_unless_weights(part)),)

    def _part(self, losses: Tensor, factor: Tensor, product: Tensor, after: Steps) -> Part | None:
        return self._parts.of_weights(
            losses,
            factor,
            is_declared=is_checked(product.op) or is_among(factor, declared(self._graph, after)),
            after=after,
        )

    def _scaled(
        self, losses: Tensor, factor: Tensor, product: Tensor, after: Steps
    ) -> Steps | None:
        """Takes the numbers off a factor, such as weights that are divided by their own sum.

        Returns:
          The steps for the weights alone, and for the numbers. None if the factor has no numbers,
          or if what is left without them is no weights.
        """
        summed, weights = declared(self._graph, after), factor
        is_whole = is_checked(product.op) or is_among(factor, summed)
        numbers: Steps = ()
        taken: Steps
        while is_whole or not is_among(weights, summed):
            negated = without_sign(weights)
            if negated is not None and not is_whole:
                weights, taken = negated, (LossStep(operation=Operation.NEGATE),)
            elif weights.op.type in ("Identity", "StopGradient"):
                weights, taken = renamed(weights), ()
            else:
                scale = self._number_in(weights)
                if scale is None:
                    break
                weights, operation, number = scale
                summed += summed_by(number)
                taken = (
                    steps_of(self._graph, operation, number, part=Part.TERM)
                    if is_whole
                    else self._of_number(operation, number)
                )
            numbers = (*taken, *numbers)
        from_batch = any(self._is_from_batch(step) for step in numbers)
        if not numbers or (is_whole and not from_batch):
            return None
        is_declared = is_whole or is_among(weights, summed)
        part = self._parts.of_weights(losses, weights, is_declared=is_declared, after=after)
        is_negated = any(step.operation is Operation.NEGATE for step in numbers)
        if part in (None, Part.LOSSES) or (part is not Part.WEIGHTS and is_negated):
            return None
        step = self._graph.loss_step(Operation.MULTIPLY, weights)
        return (dataclasses.replace(step, part=_unless_weights(part)), *numbers)

    def _number_in(self, factor: Tensor) -> tuple[Tensor, Operation, Tensor] | None:
        """Returns what a number in a factor scales, how, and the number; None without a number."""
        op = factor.op
        if op.type not in (*QUOTIENTS, "Mul"):
            return None
        operation = QUOTIENTS.get(op.type, Operation.MULTIPLY)
        pairs = [tuple(op.inputs)]
        if op.type == "Mul":
            pairs.append(pairs[0][::-1])
        for scaled, number in pairs:
            if self._graph.is_number(number) and scaled.shape.rank and keeps_shape(number, scaled):
                return scaled, operation, number
        return None

    def _is_from_batch(self, step: LossStep) -> bool:
        if not step.tensor:
            return False
        tensor = self._graph.loss.graph.get_tensor_by_name(step.tensor)
        return self._graph.is_of_batch(tensor)

    def _loss_and_factor(self, product: Tensor) -> tuple[Tensor, Tensor] | None:
        """Returns the loss in a product and the other factor; None if either could be the loss."""
        left, right = product.op.inputs
        if is_checked(product.op):
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
        if self._graph.is_number(losses):
            return False
        if is_checked(product.op) or weights.shape.rank == 0:
            return True
        if losses.shape.rank is None:
            return False
        if self._graph.is_number(weights):
            return bool((weights.shape.rank or 0) <= losses.shape.rank)
        if weights.shape.rank is None:
            return True  # such as the result of a tf.py_func
        return same_rank(losses, product) and 1 not in [
            before
            for before, after in zip(losses.shape.as_list(), product.shape.as_list(), strict=True)
            if before != after
        ]


def _has_elements(after: Steps) -> bool:
    """Returns whether a step before the first reduction applies a tensor element by element."""
    for step in after:
        if step.reduces:
            return False
        if step.tensor and not step.scalar:
            return True
    return False


def _unless_weights(part: Part) -> Part | None:
    """Returns the part, or None for weights, which is a step's default."""
    return None if part is Part.WEIGHTS else part


def _is_marked(tensor: Tensor) -> bool:
    """Returns whether a tensor, or one that it renames, is marked as unreduced losses."""
    while not unreduced.is_marked(tensor):
        if tensor.op.type not in RENAMES and not keeps_values(tensor.op):
            return False
        tensor = renamed(tensor)
    return True


def is_checked(op: GraphOperation) -> bool:
    """Returns whether a product waits for the broadcasting check of `tf.losses`.

    The check is usually a control input of the product. TensorFlow adds a control dependency only
    to an op whose inputs do not have it yet. If `tf.losses` converted the weights from NumPy or
    from another dtype, the converted weights have the dependency instead of the product. Hence this
    function searches the inputs, too.

    A product of losses that a head has marked needs no check.
    """
    if op.type in PRODUCTS and _is_marked(op.inputs[0]):
        return True
    return any("assert_broadcastable/" in name for name in original(op).waits_for) or any(
        is_checked(tensor.op) for tensor in op.inputs if tensor.op.type in ("Cast", "Const")
    )
