"""Reads the ledger of a loss off its graph.

The walk goes from the scalar loss back over whatever is linear in the per-example losses (sums,
means, products with weights and numbers, quotients, renames), and splits at every addition. It
stops at the tensors that still have one loss an example. Where it meets an op that it does not
know, that term is kept as one number, and says which op it was: it never guesses.
"""

import collections
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from estimator_compat import op_texts
from estimator_compat.axes import BATCH, ELEMENTWISE, Axes, is_batch
from estimator_compat.ledger import Do, Kind, LossLedger, LossTerm, Role, Step
from estimator_compat.op_texts import (
    RENAMES,
    RESHAPES,
    Texts,
    constant,
    is_zeros,
    line_of,
    renamed,
    strip,
)
from estimator_compat.origins import Origins, captured_names, variables_of

_ADDITIONS = frozenset({"Add", "AddV2", "AddN", "Sub"})
_QUOTIENTS = {"DivNoNan": Do.DIVIDE_NO_NAN, "RealDiv": Do.DIVIDE, "Div": Do.DIVIDE}
_REDUCTIONS = {"Mean": Do.MEAN, "Sum": Do.SUM}
_SELECTS = frozenset({"Select", "SelectV2"})

Steps = tuple[Step, ...]


class _Part(NamedTuple):
    """A tensor on the way back, and the steps that lead from it to the loss."""

    tensor: Any
    steps: Steps


def ledger(loss: Any, features: Any = None, labels: Any = None, *, mode: str = "") -> LossLedger:
    """Reads the ledger of a loss.

    Args:
      loss: A floating-point Tensor of a v1 graph or of a `tf.function`'s graph; a scalar as a rule.
        For a tensor of losses, the one term has no reduction.
      features, labels: What the model_fn was given: nested tensors. They name what the weights and
        divisors are, and tell which axis is the batch.
      mode: The `ModeKeys` value that the graph was built for.

    Raises:
      TypeError: The loss is no Tensor of a graph, or not of a floating-point dtype.
      ValueError: The features are of another graph.
    """
    _check(loss)
    return _Reader(loss, features, labels).ledger(mode)


def _check(loss: Any) -> None:
    if loss is None:
        raise TypeError(
            "`loss` (None) is not there; expected a scalar Tensor, which an EstimatorSpec has in "
            "TRAIN and EVAL; build the model_fn in one of these modes."
        )
    if not tf.is_tensor(loss) or not hasattr(loss, "graph"):
        raise TypeError(
            f"`loss` ({loss!r:.80}) is no Tensor of a graph; expected one that a model_fn built; "
            "call the model_fn inside a tf.Graph or a tf.function."
        )
    if not loss.dtype.is_floating:
        raise TypeError(
            f"`loss` ({loss.name}) has the dtype {loss.dtype.name}; expected a floating-point one, "
            "through which a gradient can flow; cast the losses before they are reduced."
        )


