"""Calls of `tf.losses`: the losses of the elements, and their reduction, as functions."""

import ast
import dataclasses
from collections.abc import Sequence

from migrate.mappings import losses, reductions
from migrate.mappings.reductions import ReductionRow
from migrate.translating.expressions import api_of, bind, fill, parse
from migrate.translating.facts import Call, TensorFact
from migrate.translating.loss_source import LossSource, names_in
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.source_files import path_of

_FLOAT = "float32"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A call of `tf.losses`, as TF2 writes it.

    Attributes:
      body: Statements before the losses.
      losses: The losses.
      words: What they are.
      shape: Their static shape; None if the rank is not known.
      reduction: The name of the reduction.
      weights: The weights; None if all are 1, or one number.
      reduce_body: The statements of the reduction, which has `losses` and `weights`.
      reduced: The reduced losses.
      factor: The number by which all losses are multiplied; None if there is none.
      reduce_words: What they are.
    """

    body: tuple[str, ...]
    losses: ast.expr
    words: str
    shape: tuple[int | None, ...] | None
    reduction: str
    weights: ast.expr | None
    reduce_body: tuple[str, ...]
    reduced: str
    reduce_words: str
    factor: ast.expr | None


def is_row(node: ast.AST, source: LossSource) -> bool:
    """Tells whether a call is a function that computes and reduces losses, and has a row."""
    api = api_of(node, source.flat.facts)
    reduces = api.startswith("tf.losses.") or api == losses.SEQUENCE_LOSS
    return isinstance(node, ast.Call) and reduces and api in losses.ROWS


def write(node: ast.Call, source: LossSource) -> Written:
    """Writes a call.

    Raises:
      Refusal: An argument has no form that is translated.
    """
    call = source.call(node)
    if call is None:
        raise _refusal(node, source, "this loss is computed in a loop; write the losses out")
    return _Writing(node, call, source).run()


class _Writing:
    def __init__(self, node: ast.Call, call: Call, source: LossSource) -> None:
        self.node, self.call, self.source = node, call, source
        self.api = api_of(node, source.flat.facts)
        self.row = losses.ROWS[self.api]
        self.arguments = bind(node, self.row.parameters)
        if "dim" in self.arguments:
            self.arguments["axis"] = self.arguments.pop("dim")
        unknown = set(self.arguments) - set(self.row.parameters)
        if unknown or any(isinstance(one, ast.Starred) for one in node.args):
            raise self._refusal("this call is not translated; write its arguments out one by one")
        for name, only in self.row.only.items():
            if call.arguments.get(name, only) != only:
                raise self._refusal(
                    f"`{name}` of {self.api} is {call.arguments[name]!r}; expected {only!r}, which "
                    "is translated; write the losses and their reduction out"
                )

    def run(self) -> Written:
        body, value = self._losses()
        shape = self._shape()
        dtype = self._dtype()
        if dtype != _FLOAT and self.row.weighted:
            value = parse(f"tf.cast({ast.unparse(value)}, tf.float32)")
        reduction = self._reduction()
        weights, factor = self._weights()
        reduce_body, reduced, words = reduce_lines(
            reduction, weights is not None, self._prepared(weights, shape, reduction)
        )
        if factor is not None:
            reduced = f"{ast.unparse(factor)} * {reduced}"
        if dtype != _FLOAT and self.row.weighted:
            reduced = f"tf.cast({reduced}, tf.{dtype})"
        return Written(
            body=body,
            losses=value,
            words=self.row.words,
            shape=shape,
            reduction=reduction,
            weights=weights,
            reduce_body=reduce_body,
            reduced=reduced,
            reduce_words=words,
            factor=factor,
        )

    def _losses(self) -> tuple[tuple[str, ...], ast.expr]:
        row, arguments = self.row, self._filled()
        local = {line.partition(" = ")[0] for line in row.body}
        taken = names_in(list(arguments.values())) & local
        lines: list[str] = []
        for line in [*row.body, f"value = {row.template}"]:
            tree = ast.parse(line.format(**{name: f"__{name}__" for name in arguments}))
            for one in ast.walk(tree):
                if isinstance(one, ast.Name) and one.id in taken:
                    one.id += "_"
            target, _, text = ast.unparse(tree).partition(" = ")
            marks = {name: value for name, value in arguments.items() if f"__{name}__" in text}
            for name in marks:
                text = text.replace(f"__{name}__", f"{{{name}}}")
            lines.append(f"{target} = {ast.unparse(fill(text, marks))}")
        value = parse(lines.pop().partition(" = ")[2])
        return (*self._assertion(), *lines), value

    def _filled(self) -> dict[str, ast.expr]:
        """Returns the arguments of the row, cast and smoothed."""
        row = self.row
        found = {name: parse(default) for name, default in row.options.items()}
        found |= {name: self.arguments[name] for name in found if name in self.arguments}
        for name in filter(None, (row.labels, row.outputs)):
            if name not in self.arguments:
                raise self._refusal(f"`{name}` of {self.api} is missing")
            found[name] = self._cast(name, self.arguments[name])
        if self.api == "tf.losses.sparse_softmax_cross_entropy":
            found["labels"] = self._squeezed(found["labels"])
        smoothing = self.arguments.get("label_smoothing")
        if smoothing is not None and self.call.arguments.get("label_smoothing") != 0:
            found[row.labels] = self._smoothed(found[row.labels], smoothing)
        return found

    def _cast(self, name: str, value: ast.expr) -> ast.expr:
        """Returns an argument in the dtype to which the legacy function casts it."""
        fact = self.call.arguments.get(name)
        if self.row.cast:
            wanted = f"tf.{self.row.cast}"
        elif name == self.row.labels and self.row.same_shape:
            outputs = self.call.arguments.get(self.row.outputs)
            dtypes = [one.dtype for one in (fact, outputs) if isinstance(one, TensorFact)]
            if len(dtypes) == 2 and dtypes[0] == dtypes[1]:
                return value
            wanted = f"{ast.unparse(self.arguments[self.row.outputs])}.dtype"
        else:
            return value
        if isinstance(fact, TensorFact) and f"tf.{fact.dtype}" == wanted:
            return value
        return parse(f"tf.cast({ast.unparse(value)}, {wanted})")

    def _squeezed(self, labels: ast.expr) -> ast.expr:
        """The legacy function takes labels of `[batch, 1]`, too."""
        ranks = [_rank(self.call.arguments.get(name)) for name in ("labels", "logits")]
        if None in ranks:
            raise self._refusal("the rank of the labels or the logits is not known")
        if ranks[0] == ranks[1]:
            return parse(f"tf.squeeze({ast.unparse(labels)}, axis=-1)")
        return labels

    def _smoothed(self, labels: ast.expr, smoothing: ast.expr) -> ast.expr:
        shapes = [
            fact.shape
            for name in (self.row.outputs, self.row.labels)
            if isinstance(fact := self.call.arguments.get(name), TensorFact) and fact.shape
        ]
        classes = next((shape[-1] for shape in shapes if shape[-1] is not None), None)
        if "{classes}" in self.row.smoothed and classes is None:
            raise self._refusal("the number of classes is not known")
        number = ast.Constant(value=classes)
        values = {"labels": labels, "label_smoothing": smoothing, "classes": number}
        text = self.row.smoothed
        return fill(text, {name: one for name, one in values.items() if f"{{{name}}}" in text})

    def _assertion(self) -> tuple[str, ...]:
        """Without it, TF2 takes `[batch]` and `[batch, 1]`, and makes `[batch, batch]` of them."""
        row = self.row
        if not row.same_shape or row.labels not in self.arguments:
            return ()
        labels, outputs = self.arguments[row.labels], self.arguments[row.outputs]
        if not isinstance(labels, ast.Name | ast.Subscript) or not isinstance(outputs, ast.Name):
            return ()
        return (
            f"{ast.unparse(labels)}.shape.assert_is_compatible_with({ast.unparse(outputs)}.shape)",
        )

    def _shape(self) -> tuple[int | None, ...] | None:
        """Returns the shape of the losses."""
        outputs = self.call.arguments.get(self.row.outputs)
        labels = self.call.arguments.get(self.row.labels)
        shape = outputs.shape if isinstance(outputs, TensorFact) else None
        if shape is None:
            return None
        if self.api.endswith("softmax_cross_entropy") or self.api == losses.SEQUENCE_LOSS:
            return shape[:-1]
        if self.api.endswith("mean_pairwise_squared_error"):
            return (shape[0], *(1 for _ in shape[1:]))
        if self.api.endswith("cosine_distance"):
            axis = self.call.arguments.get("axis", self.call.arguments.get("dim"))
            if isinstance(axis, int):
                kept = axis % len(shape)
                return tuple(1 if i == kept else size for i, size in enumerate(shape))
            return None
        other = labels.shape if isinstance(labels, TensorFact) else None
        if other is None or len(other) != len(shape):
            return shape
        return tuple(a if a is not None else b for a, b in zip(shape, other, strict=True))

    def _dtype(self) -> str:
        return self.call.result.dtype if isinstance(self.call.result, TensorFact) else _FLOAT

    def _reduction(self) -> str:
        if self.row.reduction:
            return self.row.reduction
        name = self.call.arguments.get("reduction", reductions.DEFAULT)
        if name not in reductions.NAMES:
            raise self._refusal(f"the reduction {name!r} is not translated")
        return reductions.NAMES[name]

    def _weights(self) -> tuple[ast.expr | None, ast.expr | None]:
        """Returns the weights of the elements, and the number by which all are multiplied."""
        weights = self.arguments.get("weights")
        if weights is None:
            return None, None
        value = self.call.arguments.get("weights")
        if value is None and isinstance(weights, ast.Constant):
            return None, None
        if isinstance(value, float | int) and not isinstance(value, bool):
            if value == 1:
                return None, None
            if not self.row.weighted:
                raise self._refusal(f"`weights` of {self.api} are not translated")
            if value == 0 and self._reduction() not in ("SUM", "SUM_OVER_BATCH_SIZE", "NONE"):
                return weights, None  # the divisor is 0, and so is the loss
            return (None, weights) if self._reduction() != "MEAN" else (None, None)
        if not self.row.weighted:
            raise self._refusal(f"`weights` of {self.api} are not translated")
        if self._has_column(value, self._shape()):
            return parse(f"tf.squeeze({ast.unparse(weights)}, axis=-1)"), None
        return weights, None

    def _prepared(
        self, weights: ast.expr | None, shape: tuple[int | None, ...] | None, reduction: str
    ) -> list[str]:
        """Returns what brings weights into the dtype, and where needed the shape, of the losses."""
        if weights is None:
            return []
        fact = self.call.arguments.get("weights")
        text = "weights"
        if isinstance(fact, TensorFact):
            rank = _rank(fact)
            wanted = None if shape is None else len(shape)
            if self._has_column(fact, shape):
                rank = wanted
            if fact.dtype != _FLOAT:
                text = f"tf.cast({text}, tf.float32)"
            same = rank == wanted and rank is not None and _sizes(fact, shape)
        else:
            text, same = "tf.cast(weights, tf.float32)", False
        if reductions.ROWS[reduction].counts and not same:
            text = f"tf.broadcast_to({text}, tf.shape(losses))"
        return [f"weights = {text}"] if text != "weights" else []

    def _has_column(self, fact: object, shape: tuple[int | None, ...] | None) -> bool:
        """Tells whether weights have an axis of size 1 that the legacy function takes away."""
        rank = _rank(fact)
        if not self.api.endswith("sparse_softmax_cross_entropy") or rank is None or shape is None:
            return False
        return rank - 1 == len(shape)

    def _refusal(self, reason: str) -> Refusal:
        return _refusal(self.node, self.source, reason)


def reduce_lines(
    reduction: str, weighted: bool, prepared: Sequence[str]
) -> tuple[tuple[str, ...], str, str]:
    """Returns the body, the value and the words of a reduction of `losses` by `weights`."""
    row: ReductionRow = reductions.ROWS[reduction]
    if not weighted:
        return (), row.plain, f"{row.plain_words}: {reduction}"
    lines = (*prepared, row.body) if row.body else tuple(prepared)
    return lines, row.weighted, f"{row.words}: {reduction}"


def _sizes(fact: TensorFact, shape: tuple[int | None, ...] | None) -> bool:
    """Tells whether weights have the shape of the losses, and need not be broadcast."""
    if fact.shape is None or shape is None:
        return False
    return all(a == b for a, b in zip(fact.shape, shape, strict=False))


def _rank(fact: object) -> int | None:
    shape = fact.shape if isinstance(fact, TensorFact) else None
    return None if shape is None else len(shape)


def _refusal(node: ast.AST, source: LossSource, reason: str) -> Refusal:
    path = path_of(node, source.flat.files[0].path)
    return Refusal(reason, path=path, line=getattr(node, "lineno", 0))


def write_arguments(node: ast.expr, original: ast.Call, source: LossSource) -> dict[str, ast.expr]:
    """Returns the arguments of a call that was made of another one, by their parameters."""
    assert isinstance(node, ast.Call)
    return bind(node, losses.ROWS[api_of(original, source.flat.facts)].parameters)
