"""What is known of the graph behind a loss: its inputs, its axes, and what depends on what."""

from collections.abc import Iterator, Mapping
from typing import Any

import tensorflow as tf

from estimator_compat.ledger.batch_axes import Axes, is_batch
from estimator_compat.ledger.dependencies import Origins, captured_names
from estimator_compat.ledger.expressions import Texts
from estimator_compat.ledger.op_patterns import constant
from estimator_compat.ledger.steps import LossStep, Operation

UNKNOWN_AXES = (-1,)


class LossGraph:
    """A loss with what its graph tells.

    Attributes:
      loss: The tensor.
      origins: Which tensors depend on the input, and which pass a gradient on.
      texts: The tensors in words.
      axes: Which axes of the tensors are the batch.
    """

    def __init__(self, loss: Any, features: Any, labels: Any) -> None:
        self.loss = loss
        given, parts = _inputs(features, labels)
        for tensor in (*given.values(), *parts.values()):
            if getattr(tensor, "graph", loss.graph) is not loss.graph:
                raise ValueError(
                    f"`loss` ({loss.name}) was built in another graph than the features "
                    f"({tensor.name}); expected both in one; build the loss from the features "
                    "that the model_fn is given."
                )
        named = {**given, **parts}
        captured = {op.outputs[0].name: name for op, name in captured_names(loss.graph).items()}
        self.origins = Origins(loss, named.values())
        self.texts = Texts(
            {tensor.name: text for text, tensor in named.items()} | captured,
            self.origins.is_trained,
        )
        self.axes = Axes(given.values(), parts.values())

    def is_one(self, tensor: Any) -> bool:
        """Tells whether a tensor is one number, and not the losses of a batch of one example."""
        return tensor.shape.rank == 0 or (self.axes.batch != 1 and tensor.shape.num_elements() == 1)

    def batch_axis(self, tensor: Any) -> int | None:
        """The axis that is the batch, or what was chosen from it; None where none is known."""
        if tensor.shape.rank is None:
            return None
        names = self.axes.names(tensor)
        return next((axis for axis, name in enumerate(names) if is_batch(name)), None)

    def step(self, do: Operation, tensor: Any) -> LossStep:
        """A step with another operand."""
        value = constant(tensor)
        return LossStep(
            operation=do,
            operand=self.texts.of(tensor),
            tensor="" if value is not None else tensor.name,
            value=value,
            scalar=self.is_one(tensor),
        )


def _inputs(features: Any, labels: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The dense tensors of features and labels by their names, and the parts of sparse ones."""
    dense: dict[str, Any] = {}
    parts: dict[str, Any] = {}
    for name, given in (("features", features), ("labels", labels)):
        for text, one in _leaves(name, given):
            tensors = tf.nest.flatten(one, expand_composites=True)
            for index, tensor in enumerate(tensors):
                if tf.is_tensor(tensor) and hasattr(tensor, "op"):
                    if tensor is one:
                        dense[text] = tensor
                    else:
                        parts[f"{text}.{index}"] = tensor
    return dense, parts


def _leaves(name: str, given: Any) -> Iterator[tuple[str, Any]]:
    """Names what a nest has: `features['x']` and the like."""
    if isinstance(given, Mapping):
        for key in given:
            yield from _leaves(f"{name}[{key!r}]", given[key])
    elif isinstance(given, list | tuple) and not tf.is_tensor(given):
        for index, one in enumerate(given):
            yield from _leaves(f"{name}[{index}]", one)
    elif given is not None:
        yield name, given


def reduced_axes(op: Any) -> tuple[int, ...] | None:
    """The axes that an op reduces: None for all of them, `UNKNOWN_AXES` where that is not known."""
    rank = op.inputs[0].shape.rank
    axes = tf.get_static_value(op.inputs[1])
    if op.outputs[0].shape.rank == 0 and not keeps_dims(op):
        return None if rank != 0 else ()
    if rank is None or axes is None:
        return UNKNOWN_AXES
    chosen = tuple(sorted({int(axis) % rank for axis in axes.reshape(-1)})) if rank else ()
    return None if len(chosen) == rank and rank else chosen


def keeps_dims(op: Any) -> bool:
    return bool(op.get_attr("keep_dims"))


def same_rank(one: Any, other: Any) -> bool:
    """Tells whether two static shapes can be the same, of known and equal rank."""
    return one.shape.rank == other.shape.rank and one.shape.is_compatible_with(other.shape)