class _Reader:
    """Walks one graph."""

    def __init__(self, loss: Any, features: Any, labels: Any) -> None:
        self._loss = loss
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
        self._origins = Origins(loss, named.values())
        self._texts = Texts(
            {tensor.name: text for text, tensor in named.items()} | captured,
            self._origins.is_trained,
        )
        self._axes = Axes(given.values(), parts.values())

    def ledger(self, mode: str) -> LossLedger:
        terms = [self._term(part) for part in self._parts()]
        return LossLedger(
            loss=self._loss.name,
            dtype=self._loss.dtype.name,
            mode=mode,
            terms=tuple(_with_names(_merged(terms))),
        )

    # The walk.

    def _parts(self) -> Iterator[_Part]:
        waiting = [_Part(self._loss, ())]
        while waiting:
            part = waiting.pop()
            split = self._behind(part)
            if split is None:
                yield part
            else:
                waiting.extend(reversed(split))

    def _behind(self, part: _Part) -> list[_Part] | None:
        """What a part is made of; None where the walk ends."""
        tensor, kind = part.tensor, part.tensor.op.type
        if not self._is_one(tensor):
            return self._behind_many(part)
        if kind in RENAMES:
            inner = renamed(tensor)
            return [_Part(inner, part.steps)] if _is_fetchable(inner) else None
        if kind in _REDUCTIONS:
            return self._behind_reduction(part)
        if kind in _ADDITIONS:
            return self._addends(part)
        if kind in _QUOTIENTS and self._is_known_divisor(tensor):
            return [self._divided(part)]
        if kind == "Mul":
            return self._multiplied(part)
        return self._unary(part)

    def _unary(self, part: _Part) -> list[_Part] | None:
        op = part.tensor.op
        done = {"Neg": Do.NEGATE, "StopGradient": Do.STOP_GRADIENT, "Cast": Do.CAST}
        if op.type == "Cast" and not op.inputs[0].dtype.is_floating:
            return None
        if op.type in done and _is_fetchable(op.inputs[0]):
            step = Step(do=done[op.type], dtype=part.tensor.dtype.name if op.type == "Cast" else "")
            return [_Part(op.inputs[0], (step, *part.steps))]
        if op.type == "L2Loss" and self._origins.is_fed(part.tensor):
            steps = (Step(do=Do.HALF_SQUARE), Step(do=Do.SUM, line=line_of(op)))
            return [_Part(op.inputs[0], (*steps, *part.steps))]
        if op.type in _SELECTS and is_zeros(op.inputs[2]):
            return [_Part(op.inputs[1], (self._step(Do.KEEP_WHERE, op.inputs[0]), *part.steps))]
        return None

    def _behind_reduction(self, part: _Part) -> list[_Part] | None:
        op = part.tensor.op
        inner, steps = op.inputs[0], part.steps
        if not self._origins.is_fed(inner):
            return None  # regularization: reductions of a variable are one number
        axes = _axes(op)
        if axes == _UNKNOWN:
            return None
        if self._is_one(inner):
            if op.type == "Sum" and steps and steps[0].do is Do.DIVIDE_NO_NAN:
                return [_Part(inner, steps)]  # tf.losses reduces once more before it divides
            axes = ()
        step = Step(do=_REDUCTIONS[op.type], axes=axes, line=line_of(op))
        return [_Part(inner, (step, *steps))]

    def _addends(self, part: _Part) -> list[_Part]:
        op = part.tensor.op
        parts = [_Part(one, part.steps) for one in op.inputs]
        if op.type == "Sub":
            parts[1] = _Part(op.inputs[1], (Step(do=Do.NEGATE), *part.steps))
        return parts

    def _is_known_divisor(self, quotient: Any) -> bool:
        losses, divisor = quotient.op.inputs
        origins = self._origins
        return self._is_one(divisor) and (
            not origins.is_trained(divisor)
            or (origins.is_trained_by_data(losses) and not origins.is_fed(divisor))
        )

    def _divided(self, part: _Part) -> _Part:
        numerator, divisor = part.tensor.op.inputs
        step = self._step(_QUOTIENTS[part.tensor.op.type], divisor)
        return _Part(numerator, (step, *part.steps))

    def _multiplied(self, part: _Part) -> list[_Part] | None:
        """Takes a product of two numbers apart, where one of them is clearly the loss."""
        chosen = self._factor(part.tensor)
        if chosen is None:
            return None
        loss, factor = chosen
        if not self._is_one(loss) or not self._is_one(factor):
            return None
        inverse = factor.op.type == "Reciprocal"
        step = (
            self._step(Do.DIVIDE, factor.op.inputs[0])
            if inverse
            else self._step(Do.MULTIPLY, factor)
        )
        return [_Part(loss, (step, *part.steps))]

    def _factor(self, product: Any) -> tuple[Any, Any] | None:
        """Tells a product's loss and its factor apart; None where both could be either."""
        left, right = product.op.inputs
        if _is_checked(product.op):
            return left, right  # tf.losses multiplies losses by weights, in this order
        for is_loss in (self._origins.is_trained_by_data, self._origins.is_trained):
            if is_loss(left) != is_loss(right):
                return (left, right) if is_loss(left) else (right, left)
        constants = constant(left) is not None, constant(right) is not None
        if constants[0] != constants[1]:
            return (right, left) if constants[0] else (left, right)
        return None

    # Tensors of more than one element.

    def _behind_many(self, part: _Part) -> list[_Part] | None:
        op, steps = part.tensor.op, part.steps
        if not any(step.reduces for step in steps) or not self._origins.is_fed(part.tensor):
            return None
        if self._is_stack(part.tensor):
            return self._unpacked(part)
        if op.type in _REDUCTIONS and not _keeps_dims(op) and self._batch_axis(part.tensor) is None:
            return self._behind_reduction(part)
        return self._without_factors(part)

    def _is_stack(self, tensor: Any) -> bool:
        """Tells whether a tensor is numbers in a row, such as the losses of several tasks."""
        op = tensor.op
        return op.type == "Pack" and all(self._is_one(one) for one in op.inputs)

    def _unpacked(self, part: _Part) -> list[_Part] | None:
        """Takes a reduction of a stack of numbers apart, with the numbers that weight it."""
        count, steps = len(part.tensor.op.inputs), part.steps
        factors = np.ones(count)
        if steps[0].do is Do.MULTIPLY and not steps[0].scalar:
            factors = tf.get_static_value(self._loss.graph.get_tensor_by_name(steps[0].tensor))
            steps = steps[1:]
        if factors is None or np.shape(factors) != (count,):
            return None
        first, *rest = steps
        if first.do is Do.MEAN:
            by = Step(do=Do.DIVIDE, by=str(count), value=float(count), role=Role.CONSTANT)
            rest = [by, *rest]
        elif first.do is not Do.SUM:
            return None
        return [
            _Part(one, (*_times(float(factor)), *rest))
            for one, factor in zip(part.tensor.op.inputs, factors, strict=True)
        ]

    def _without_factors(self, part: _Part) -> list[_Part] | None:
        """Takes the weights off the losses, with the numbers that scale both.

        Numbers alone stay with losses that are averaged: they are then part of each example's loss.
        """
        factors: list[Step] = []
        base, found = part.tensor, False
        reduction = next(s for s in part.steps if s.reduces)
        if any(step.do is Do.HALF_SQUARE for step in part.steps):
            return None  # the factors are squared, too
        while (peeled := self._peeled(base, reduction.axes is None)) is not None:
            base, step = peeled
            if step is not None:
                factors.insert(0, step)
                found = found or not step.scalar
        if not (factors and (found or reduction.do is Do.SUM)):
            return None
        return [_Part(base, (*factors, *part.steps))]

    def _peeled(self, tensor: Any, reshape: bool) -> tuple[Any, Step | None] | None:
        """Takes one factor off, or one name on the way to a factor.

        Args:
          reshape: Whether the shape does not matter, since all axes are reduced.
        """
        op = tensor.op
        if op.type in RENAMES or (op.type == "Cast" and op.inputs[0].dtype.is_floating):
            inner = renamed(tensor)
            if (op.type in RESHAPES and not reshape) or self._peeled(inner, reshape) is None:
                return None
            return inner, (Step(do=Do.CAST, dtype=tensor.dtype.name) if op.type == "Cast" else None)
        if op.type in _QUOTIENTS and self._is_known_divisor(tensor):
            return op.inputs[0], self._step(_QUOTIENTS[op.type], op.inputs[1])
        if op.type in _SELECTS and is_zeros(op.inputs[2]) and _same(op.inputs[0], op.inputs[1]):
            return op.inputs[1], self._step(Do.KEEP_WHERE, op.inputs[0])
        if op.type != "Mul" or op_texts.is_cross_entropy(op):
            return None
        chosen = self._factor(tensor)
        if chosen is None or not self._fits(*chosen, tensor):
            return None
        return chosen[0], self._step(Do.MULTIPLY, chosen[1])

    def _fits(self, losses: Any, weights: Any, product: Any) -> bool:
        """Tells whether weights broadcast to the losses, and not the losses to the weights."""
        if self._is_one(losses) or losses.shape.rank is None:
            return False
        if self._is_one(weights):
            return bool((weights.shape.rank or 0) <= losses.shape.rank)
        return _same(losses, product) and 1 not in [
            before
            for before, after in zip(losses.shape.as_list(), product.shape.as_list(), strict=True)
            if before != after
        ]

    def _is_one(self, tensor: Any) -> bool:
        """Tells whether a tensor is one number, and not the losses of a batch of one example."""
        return tensor.shape.rank == 0 or (
            self._axes.batch != 1 and tensor.shape.num_elements() == 1
        )

    def _step(self, do: Do, tensor: Any) -> Step:
        value = constant(tensor)
        return Step(
            do=do,
            by=self._texts.of(tensor),
            tensor="" if value is not None else tensor.name,
            value=value,
            scalar=self._is_one(tensor),
        )

    # Terms.

    def _term(self, part: _Part) -> LossTerm:
        tensor = part.tensor
        fed = self._origins.is_fed(tensor)
        many = not self._is_one(tensor) and not self._is_stack(tensor)
        many &= self._loss.shape.rank != 0 or any(step.reduces for step in part.steps)
        trained = self._origins.is_trained(tensor) and not any(
            step.do is Do.STOP_GRADIENT for step in part.steps
        )
        common: dict[str, Any] = {
            "name": "",
            "tensors": (tensor.name,),
            "shape": None if tensor.shape.rank is None else tuple(tensor.shape.as_list()),
            "trained": trained,
            "line": line_of(tensor.op),
        }
        if fed and many:
            return self._data_term(part, common)
        if fed:
            op = strip(tensor).op
            why = f"{op.name} of type {op.type}: {_why(op)}"
            text = f"{op.type}({op.name})"
            return LossTerm(**common, kind=Kind.OPAQUE, op=text, steps=part.steps, stopped_by=why)
        variables = variables_of(tensor)
        if not variables:
            text = self._texts.of(tensor)
            return LossTerm(**common, kind=Kind.CONSTANT, op=text, steps=part.steps)
        return LossTerm(
            **common,
            kind=Kind.REGULARIZATION,
            op=self._penalty_text(tensor, variables),
            steps=part.steps,
            variables=variables,
        )

    def _penalty_text(self, tensor: Any, variables: tuple[str, ...]) -> str:
        """Names a function of one variable, or writes the whole expression."""
        name = _penalty(tensor)
        if name is not None and len(variables) == 1:
            return name
        text = self._texts.of(tensor)
        return text if not text.isidentifier() else f"{text}({', '.join(variables)})"

    def _data_term(self, part: _Part, common: dict[str, Any]) -> LossTerm:
        names = self._axes.names(part.tensor)
        term = LossTerm(
            **common,
            kind=Kind.DATA,
            op=self._texts.loss(part.tensor),
            axes=names,
            batch_axis=self._batch_axis(part.tensor),
            steps=_sign_first(part.steps),
            broadcast=_broadcast(part.tensor),
        )
        return dataclasses.replace(term, steps=self._with_roles(term, part.tensor))

    def _batch_axis(self, tensor: Any) -> int | None:
        if tensor.shape.rank is None:
            return None
        names = self._axes.names(tensor)
        return next((axis for axis, name in enumerate(names) if is_batch(name)), None)

    def _with_roles(self, term: LossTerm, losses: Any) -> Steps:
        """Says what each divisor is beside the losses and the weights."""
        weights = self._weights(term)
        return tuple(
            dataclasses.replace(step, role=role, by="size" if role is Role.SIZE else step.by)
            if step.divides and (role := self._role(step, losses, weights))
            else step
            for step in term.steps
        )

    def _weights(self, term: LossTerm) -> Step | None:
        """What weights the losses, if it is one tensor: a number only where nothing else does."""
        if term.weightings:
            return term.weights
        numbers = [s for s in term.before_reduction if s.do is Do.MULTIPLY]
        return numbers[0] if len(numbers) == 1 else None

    def _role(self, step: Step, losses: Any, weights: Step | None) -> Role:
        if step.value is not None:
            counted = step.do is Do.DIVIDE_NO_NAN and step.value == losses.shape.num_elements()
            return Role.SIZE if counted else Role.CONSTANT
        op = strip(self._loss.graph.get_tensor_by_name(step.tensor)).op
        if op.type == "Size" and self._has_shape(op.inputs[0], losses):
            return Role.SIZE
        if op.type == "StridedSlice" and op.inputs[0].op.type == "Shape":
            return Role.BATCH if self._is_batch_size(op) else Role.OTHER
        if op.type == "Sum" and _axes(op) is None and self._has_shape(op.inputs[0], losses):
            return self._role_of_sum(op, weights)
        return Role.OTHER

    def _role_of_sum(self, op: Any, weights: Step | None) -> Role:
        counted, body = op_texts.count_of(op), op_texts.without_ones(op.inputs[0])
        if counted is not None:
            if constant(counted) not in (None, 0.0):
                return Role.SIZE
            return Role.COUNT_NONZERO if self._are(counted, weights) else Role.OTHER
        if body is None or constant(body) == 1.0:
            return Role.SIZE
        return Role.SUM_OF_WEIGHTS if self._are(body, weights) else Role.OTHER

    def _is_batch_size(self, op: Any) -> bool:
        """Tells whether a slice takes the batch's size out of a shape."""
        place = tf.get_static_value(op.inputs[1])
        names = self._axes.names(op.inputs[0].op.inputs[0])
        if place is None or not op.get_attr("shrink_axis_mask"):
            return False
        return names[int(place[0])] == BATCH if -len(names) <= place[0] < len(names) else False

    def _has_shape(self, tensor: Any, losses: Any, depth: int = 8) -> bool:
        """Tells whether a tensor certainly has the shape of the losses."""
        if tensor is losses or (tensor.shape.is_fully_defined() and tensor.shape == losses.shape):
            return True
        if depth == 0 or tensor.shape.rank is None or not _same(tensor, losses):
            return False
        ours, theirs = self._axes.of(tensor), self._axes.of(losses)
        if ours == theirs and all(n and (n.isdigit() or n.startswith(BATCH)) for n in ours or ()):
            return True
        source, op = op_texts.shaped_as(tensor), tensor.op
        if source is not tensor:
            return self._has_shape(source, losses, depth - 1)
        known = op.type in ELEMENTWISE | {"Select"}
        return known and any(self._has_shape(one, losses, depth - 1) for one in op.inputs)

    def _are(self, tensor: Any, weights: Step | None) -> bool:
        if weights is None:
            return False
        if weights.tensor == "":
            return constant(tensor) == weights.value
        return strip(tensor) is strip(self._loss.graph.get_tensor_by_name(weights.tensor))


