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

import tensorflow as tf

from estimator_compat import op_texts
from estimator_compat.ledger import Do, Kind, LossLedger, LossTerm, Role, Step
from estimator_compat.op_texts import RENAMES, Texts, constant, line_of, strip
from estimator_compat.origins import Origins, variables_of

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
        given = {**_named("features", features), **_named("labels", labels)}
        for tensor in given.values():
            if getattr(tensor, "graph", loss.graph) is not loss.graph:
                raise ValueError(
                    f"`loss` ({loss.name}) was built in another graph than the features "
                    f"({tensor.name}); expected both in one; build the loss from the features "
                    "that the model_fn is given."
                )
        self._texts = Texts({tensor.name: text for text, tensor in given.items()})
        self._origins = Origins(loss, given.values())
        sizes = [t.shape.as_list()[0] for t in given.values() if t.shape.rank]
        self._knows_batch = bool(sizes)
        self._batch = collections.Counter(sizes).most_common(1)[0][0] if sizes else None

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
        if not _is_one(tensor):
            return self._behind_many(part)
        if kind in RENAMES:
            return [_Part(_renamed(tensor), part.steps)]
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
        if op.type in done:
            step = Step(do=done[op.type], dtype=part.tensor.dtype.name if op.type == "Cast" else "")
            return [_Part(op.inputs[0], (step, *part.steps))]
        if op.type == "L2Loss" and self._origins.is_fed(part.tensor):
            steps = (Step(do=Do.HALF_SQUARE), Step(do=Do.SUM, line=line_of(op)))
            return [_Part(op.inputs[0], (*steps, *part.steps))]
        if op.type in _SELECTS and _is_zero(op.inputs[2]):
            return [_Part(op.inputs[1], (self._step(Do.KEEP_WHERE, op.inputs[0]), *part.steps))]
        return None

    def _behind_reduction(self, part: _Part) -> list[_Part] | None:
        op = part.tensor.op
        inner, steps = op.inputs[0], part.steps
        if not self._origins.is_fed(inner):
            return None  # regularization: reductions of a variable are one number
        axes = _axes(op)
        if _is_one(inner):
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
        divisor = quotient.op.inputs[1]
        return _is_one(divisor) and not self._origins.is_trained(divisor)

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
        if not _is_one(loss) or not _is_one(factor):
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
        if op.type == "Pack" and all(_is_one(one) for one in op.inputs):
            return self._unpacked(part)
        if op.type in _REDUCTIONS and not _keeps_dims(op) and self._batch_axis(part.tensor) is None:
            return self._behind_reduction(part)
        return self._without_factors(part)

    def _unpacked(self, part: _Part) -> list[_Part] | None:
        """Takes a reduction of a stack of numbers apart."""
        first, *rest = part.steps
        if first.do is Do.MEAN:
            count = len(part.tensor.op.inputs)
            by = Step(do=Do.DIVIDE, by=str(count), value=float(count), role=Role.CONSTANT)
            rest = [by, *rest]
        elif first.do is not Do.SUM:
            return None
        return [_Part(one, tuple(rest)) for one in part.tensor.op.inputs]

    def _without_factors(self, part: _Part) -> list[_Part] | None:
        """Takes the weights off the losses, with the numbers that scale both.

        Numbers alone stay with losses that are averaged: they are then part of each example's loss.
        """
        factors: list[Step] = []
        base, found = part.tensor, False
        while (peeled := self._peeled(base)) is not None:
            base, step = peeled
            if step is not None:
                factors.insert(0, step)
                found = found or not step.scalar
        summed = next(s for s in part.steps if s.reduces).do is Do.SUM
        if not (factors and (found or summed)):
            return None
        return [_Part(base, (*factors, *part.steps))]

    def _peeled(self, tensor: Any) -> tuple[Any, Step | None] | None:
        op = tensor.op
        if op.type in RENAMES or (op.type == "Cast" and op.inputs[0].dtype.is_floating):
            # Only on the way to a product: its shape must be the one that is reduced.
            inner = strip(tensor)
            return (inner, None) if self._peeled(inner) is not None else None
        if op.type in _QUOTIENTS and self._is_known_divisor(tensor):
            return op.inputs[0], self._step(_QUOTIENTS[op.type], op.inputs[1])
        if op.type in _SELECTS and _is_zero(op.inputs[2]) and _same(op.inputs[0], op.inputs[1]):
            return op.inputs[1], self._step(Do.KEEP_WHERE, op.inputs[0])
        if op.type != "Mul" or op_texts.is_cross_entropy(op):
            return None
        chosen = self._factor(tensor)
        if chosen is None or not _fits(*chosen, tensor):
            return None
        return chosen[0], self._step(Do.MULTIPLY, chosen[1])

    def _step(self, do: Do, tensor: Any) -> Step:
        value = constant(tensor)
        return Step(
            do=do,
            by=self._texts.of(tensor),
            tensor="" if value is not None else tensor.name,
            value=value,
            scalar=_is_one(tensor),
        )

    # Terms.

    def _term(self, part: _Part) -> LossTerm:
        tensor = part.tensor
        fed, many = self._origins.is_fed(tensor), not _is_one(tensor)
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
            why = f"{tensor.op.name} of type {tensor.op.type}: {_why(tensor.op)}"
            op = f"{tensor.op.type}({tensor.op.name})"
            return LossTerm(**common, kind=Kind.OPAQUE, op=op, steps=part.steps, stopped_by=why)
        variables = variables_of(tensor)
        if not variables:
            text = self._texts.of(tensor)
            return LossTerm(**common, kind=Kind.CONSTANT, op=text, steps=part.steps)
        return LossTerm(
            **common,
            kind=Kind.REGULARIZATION,
            op=_penalty(tensor),
            steps=part.steps,
            variables=variables,
        )

    def _data_term(self, part: _Part, common: dict[str, Any]) -> LossTerm:
        axis = self._batch_axis(part.tensor)
        term = LossTerm(
            **common,
            kind=Kind.DATA,
            op=self._texts.loss(part.tensor),
            axes=self._axis_names(part.tensor, axis),
            batch_axis=axis,
            steps=_sign_first(part.steps),
            broadcast=_broadcast(part.tensor),
        )
        return dataclasses.replace(term, steps=self._with_roles(term, part))

    def _with_roles(self, term: LossTerm, part: _Part) -> Steps:
        """Says what each divisor is beside the losses and the weights."""
        weights = next((s for s in term.before_reduction if s.do is Do.MULTIPLY), None)
        return tuple(
            dataclasses.replace(step, role=role, by=text)
            if step.divides
            and (found := self._role(step, part.tensor, weights))
            and (role := found[0])
            and (text := found[1])
            else step
            for step in term.steps
        )

    def _role(self, step: Step, losses: Any, weights: Step | None) -> tuple[Role, str]:
        if step.value is not None:
            return Role.CONSTANT, step.by
        divisor = strip(self._loss.graph.get_tensor_by_name(step.tensor))
        op = divisor.op
        if op.type == "Size" and strip(op.inputs[0]) is strip(losses):
            return Role.SIZE, "size"
        if op.type == "StridedSlice" and op.inputs[0].op.type == "Shape":
            return Role.BATCH, f"{step.by}"
        if op.type == "Sum":
            counted = op_texts.count_of(op)
            if counted is not None:
                if constant(counted) not in (None, 0.0):
                    return Role.SIZE, "size"
                return (Role.COUNT_NONZERO if self._are(counted, weights) else Role.OTHER, step.by)
            body = op_texts.without_ones(op.inputs[0])
            if body is None or constant(body) == 1.0:
                return Role.SIZE, "size"
            if self._are(body, weights):
                return Role.SUM_OF_WEIGHTS, step.by
        return Role.OTHER, step.by

    def _are(self, tensor: Any, weights: Step | None) -> bool:
        if weights is None:
            return False
        if weights.tensor == "":
            return constant(tensor) == weights.value
        return strip(tensor) is strip(self._loss.graph.get_tensor_by_name(weights.tensor))

    def _batch_axis(self, tensor: Any) -> int | None:
        if tensor.shape.rank is None:
            return None
        sizes = tensor.shape.as_list()
        if not self._knows_batch:
            return 0
        for axis, size in enumerate(sizes):
            if size == self._batch:
                return axis
        if sizes[0] is None or (self._batch and sizes[0] % self._batch == 0 and sizes[0]):
            return 0
        return None

    def _axis_names(self, tensor: Any, batch_axis: int | None) -> tuple[str, ...]:
        if tensor.shape.rank is None:
            return ("?",)
        names = ["?" if size is None else str(size) for size in tensor.shape.as_list()]
        if batch_axis is not None:
            size, name = tensor.shape.as_list()[batch_axis], "batch"
            if _is_selected(tensor):
                name = "selected"
            elif size is not None and self._batch and size != self._batch:
                name = f"batch*{size // self._batch}"
            names[batch_axis] = name
        return tuple(names)


