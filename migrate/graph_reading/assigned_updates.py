"""Reads an optimizer that a program defines itself: what its ops assign to weights and slots.

The assigned values are written as source, from the gradients, the weights, the slots and the rate.
Weights with the same formula belong together, such as those without weight decay.
"""

import dataclasses
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.graph_reading import scalar_expressions
from migrate.mappings.optimizers import OptimizerRow
from migrate.translating.facts import Call
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader import source_files
from migrate.translating.training_facts import OptimizerFact

_ASSIGNS = ("Assign", "AssignVariableOp", "AssignSub", "AssignSubVariableOp")
_BINARY = {
    "Add": "+", "AddV2": "+", "Sub": "-", "Mul": "*", "RealDiv": "/", "Div": "/", "Greater": ">",
    "Less": "<", "GreaterEqual": ">=", "LessEqual": "<=",
}  # fmt: skip
_CALLS = {
    "Sqrt": "tf.sqrt", "Rsqrt": "tf.math.rsqrt", "Square": "tf.square", "Abs": "tf.abs",
    "Sign": "tf.sign", "Pow": "tf.pow", "Select": "tf.where", "SelectV2": "tf.where",
    "Maximum": "tf.maximum", "Minimum": "tf.minimum", "Exp": "tf.exp", "Neg": "-",
    "ZerosLike": "tf.zeros_like", "OnesLike": "tf.ones_like", "Squeeze": "tf.squeeze",
}  # fmt: skip
_SAME = {"Identity", "ReadVariableOp", "Snapshot", "StopGradient", "EnsureShape"}
_GRADIENT = re.compile(r"(^|/)(gradients|clip_by_global_norm)(_\d+)?/")
_VARIABLES = ("VarHandleOp", "VariableV2", "Variable")


@dataclasses.dataclass(frozen=True, slots=True)
class _Formula:
    """How a weight and its slots are updated: statements, which name no weight."""

    lines: tuple[str, ...]
    slots: tuple[str, ...]
    rate: str


def read(
    ops: Sequence[Any], weights: Collection[str], call: Call
) -> tuple[OptimizerFact, Mapping[str, Any]] | None:
    """Reads the optimizer off the ops of a train_op; returns None if they assign no weight.

    Args:
      ops: The ops that the train_op depends on.
      weights: The names of the weights that no optimizer of `tf.train` updates.
      call: The call of the model_fn.

    Returns:
      The optimizer, and the tensors that it takes for the gradients, by the weights.

    Raises:
      Refusal: An assigned value has no form as source.
    """
    assigned: dict[str, list[Any]] = {}
    for op in ops:
        if op.type in _ASSIGNS and op.inputs:
            assigned.setdefault(_variable(op.inputs[0]), []).append(op)
    updated = [name for name in weights if name in assigned]
    if not updated:
        return None
    writing = {name: _Writing(name, assigned, weights) for name in updated}
    formulas = {name: one.formula() for name, one in writing.items()}
    lost = [name for name, one in writing.items() if one.gradient is None]
    if lost:
        raise Refusal(f"the train_op assigns {lost[0]} a value that depends on no gradient")
    rates = {one.rate for one in formulas.values()}
    slots = {one.slots for one in formulas.values()}
    if len(rates) != 1 or len(slots) != 1:
        raise Refusal(
            "the weights are updated with other slots, or at other rates, by one train_op"
        )
    [rate], [ends] = rates, slots
    own_class, path = _class(call)
    name = own_class.removesuffix("Optimizer") or "Optimizer"
    fact = OptimizerFact(
        kernel=OptimizerRow(
            kernels=(),
            name=name,
            hyperparameters={},
            slots={end: _attribute(end) for end in ends},
            source=_source(name, path, formulas, ends),
            takes_names=True,
            legacy=own_class or "the legacy program",
        ),
        hyperparameters={},
        rate=rate,
        weights=tuple(updated),
        sparse=(),
    )
    return fact, {name: one.gradient for name, one in writing.items()}


def _variable(tensor: Any) -> str:
    op = tensor.op
    while op.type in _SAME and op.inputs:
        op = op.inputs[0].op
    return str(op.name) if op.type in _VARIABLES else ""


def _attribute(end: str) -> str:
    return re.sub(r"\W", "_", end).lower()