def _sign_first(steps: Steps) -> Steps:
    """Moves a change of sign to the losses, where it belongs; every other step commutes with it."""
    negations = [step for step in steps if step.do is Do.NEGATE]
    if any(step.do is Do.HALF_SQUARE for step in steps):
        return steps
    rest = tuple(step for step in steps if step.do is not Do.NEGATE)
    return (negations[0], *rest) if len(negations) % 2 else rest


def _times(factor: float) -> Steps:
    return () if factor == 1 else (Step(do=Do.MULTIPLY, by=f"{factor:.7g}", value=factor),)


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


def _is_fetchable(tensor: Any) -> bool:
    """Tells whether a session can return a tensor: not that of a lowered cond or while."""
    return bool(tensor.graph.is_fetchable(tensor.op))


_UNKNOWN = (-1,)


def _axes(op: Any) -> tuple[int, ...] | None:
    """The axes that an op reduces: None for all of them, `_UNKNOWN` where that is not known."""
    rank = op.inputs[0].shape.rank
    axes = tf.get_static_value(op.inputs[1])
    if op.outputs[0].shape.rank == 0 and not _keeps_dims(op):
        return None if rank != 0 else ()
    if rank is None or axes is None:
        return _UNKNOWN
    chosen = tuple(sorted({int(axis) % rank for axis in axes.reshape(-1)})) if rank else ()
    return None if len(chosen) == rank and rank else chosen