def _sign_first(steps: Steps) -> Steps:
    """Moves a change of sign to the losses, where it belongs; every other step commutes with it."""
    negations = [step for step in steps if step.do is Do.NEGATE]
    if any(step.do is Do.HALF_SQUARE for step in steps):
        return steps
    rest = tuple(step for step in steps if step.do is not Do.NEGATE)
    return (negations[0], *rest) if len(negations) % 2 else rest


def _named(name: str, given: Any) -> dict[str, Any]:
    """Maps `features['x']` and the like to the tensors of a nest."""
    found: dict[str, Any] = {}
    if isinstance(given, Mapping):
        for key in given:
            found.update(_named(f"{name}[{key!r}]", given[key]))
    elif isinstance(given, list | tuple):
        for index, one in enumerate(given):
            found.update(_named(f"{name}[{index}]", one))
    elif given is not None:
        parts = tf.nest.flatten(given, expand_composites=True)
        for index, one in enumerate(parts):
            if tf.is_tensor(one) and hasattr(one, "op"):
                found[name if len(parts) == 1 else f"{name}.{index}"] = one
    return found


def _renamed(tensor: Any) -> Any:
    return tensor.op.inputs[tensor.value_index if tensor.op.type == "IdentityN" else 0]


def _is_one(tensor: Any) -> bool:
    return tensor.shape.rank == 0 or tensor.shape.num_elements() == 1