class _Writing:
    """Writes the update of one weight."""

    def __init__(
        self, weight: str, assigned: Mapping[str, Sequence[Any]], weights: Collection[str]
    ) -> None:
        self.weight, self.assigned, self.weights = weight, assigned, weights
        self.slots = [
            name
            for name in assigned
            if name.startswith(f"{weight}/")
            and name not in weights
            and "/" not in name[len(weight) + 1 :]
        ]
        self.names: dict[str, str] = {}
        self.lines: list[str] = []
        self.rates: dict[str, None] = {}
        self.depth = 0
        self.gradient: Any = None

    def formula(self) -> _Formula:
        """Returns the formula."""
        ends = [name[len(self.weight) + 1 :] for name in self.slots]
        last: list[str] = []
        for name, end in sorted(zip(self.slots, ends, strict=True)):
            value, sign = self._assigned(name)
            new = f"next_{_attribute(end)}"
            self.lines.append(f"{new} = {self._text(value)}")
            self.names[self._key(value)] = new
            last.append(f"{_attribute(end)}.assign{sign}({new})")
        value, sign = self._assigned(self.weight)
        text = self._weight_value(value, sign)
        self.lines += [text, *last]
        self._check_zeros()
        rates = list(self.rates)
        if len(rates) > 1:
            raise Refusal(f"the update of {self.weight} depends on the step in several places")
        return _Formula(tuple(self.lines), tuple(sorted(ends)), rates[0] if rates else "1.0")

    def _weight_value(self, value: Any, sign: str) -> str:
        op = self._same(value).op
        if not sign and op.type == "Sub" and self._leaf(op.inputs[0]) == "weight":
            return f"weight.assign_sub({self._step(op.inputs[1])})"
        if sign == "_sub":
            return f"weight.assign_sub({self._step(value)})"
        return f"weight.assign{sign}({self._text(value)})"

    def _step(self, value: Any) -> str:
        """Writes what is taken from a weight: a constant that multiplies it is the rate."""
        op = self._same(value).op
        if op.type == "Mul":
            for one, other in (op.inputs, list(op.inputs)[::-1]):
                number = tf.get_static_value(one)
                if number is not None and np.ndim(number) == 0:
                    self.rates[scalar_expressions.number(number)] = None
                    return f"rate * {self._bracketed(other)}"
        return self._text(value)

    def _assigned(self, name: str) -> tuple[Any, str]:
        ops = self.assigned[name]
        if len(ops) != 1:
            raise Refusal(f"the train_op assigns {name} more than once")
        return ops[0].inputs[1], "_sub" if "Sub" in ops[0].type else ""

    def _check_zeros(self) -> None:
        """The written slots begin with zeros."""
        for variable in tf1.global_variables():
            if variable.op.name in self.slots:
                value = tf.get_static_value(variable.initial_value)
                fills = variable.initial_value.op.type in ("Fill", "ZerosLike")
                if value is None and fills and variable.initial_value.op.type == "Fill":
                    value = tf.get_static_value(variable.initial_value.op.inputs[1])
                if value is None or np.any(value):
                    raise Refusal(f"the slot {variable.op.name} does not begin with zeros")

    def _same(self, tensor: Any) -> Any:
        while tensor.op.type in _SAME and tensor.op.inputs and not _variable(tensor):
            tensor = tensor.op.inputs[0]
        return tensor

    def _key(self, tensor: Any) -> str:
        return str(self._same(tensor).name)

    def _leaf(self, tensor: Any) -> str:
        """Returns the name of a weight, slot or gradient; "" for others."""
        name = _variable(tensor)
        if name:
            if name == self.weight:
                return "weight"
            if name in self.slots:
                return _attribute(name[len(self.weight) + 1 :])
            if name == "global_step":
                return ""
            raise Refusal(f"the update of {self.weight} reads the variable {name}")
        tensor = self._same(tensor)
        op = tensor.op
        if _GRADIENT.search(op.name):
            self.gradient = tensor
            return "gradient"
        if op.type == "UnsortedSegmentSum" and _GRADIENT.search(self._same(op.inputs[0]).op.name):
            self.gradient = tensor
            return "gradient"  # the rows of an embedding, added up
        return ""

    def _bracketed(self, tensor: Any) -> str:
        text = self._text(tensor)
        return f"({text})" if re.search(r"^-| [-+*/<>]=? ", _outer(text)) else text

    def _text(self, tensor: Any) -> str:
        if (leaf := self._leaf(tensor)) or (leaf := self.names.get(self._key(tensor), "")):
            return leaf
        value = tf.get_static_value(tensor)
        if value is not None and np.ndim(value) == 0:
            return scalar_expressions.number(value)
        if tensor.shape.rank == 0 and self._is_of_step(tensor):
            self.rates[scalar_expressions.expression(tensor)] = None
            return "rate"
        self.depth += 1
        if self.depth > 400:
            raise Refusal(f"the update of {self.weight} takes too many ops")
        return self._op(self._same(tensor).op)

    def _op(self, op: Any) -> str:
        if op.type in _BINARY:
            left, right = (self._bracketed(one) for one in op.inputs)
            return f"{left} {_BINARY[op.type]} {right}"
        if op.type in _CALLS:
            return f"{_CALLS[op.type]}({', '.join(self._text(one) for one in op.inputs)})"
        if op.type in ("Sum", "Mean"):
            axes = tf.get_static_value(op.inputs[1])
            rank = op.inputs[0].shape.rank
            if axes is not None and sorted(np.ravel(axes)) == list(range(rank or 0)):
                keep = ", keepdims=True" if op.get_attr("keep_dims") else ""
                return f"tf.reduce_{op.type.lower()}({self._text(op.inputs[0])}{keep})"
        raise Refusal(
            f"the update of {self.weight} depends on the op {op.name} ({op.type}), which is not "
            "translated"
        )

    def _is_of_step(self, tensor: Any) -> bool:
        """Tells whether a scalar depends on the global step, and on no weight."""
        waiting, seen = [tensor], set()
        found = False
        while waiting:
            one = waiting.pop()
            if one.name in seen:
                continue
            seen.add(one.name)
            name = _variable(one)
            if name == "global_step" or one.op.name.startswith("global_step/"):
                found = True
                continue
            if name or _GRADIENT.search(one.op.name):
                return False
            waiting += list(one.op.inputs)
        return found