def _keeps_dims(op: Any) -> bool:
    return bool(op.get_attr("keep_dims"))


def _same(one: Any, other: Any) -> bool:
    """Tells whether two static shapes can be the same, of known and equal rank."""
    return one.shape.rank == other.shape.rank and one.shape.is_compatible_with(other.shape)


def _is_checked(op: Any) -> bool:
    """Tells whether a product waits for the broadcasting check of `tf.losses`.

    TensorFlow leaves a control dependency out where an input has it already, as the weights have
    that `tf.losses` converted from NumPy or from another dtype.
    """
    return any("assert_broadcastable/" in check.name for check in op.control_inputs) or any(
        _is_checked(tensor.op) for tensor in op.inputs if tensor.op.type in ("Cast", "Const")
    )


def _broadcast(tensor: Any) -> str:
    """Finds where a vector met a column on the way to the losses, which compares all pairs."""
    waiting, seen = [tensor], 0
    while waiting and seen < 40:
        op, seen = waiting.pop().op, seen + 1
        if op.type in ("MatMul", "BatchMatMulV2", "Conv2D", "BiasAdd"):
            continue
        shapes = sorted((one.shape for one in op.inputs if one.shape.rank), key=lambda s: s.rank)
        if op.type in ("Sub", "SquaredDifference", "Mul", "AddV2") and len(shapes) == 2:
            low, high = shapes
            if low.rank == 1 and high.rank == 2 and high[1] == 1 and low[0] != 1:
                return f"{op.name}: {low} meets {high}"
        waiting.extend(one for one in op.inputs if one.dtype.is_floating)
    return ""