def _axes(op: Any) -> tuple[int, ...] | None:
    """The axes that an op reduces, None for all of them."""
    rank = op.inputs[0].shape.rank
    axes = tf.get_static_value(op.inputs[1])
    if rank is None or axes is None:
        return None
    chosen = tuple(sorted({int(axis) % rank for axis in axes.reshape(-1)})) if rank else ()
    return None if len(chosen) == rank and rank else chosen


def _keeps_dims(op: Any) -> bool:
    return bool(op.get_attr("keep_dims"))


def _is_zero(tensor: Any) -> bool:
    if tensor.op.type == "ZerosLike":
        return True
    value = tf.get_static_value(tensor)
    return value is not None and not value.any()


def _same(one: Any, other: Any) -> bool:
    """Tells whether two static shapes can be the same, of known and equal rank."""
    return one.shape.rank == other.shape.rank and one.shape.is_compatible_with(other.shape)


def _fits(losses: Any, weights: Any, product: Any) -> bool:
    """Tells whether weights broadcast to the losses, and not the losses to the weights."""
    if _is_one(weights):
        return not _is_one(losses)
    return _same(losses, product) and not _is_one(losses)


def _is_checked(op: Any) -> bool:
    """Tells whether a product waits for the broadcasting check of `tf.losses`.

    TensorFlow leaves a control dependency out where an input has it already, as the weights have
    that `tf.losses` converted from NumPy or from another dtype.
    """
    return any("assert_broadcastable/" in check.name for check in op.control_inputs) or any(
        _is_checked(tensor.op) for tensor in op.inputs if tensor.op.type in ("Cast", "Const")
    )


def _is_selected(tensor: Any) -> bool:
    """Tells whether the elements were chosen from the batch by a mask or by their places."""
    for _ in range(12):
        op = tensor.op
        if op.type in ("GatherV2", "GatherNd", "DynamicPartition"):
            return not op.inputs[0].op.type.startswith(("VarHandle", "Variable", "ReadVariable"))
        floats = [one for one in op.inputs if one.dtype.is_floating and not _is_one(one)]
        if len(floats) == 0 or op.type in ("MatMul", "BatchMatMulV2", "Conv2D"):
            return False
        tensor = floats[0]
    return False


def _broadcast(tensor: Any) -> str:
    """Finds where a vector met a column on the way to the losses, which compares all pairs."""
    waiting, seen = [tensor], 0
    while waiting and seen < 40:
        op, seen = waiting.pop().op, seen + 1
        if op.type in ("MatMul", "BatchMatMulV2", "Conv2D", "BiasAdd"):
            continue
        shapes = sorted((one.shape.as_list() for one in op.inputs if one.shape.rank), key=len)
        if op.type in ("Sub", "SquaredDifference", "Mul", "AddV2") and len(shapes) == 2:
            low, high = shapes
            if (len(low), len(high), high[-1]) == (1, 2, 1) and low[0] != 1:
                shown = (str(one).replace("None", "?") for one in (low, high))
                return f"{op.name}: {' meets '.join(shown)}"
        waiting.extend(one for one in op.inputs if one.dtype.is_floating)
    return ""


def _penalty(tensor: Any) -> str:
    """Names what is computed from variables alone."""
    op = tensor.op
    if op.type == "L2Loss":
        return "l2"
    if op.type in ("ReadVariableOp", "Identity", "VariableV2"):
        return ""
    if op.type in _REDUCTIONS:
        body = strip(op.inputs[0]).op
        name = {"Abs": "l1", "Square": f"{op.type.lower()}_of_squares"}.get(body.type)
        return name or f"{op.type.lower()}_{body.type.lower()}"
    return str(op.type).lower()


def _why(op: Any) -> str:
    if op.type in ("Mul", "RealDiv", "DivNoNan", "Div"):
        return "both of its inputs depend on the model, so that neither is a weight of the other"
    return "it is not linear in the losses behind it"


def _merged(terms: list[LossTerm]) -> list[LossTerm]:
    """Adds up regularization that is the same for several variables."""
    merged: dict[Any, LossTerm] = {}
    for index, term in enumerate(terms):
        key: Any = index
        if term.kind is Kind.REGULARIZATION:
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