def _outer(text: str) -> str:
    """Returns the text outside of its brackets."""
    depth, found = 0, []
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            found.append(letter)
    return "".join(found)


def _class(call: Call) -> tuple[str, str]:
    """Returns the class of the program's optimizer, and its file; two "" if it is no class."""
    for one in call.walk():
        span = one.callee.span
        if one.callee.name in ("apply_gradients", "minimize") and span is not None:
            for node in source_files.load(span.file).tree.body:
                lines = range(node.lineno, (node.end_lineno or 0) + 1)
                if span.line in lines and hasattr(node, "bases"):
                    return node.name, span.file  # type: ignore[attr-defined]
    return "", ""


def _source(name: str, path: str, formulas: Mapping[str, _Formula], ends: Iterable[str]) -> str:
    groups: dict[tuple[str, ...], list[str]] = {}
    for weight, formula in formulas.items():
        groups.setdefault(formula.lines, []).append(weight)
    slots = {end: _attribute(end) for end in ends}
    init = [
        f"        self.{one} = [tf.Variable(tf.zeros_like(weight)) for weight in weights.values()]"
        for one in slots.values()
    ]
    targets = ", ".join(
        ["(name, weight)" if len(groups) > 1 else "weight", "gradient", *slots.values()]
    )
    weights = "self.weights.items()" if len(groups) > 1 else "self.weights.values()"
    values = ", ".join([weights, "gradients", *(f"self.{one}" for one in slots.values())])
    where = path.replace("\\", "/").rpartition("/")[2]
    return "\n".join(
        [
            f"class {name}:",
            f'    """The optimizer of the legacy program{f" ({where})" if where else ""}."""',
            "",
            "    def __init__(self, weights: dict[str, tf.Variable]) -> None:",
            "        self.weights = weights",
            *init,
            "",
            "    def apply(",
            "        self, gradients: list[tf.Tensor | tf.IndexedSlices], rate: float | tf.Tensor",
            "    ) -> None:",
            f"        for {targets} in zip({values}, strict=True):",
            "            gradient = tf.convert_to_tensor(gradient)",
            *_branches(groups),
            "",
        ]
    )


def _branches(groups: Mapping[tuple[str, ...], Sequence[str]]) -> list[str]:
    """Writes the formulas; what they begin with alike stands before the branches."""
    formulas = sorted(groups, key=lambda lines: len(groups[lines]))
    same = 0
    while all(len(one) > same and one[same] == formulas[0][same] for one in formulas):
        same += 1
    end = 0
    while end < min(len(one) for one in formulas) - same and all(
        one[-1 - end] == formulas[0][-1 - end] for one in formulas
    ):
        end += 1
    lines = [f"            {line}" for line in formulas[0][:same]]
    for index, formula in enumerate(formulas if len(formulas) > 1 else ()):
        others = [name for one in formulas[index + 1 :] for name in groups[one]]
        if index == len(formulas) - 1:
            lines.append("            else:")
        else:
            word = "elif" if index else "if"
            lines.append(f"            {word} {_condition(groups[formula], others)}:")
        lines += [f"                {line}" for line in formula[same : len(formula) - end]]
    if len(formulas) > 1 and end:
        lines += [f"            {line}" for line in formulas[0][-end:]]
    return lines


def _condition(names: Sequence[str], others: Sequence[str]) -> str:
    """Returns a condition that is true for names and false for others, as short as it can be."""
    parts = {re.sub(r"_\d+$", "", part): None for name in names for part in name.split("/")}
    telling = [part for part in parts if not any(part in other for other in others)]
    chosen: list[str] = []
    left = list(names)
    while left and telling:
        best = max(telling, key=lambda part: sum(part in name for name in left))
        if not any(best in name for name in left):
            break
        chosen.append(best)
        left = [name for name in left if best not in name]
    if left or len(chosen) > 8:
        return f"name in {tuple(names)!r}"
    if len(chosen) == 1:
        return f"{chosen[0]!r} in name"
    return f"any(part in name for part in {tuple(chosen)!r})"