def _penalty(tensor: Any) -> str | None:
    """Names a well-known function of one variable; "" for the variable itself."""
    op = tensor.op
    if _is_variable(tensor):
        return ""
    if op.type == "L2Loss":
        return "l2" if _is_variable(op.inputs[0]) else None
    if op.type not in _REDUCTIONS or _axes(op) is not None:
        return None
    body = strip(op.inputs[0]).op
    if body.type not in ("Abs", "Square") or not _is_variable(body.inputs[0]):
        return None
    if (op.type, body.type) == ("Sum", "Abs"):
        return "l1"
    return f"{op.type.lower()}_of_{'squares' if body.type == 'Square' else 'absolutes'}"


def _is_variable(tensor: Any) -> bool:
    """Tells whether a tensor is the value of a variable."""
    return strip(tensor).op.type in ("ReadVariableOp", "VariableV2", "Variable")


def _why(op: Any) -> str:
    if op.type in ("Mul", "RealDiv", "DivNoNan", "Div"):
        return "both of its inputs depend on the model, so that neither is a weight of the other"
    return "it is not linear in the losses behind it"


def _merged(terms: list[LossTerm]) -> list[LossTerm]:
    """Adds up regularization that is the same for several variables."""
    merged: dict[Any, LossTerm] = {}
    for index, term in enumerate(terms):
        key: Any = index
        if term.is_penalty:
            key = (term.op, tuple(dataclasses.replace(s, line=None) for s in term.steps))
        if key in merged:
            first = merged[key]
            term = dataclasses.replace(
                first,
                tensors=(*first.tensors, *term.tensors),
                variables=(*first.variables, *term.variables),
            )
        merged[key] = term
    return list(merged.values())


def _with_names(terms: list[LossTerm]) -> Iterator[LossTerm]:
    """Names each term after what it computes, with a number where that is not enough."""
    count: collections.Counter[str] = collections.Counter()
    for term in terms:
        name = _tag(term)
        count[name] += 1
        yield dataclasses.replace(term, name=name if count[name] == 1 else f"{name}_{count[name]}")


def _tag(term: LossTerm) -> str:
    if term.kind in (Kind.OPAQUE, Kind.CONSTANT) or not term.op.isidentifier():
        return term.kind.value
    return term.op
