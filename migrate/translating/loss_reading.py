"""The loss of a model_fn: the losses of the examples, their reduction, and what is added."""

import ast
import copy
import dataclasses
from collections.abc import Sequence

from migrate.mappings import losses
from migrate.translating.expressions import (
    api_of,
    bind,
    calls_of,
    fill,
    parse,
)
from migrate.translating.facts import TensorFact
from migrate.translating.ir import Function, Loss, source_of
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import Statement, loads, needed_for, stores

_SUM = "tf.reduce_sum(losses * weights)"
_COUNT = "tf.math.count_nonzero(weights, dtype=losses.dtype)"
_BROADCAST = "tf.broadcast_to(weights, tf.shape(losses))"
# Body and words of each reduction, with weights and without.
_REDUCTIONS: dict[str, tuple[str, str, str, str]] = {
    "SUM": (_SUM, "sum(w * l)", "tf.reduce_sum(losses)", "sum(l)"),
    "SUM_OVER_BATCH_SIZE": (
        "tf.reduce_mean(losses * weights)",
        "sum(w * l) / size(l)",
        "tf.reduce_mean(losses)",
        "sum(l) / size(l); a short last batch counts its own size",
    ),
    "SUM_BY_NONZERO_WEIGHTS": (
        f"tf.math.divide_no_nan({_SUM}, {_COUNT})",
        "sum(w * l) / count(w != 0)",
        "tf.reduce_mean(losses)",
        "sum(l) / size(l), as all weights are 1",
    ),
    "MEAN": (
        f"tf.math.divide_no_nan({_SUM}, tf.reduce_sum(weights))",
        "sum(w * l) / sum(w)",
        "tf.reduce_mean(losses)",
        "sum(l) / size(l), as all weights are 1",
    ),
}
_ALIASES = {
    "weighted_sum": "SUM",
    "weighted_mean": "MEAN",
    "weighted_sum_by_nonzero_weights": "SUM_BY_NONZERO_WEIGHTS",
    "weighted_sum_over_batch_size": "SUM_OVER_BATCH_SIZE",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Term:
    """What the ledger says of the only data term.

    Attributes:
      tensor: The name of the tensor of unreduced losses.
      words: The function that computes it.
      reduction: The name of the reduction; "" if it has none.
      weights: The name of the tensor of weights; "" if there are none.
    """

    tensor: str
    words: str
    reduction: str
    weights: str


def read(
    flat: Flattened,
    others: list[Statement],
    loss: ast.expr,
    outputs: Sequence[str],
    terms: Sequence[Term],
    aliases: Sequence[str],
) -> Loss:
    """Reads the loss of TRAIN.

    Raises:
      Refusal: The loss has no form that is translated.
    """
    return _LossReading(flat, others, loss, outputs, terms, aliases).run()


class _LossReading:
    def __init__(
        self,
        flat: Flattened,
        others: list[Statement],
        loss: ast.expr,
        outputs: Sequence[str],
        terms: Sequence[Term],
        aliases: Sequence[str],
    ) -> None:
        self.flat, self.others, self.loss = flat, others, loss
        self.outputs, self.terms, self.aliases = outputs, terms, aliases
        self.statements = needed_for(others, loads(loss), "train")[0]

    def run(self) -> Loss:
        if len(self.terms) != 1:
            raise Refusal(
                f"the loss has {len(self.terms)} terms of data; a loss of one term is translated"
            )
        calls = [
            (statement, node)
            for statement in self.statements
            for node in ast.walk(statement.node)
            if isinstance(node, ast.Call) and api_of(node, self.flat.facts) in losses.ROWS
        ]
        calls += [
            (None, node)
            for node in ast.walk(self.loss)
            if isinstance(node, ast.Call) and api_of(node, self.flat.facts) in losses.ROWS
        ]
        if len(calls) == 1:
            return self._of_tf_losses(calls[0][1])
        if calls:
            raise Refusal("several calls of tf.losses make one term")
        return self._by_hand()

    def _of_tf_losses(self, node: ast.Call) -> Loss:
        row = losses.ROWS[api_of(node, self.flat.facts)]
        arguments = bind(node, row.parameters)
        known = {"scope", "loss_collection", "reduction", "weights", row.labels, row.outputs}
        for name in arguments:
            if name not in known:
                raise Refusal(
                    f"`{name}` of {api_of(node, self.flat.facts)} is not translated yet",
                    path=self.flat.files[0].path,
                    line=node.lineno,
                )
        reduction = self._reduction(node)
        weights = arguments.get("weights")
        if weights is not None and _is_one(weights):
            weights = None
        per_example = fill(
            row.template, {name: arguments[name] for name in (row.labels, row.outputs)}
        )
        needed, _ = needed_for(self.others, loads(per_example), "train")
        names = self._parameters(loads(per_example), needed)
        per_example_function = Function(
            name="loss_per_example",
            parameters=names,
            body=source_of([s.node for s in needed]),
            returns=ast.unparse(per_example),
        )
        with_weights, words, without, plain_words = _REDUCTIONS[reduction]
        reduce = Function(
            name="reduce_loss",
            parameters=("losses", "weights") if weights is not None else ("losses",),
            body=self._broadcast(reduction, weights),
            returns=with_weights if weights is not None else without,
        )
        arguments_text = ", ".join(names)
        passed = ["losses"]
        weights_text = ""
        if weights is not None:
            weights_text = ast.unparse(weights)
            passed.append(weights_text)
        reduced = parse(f"reduce_loss({', '.join(passed)})")
        body = self._rest(node, reduced, weights, f"loss_per_example({arguments_text})")
        return Loss(
            per_example=per_example_function,
            per_example_words=row.words,
            reduce=reduce,
            reduce_words=f"{words if weights is not None else plain_words}: {reduction}",
            body=body,
            loss=ast.unparse(Replace(node, reduced).visit(self.loss)),
            losses="losses",
            weights=weights_text,
        )

    def _broadcast(self, reduction: str, weights: ast.expr | None) -> tuple[str, ...]:
        if weights is None:
            return ()
        counts = reduction in ("SUM_BY_NONZERO_WEIGHTS", "MEAN")
        return (
            ("weights = tf.broadcast_to(tf.cast(weights, losses.dtype), tf.shape(losses))",)
            if (counts)
            else ("weights = tf.cast(weights, losses.dtype)",)
        )

    def _rest(
        self, node: ast.Call, reduced: ast.expr, weights: ast.expr | None, losses_text: str
    ) -> tuple[str, ...]:
        """Returns the statements of `compute_loss`: the losses, and all that comes after them."""
        targets = [s for s in self.statements if any(one is node for one in ast.walk(s.node))]
        after = self.statements.index(targets[0]) if targets else len(self.statements)
        weights_needed = (
            needed_for(self.others, loads(weights), "train")[0] if weights is not None else []
        )
        body: list[ast.stmt] = [
            one.node for one in self.statements[:after] if any(one is w for w in weights_needed)
        ]
        body.append(ast.parse(f"losses = {losses_text}").body[0])
        for statement in self.statements[after:]:
            body.append(Replace(node, reduced).visit(copy.copy(statement.node)))
        return source_of(body)

    def _reduction(self, node: ast.Call) -> str:
        seen = {
            str(call.arguments.get("reduction", "weighted_sum_by_nonzero_weights"))
            for call in calls_of(node, self.flat.facts)
        }
        name = _ALIASES.get(next(iter(seen)), "")
        if len(seen) != 1 or not name:
            raise Refusal(
                f"the reduction {sorted(seen)} is not one that is translated",
                path=self.flat.files[0].path,
                line=node.lineno,
            )
        return name

    def _by_hand(self) -> Loss:
        """A loss that is reduced in the source, such as `tf.reduce_mean(per_example_loss)`."""
        [term] = self.terms
        found = self._losses_expression(term)
        if found is None:
            raise Refusal(
                "the source has no expression for the losses of the examples before they are "
                "reduced",
                path=self.flat.files[0].path,
                line=getattr(self.loss, "lineno", 0),
            )
        name, value, position = found
        needed, _ = needed_for(self.others, loads(value), "train")
        parameters = self._parameters(loads(value), needed)
        per_example = Function(
            name="loss_per_example",
            parameters=parameters,
            body=source_of([s.node for s in needed]),
            returns=ast.unparse(value),
        )
        rest: list[ast.stmt] = [copy.deepcopy(s.node) for s in self.statements[position:]]
        loss: ast.expr = self.loss
        if name:
            rename = _Renamed(name, "losses")
            rest = [rename.visit(one) for one in rest]
            loss = rename.visit(copy.deepcopy(loss))
        else:
            rest = [
                Replace(value, parse("losses")).visit(s.node) for s in self.statements[position:]
            ]
            loss = Replace(value, parse("losses")).visit(loss)
        depending, reducing, before = {"losses"}, [], []
        for one in rest:
            if loads(one) & depending:
                depending |= stores(one)
        inner = self._within_reduction(rest, loss, depending, term)
        for one in rest:
            (reducing if any(one is each for each in inner) else before).append(one)
        returned = loss
        if reducing and isinstance(reducing[-1], ast.Assign) and isinstance(loss, ast.Name):
            last = reducing[-1]
            if ast.unparse(last.targets[0]) == loss.id:
                reducing, returned = reducing[:-1], last.value
        written = set().union(*(stores(one) for one in reducing), set())
        read = set().union(*(loads(one) for one in reducing), loads(returned)) - written
        extra = sorted(
            read & (set().union(*(stores(s.node) for s in self.others)) | {"features", "labels"})
        )
        reduce = Function(
            name="reduce_loss",
            parameters=("losses", *(one for one in extra if one != "losses")),
            body=source_of(reducing),
            returns=ast.unparse(returned),
        )
        arguments = ", ".join(reduce.parameters)
        body = [
            *before,
            ast.parse(f"losses = loss_per_example({', '.join(parameters)})").body[0],
        ]
        earlier, _ = needed_for(self.others, set(reduce.parameters) - {"losses"}, "train")
        known = [ast.dump(one) for one in before]
        body[:0] = [s.node for s in earlier if ast.dump(s.node) not in known]
        weights = self._source_of_tensor(term.weights) if term.weights else ""
        words = {
            "SUM_OVER_BATCH_SIZE": "The mean over the batch, as `tf.reduce_mean`",
            "SUM": "The sum over the batch, as `tf.reduce_sum`",
        }.get(term.reduction, "The losses, reduced as the legacy program did")
        suffix = f": {term.reduction}" if term.reduction else ""
        return Loss(
            per_example=per_example,
            per_example_words=_words(term.words),
            reduce=reduce,
            reduce_words=f"{words}{suffix}",
            body=source_of(body),
            loss=f"reduce_loss({arguments})",
            losses="losses",
            weights=weights,
        )

    def _within_reduction(
        self, rest: list[ast.stmt], loss: ast.expr, depending: set[str], term: Term
    ) -> list[ast.stmt]:
        """Returns the statements between the losses and the loss, those of divisors among them."""
        weights = self._source_of_tensor(term.weights) if term.weights else ""
        inner: list[ast.stmt] = []
        needed = loads(loss)
        for one in reversed(rest):
            if stores(one) & needed and weights not in stores(one):
                inner.append(one)
                needed |= loads(one)
        return inner[::-1]

    def _losses_expression(self, term: Term) -> tuple[str, ast.expr, int] | None:
        """Returns the name and the expression of the losses, and the index of what comes after."""
        for index, statement in enumerate(self.statements):
            node = statement.node
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                seen = self.flat.values.get(node.value, {}).get("train")
                if isinstance(seen, TensorFact) and seen.name == term.tensor:
                    return node.targets[0].id, node.value, index + 1
        for index, one in enumerate([*[s.node for s in self.statements], self.loss]):
            for node in ast.walk(one):
                if isinstance(node, ast.Call):
                    for call in self.flat.facts.get(node, {}).get("train", []):
                        if isinstance(call.result, TensorFact) and call.result.name == term.tensor:
                            return "", node, index
        return None

    def _source_of_tensor(self, tensor: str) -> str:
        """Returns the name that was assigned a tensor, or the feature that it is; "" if none is."""
        for statement in self.others:
            node = statement.node
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                seen = self.flat.values.get(node.value, {}).get("train")
                if isinstance(seen, TensorFact) and seen.name == tensor:
                    return node.targets[0].id
        return ""

    def _parameters(self, read: set[str], needed: list[Statement]) -> tuple[str, ...]:
        every = set(read).union(*(loads(one.node) for one in needed))
        written = set().union(*(stores(one.node) for one in needed), set())
        names = every - written
        ordered = ["labels", *self.outputs, "features"]
        return tuple(name for name in ordered if name in names)


class Replace(ast.NodeTransformer):
    """Puts an expression in the place of a node, in copies of what is around it."""

    def __init__(self, old: ast.AST, new: ast.expr) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        """Copies a node."""
        if node is self.old:
            return self.new
        made = copy.copy(node)
        for field, value in ast.iter_fields(node):
            if isinstance(value, list):
                setattr(
                    made, field, [self.visit(v) if isinstance(v, ast.AST) else v for v in value]
                )
            elif isinstance(value, ast.AST):
                setattr(made, field, self.visit(value))
        return made


class _Renamed(ast.NodeTransformer):
    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = old, new

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(id=self.new, ctx=node.ctx) if node.id == self.old else node


def _is_one(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 1


def _words(op: str) -> str:
    text = op.replace("_", " ")
    return text[:1].upper() + text[1:] if text.replace(" ", "").isalnum() else "The losses"
