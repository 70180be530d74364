"""Reads what a TRAIN graph does to gradients before an optimizer takes them: clipping, factors."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from estimator_compat.runtime import graph_traversal
from migrate.graph_reading import scalar_expressions
from migrate.translating.refusal import Refusal
from migrate.translating.training_facts import ChangeKind, GradientChange

# `tf.gradients` makes its ops in a name scope of this name.
_OF_GRADIENTS = re.compile(r"(^|/)gradients(_\d+)?/")


@dataclasses.dataclass(frozen=True, slots=True)
class _Step:
    """A change of one gradient.

    Attributes:
      kind: What is done.
      numbers: The norm, the limits, or the factor.
      norm: The tensor of the global norm; None for other changes.
      changed: The tensor that is changed.
    """

    kind: ChangeKind
    numbers: tuple[float, ...]
    norm: Any
    changed: Any


@dataclasses.dataclass(frozen=True, slots=True)
class Path:
    """The way of a gradient from `tf.gradients` to an optimizer.

    Attributes:
      raw: What `tf.gradients` returned; the values, if that is an IndexedSlices.
      steps: The changes, in order.
    """

    raw: Any
    steps: tuple[_Step, ...]


def path_to(taken: Any, weight: str) -> Path:
    """Returns the way to the tensor that an optimizer takes for a weight.

    Raises:
      Refusal: It passes through an op that is not translated.
    """
    steps: list[_Step] = []
    tensor = taken
    while True:
        tensor = _behind_identities(tensor)
        if _OF_GRADIENTS.search(tensor.op.name):
            return Path(tensor, tuple(steps[::-1]))
        step = _step(tensor)
        if step is None:
            raise Refusal(
                f"the gradient of {weight} passes through the op {tensor.op.name} "
                f"({tensor.op.type}) before the optimizer takes it, which is not translated; "
                "expected clipping by a norm or by values, or a factor that is a number; leave "
                "it out, and add it in the file that is written"
            )
        steps.append(step)
        tensor = step.changed


def _behind_identities(tensor: Any) -> Any:
    """Returns the tensor behind copies, and behind the sum of rows with the same index."""
    while not _OF_GRADIENTS.search(tensor.op.name) and (
        tensor.op.type in ("Identity", "Snapshot", "UnsortedSegmentSum")
    ):
        tensor = tensor.op.inputs[0]
    return tensor


def _step(tensor: Any) -> _Step | None:
    op = tensor.op
    if op.type == "RealDiv":
        first, second = op.inputs
        norm = _clipping_norm(first, second)
        if norm is not None:
            return _Step(ChangeKind.CLIP_BY_NORM, (norm[1],), None, norm[0])
        divisor = _number(second)
        if divisor:
            return _Step(ChangeKind.MULTIPLY, (1.0 / divisor,), None, first)
    if op.type == "Mul":
        for one, other in (op.inputs, op.inputs[::-1]):
            factor = _number(other)
            if factor is not None:
                return _Step(ChangeKind.MULTIPLY, (factor,), None, one)
            found = _global_norm(other)
            if found is not None:
                return _Step(ChangeKind.CLIP_BY_GLOBAL_NORM, (found[1],), found[0], one)
    if op.type == "Maximum" and op.inputs[0].op.type == "Minimum":
        low, high = _number(op.inputs[1]), _number(op.inputs[0].op.inputs[1])
        if low is not None and high is not None:
            changed = op.inputs[0].op.inputs[0]
            return _Step(ChangeKind.CLIP_BY_VALUE, (low, high), None, changed)
    return None


def _number(tensor: Any) -> float | None:
    value = tf.get_static_value(tensor)
    if value is None or value.ndim:
        return None
    return float(scalar_expressions.number(value))


def _clipping_norm(product: Any, largest: Any) -> tuple[Any, float] | None:
    """Returns what `t * c / max(norm(t), c)` clips, and c."""
    if product.op.type != "Mul" or largest.op.type != "Maximum":
        return None
    values, norm = product.op.inputs[0], _number(product.op.inputs[1])
    if norm is None or norm != _number(largest.op.inputs[1]):
        return None
    behind = graph_traversal.ancestors(
        [largest.op.inputs[0]], control_inputs=False, stop_at=lambda op: op is values.op
    )
    sums = [op for op in behind if op.type == "Sum"]
    if len(sums) != 1 or values.op not in behind:
        return None
    squares, axes = sums[0].inputs
    axis = tf.get_static_value(axes)
    rank = values.shape.rank
    # A norm over some axes only is another clipping.
    if axes.op.type != "Range" and (axis is None or rank is None or axis.size != rank):
        return None
    return (values, norm) if squares.op.type in ("Mul", "Square") else None


def _global_norm(scale: Any) -> tuple[Any, float] | None:
    """Returns the norm behind the factor of `tf.clip_by_global_norm`, and the largest norm."""
    op = scale.op
    if op.type not in ("AddV2", "Add") or op.inputs[1].op.type != "Sub":
        return None
    norm = op.inputs[1].op.inputs[0]
    product = op.inputs[0].op
    if norm is not op.inputs[1].op.inputs[1] or product.type != "Mul":
        return None
    largest = _number(product.inputs[0])
    return None if largest is None else (norm, largest)


def changes_of(paths: Mapping[str, Path]) -> tuple[GradientChange, ...]:
    """Joins the changes of all gradients into one sequence.

    Args:
      paths: The ways, by the weights.

    Raises:
      Refusal: The changes of two weights come in different orders, or a global norm is not that of
        the gradients that it clips.
    """
    longest = max(paths.values(), key=lambda one: len(one.steps)).steps
    numbers: list[dict[str, tuple[float, ...]]] = [{} for _ in longest]
    norms: list[dict[str, _Step]] = [{} for _ in longest]
    for weight, path in paths.items():
        at = 0
        for step in path.steps:
            while at < len(longest) and longest[at].kind is not step.kind:
                at += 1
            if at == len(longest):
                raise Refusal(
                    f"the gradient of {weight} is changed in another order than those of other "
                    "weights, which is not translated; clip and scale all gradients in one order"
                )
            numbers[at][weight] = step.numbers
            norms[at][weight] = step
            at += 1
    changes: list[GradientChange] = []
    for step, found, one in zip(longest, numbers, norms, strict=True):
        if step.kind is not ChangeKind.CLIP_BY_GLOBAL_NORM:
            changes.append(GradientChange(kind=step.kind, numbers=found))
            continue
        for group in _groups(one):
            changes.append(
                GradientChange(kind=step.kind, numbers={name: found[name] for name in group})
            )
    return tuple(changes)


def _groups(steps: Mapping[str, _Step]) -> list[list[str]]:
    """Returns the weights whose gradients are clipped by one global norm."""
    groups: dict[str, list[str]] = {}
    for weight, step in steps.items():
        groups.setdefault(step.norm.name, []).append(weight)
    for name, weights in groups.items():
        norm = steps[weights[0]].norm
        clipped = [_behind_identities(steps[weight].changed).ref() for weight in weights]
        squared = [_behind_identities(one).ref() for one in _squared(norm)]
        if set(clipped) != set(squared) or len({steps[one].numbers for one in weights}) != 1:
            raise Refusal(
                f"the norm {name} is not that of the gradients that it clips; expected "
                "tf.clip_by_global_norm of the gradients that the optimizer takes"
            )
    return list(groups.values())


def _squared(norm: Any) -> Sequence[Any]:
    """Returns the tensors whose squares a global norm adds up."""
    ops = graph_traversal.ancestors(
        [norm], control_inputs=False, stop_at=lambda op: op.type == "L2Loss"
    )
    others = {"Sqrt", "Mul", "Sum", "Pack", "AddN", "Const", "L2Loss", "Identity"}
    if any(op.type not in others for op in ops):
        return []
    return [op.inputs[0] for op in ops if op.type == "L2Loss"]
