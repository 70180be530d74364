"""The graph behind a loss: its inputs, its axes and its dependencies."""

from collections.abc import Iterator, Mapping

import tensorflow as tf

from estimator_compat.ledger.axis_names import is_batch
from estimator_compat.ledger.batch_axes import Axes
from estimator_compat.ledger.dependencies import Dependencies, captured_names
from estimator_compat.ledger.expressions import TensorExpressions
from estimator_compat.ledger.input_names import is_label
from estimator_compat.ledger.op_patterns import constant
from estimator_compat.ledger.steps import LossStep, Operation
from estimator_compat.type_aliases import Features, Labels, Nest, Tensor
from estimator_compat.type_aliases import Operation as GraphOperation

UNKNOWN_AXES = (-1,)


class LossGraph:
    """A loss and its graph.

    Args:
      loss: A tensor of a graph.
      features: The features that the model_fn was given: a nest of tensors, or None.
      labels: The labels that the model_fn was given: a nest of tensors, or None.

    Raises:
      ValueError: The features or labels belong to another graph than the loss.

    Attributes:
      loss: The loss.
      dependencies: Which tensors depend on the input, and which have a gradient.
      expressions: The tensors as text.
      axes: The names of the tensors' axes.
    """

    def __init__(self, loss: Tensor, features: Features, labels: Labels) -> None:
        self.loss = loss
        dense, sparse_parts = _inputs(features, labels)
        inputs = {**dense, **sparse_parts}
        for tensor in inputs.values():
            if getattr(tensor, "graph", loss.graph) is not loss.graph:
                raise ValueError(
                    f"`loss` ({loss.name}) was built in another graph than the features "
                    f"({tensor.name}); expected both in one; build the loss from the features "
                    "that the model_fn is given."
                )
        captured = {op.outputs[0].name: name for op, name in captured_names(loss.graph).items()}
        self.dependencies = Dependencies(loss, inputs.values())
        self.expressions = TensorExpressions(
            {tensor.name: name for name, tensor in inputs.items()} | captured,
            self.dependencies.is_trained,
        )
        self.axes = Axes(dense.values(), sparse_parts.values())
        self._input_names = {tensor.name: name for name, tensor in inputs.items()}

    def is_number(self, tensor: Tensor) -> bool:
        """Returns whether a tensor is one number.

        A tensor of one element that is not a scalar also counts as one number, unless the batch has
        one example: it could then be the losses of the batch.
        """
        return tensor.shape.rank == 0 or (self.axes.batch != 1 and tensor.shape.num_elements() == 1)

    def is_of_batch(self, tensor: Tensor) -> bool:
        """Returns whether a tensor is computed from features or labels."""
        if not self._input_names:
            return self.dependencies.depends_on_input(tensor)
        return bool(self._inputs_of(tensor))

    def reads_only_labels(self, tensor: Tensor) -> bool:
        """Returns whether a tensor is computed from labels, and from no other input."""
        names = self._inputs_of(tensor)
        return bool(names) and all(map(is_label, names))

    def _inputs_of(self, tensor: Tensor) -> set[str]:
        """Names the features and labels that a tensor is computed from."""
        found, seen, waiting = set[str](), set[str](), [tensor]
        while waiting:
            one = waiting.pop()
            if one.name in self._input_names:
                found.add(self._input_names[one.name])
            elif one.name not in seen:
                seen.add(one.name)
                waiting += one.op.inputs
        return found

    def batch_axis(self, tensor: Tensor) -> int | None:
        """Returns the axis of the batch, or of elements selected from it; None if it is unknown."""
        if tensor.shape.rank is None:
            return None
        names = self.axes.names(tensor)
        return next((axis for axis, name in enumerate(names) if is_batch(name)), None)

    def loss_step(self, operation: Operation, operand: Tensor) -> LossStep:
        """Returns a step with a second operand, such as a multiplication by weights."""
        value = constant(operand)
        return LossStep(
            operation=operation,
            operand=self.expressions.of(operand),
            tensor="" if value is not None else operand.name,
            value=value,
            scalar=self.is_number(operand),
        )


def _inputs(features: Features, labels: Labels) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Returns the dense tensors of features and labels, and the parts of sparse ones, by name."""
    dense: dict[str, Tensor] = {}
    sparse_parts: dict[str, Tensor] = {}
    for argument, nest in (("features", features), ("labels", labels)):
        for name, leaf in _leaves(argument, nest):
            tensors = tf.nest.flatten(leaf, expand_composites=True)
            for index, tensor in enumerate(tensors):
                if tf.is_tensor(tensor) and hasattr(tensor, "op"):
                    if tensor is leaf:
                        dense[name] = tensor
                    else:
                        sparse_parts[f"{name}.{index}"] = tensor
    return dense, sparse_parts


def _leaves(name: str, nest: Nest) -> Iterator[tuple[str, Nest]]:
    """Yields pairs: the expression of a leaf of a nest, such as `features['x']`, and the leaf."""
    if isinstance(nest, Mapping):
        for key in nest:
            yield from _leaves(f"{name}[{key!r}]", nest[key])
    elif isinstance(nest, list | tuple) and not tf.is_tensor(nest):
        for index, item in enumerate(nest):
            yield from _leaves(f"{name}[{index}]", item)
    elif nest is not None:
        yield name, nest


def reduced_axes(op: GraphOperation) -> tuple[int, ...] | None:
    """Returns the axes that an op reduces.

    Returns:
      The axes, sorted; None for all axes, `UNKNOWN_AXES` if they are not static.
    """
    rank = op.inputs[0].shape.rank
    axes = tf.get_static_value(op.inputs[1])
    if op.outputs[0].shape.rank == 0 and not keeps_dims(op):
        return None if rank != 0 else ()
    if rank is None or axes is None:
        return UNKNOWN_AXES
    reduced = tuple(sorted({int(axis) % rank for axis in axes.reshape(-1)})) if rank else ()
    return None if len(reduced) == rank and rank else reduced


def keeps_dims(op: GraphOperation) -> bool:
    """Returns whether a reduction keeps the reduced axes, with size 1."""
    return bool(op.get_attr("keep_dims"))


def same_rank(first: Tensor, second: Tensor) -> bool:
    """Returns whether two tensors have equal static ranks, and may have equal shapes."""
    ranks_are_equal = first.shape.rank == second.shape.rank
    return ranks_are_equal and bool(first.shape.is_compatible_with(second.shape))
