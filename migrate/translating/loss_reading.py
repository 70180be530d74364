"""The loss of a model_fn: the losses of the examples, their reductions, penalties, and the sum."""

import ast
import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

from estimator_compat.ledger.steps import LossStep
from estimator_compat.ledger.values import Kind
from estimator_compat.ledger.values import LossTerm as LedgerTerm
from estimator_compat.mode_keys import ModeKeys
from migrate.mappings import reductions
from migrate.translating import loss_collections, loss_rows, loss_spelled
from migrate.translating.expressions import calls_of, parse
from migrate.translating.facts import TensorFact
from migrate.translating.ir import Function, Loss, LossTerm, source_of
from migrate.translating.loss_collections import Names
from migrate.translating.loss_rows import Written
from migrate.translating.loss_source import LossSource, names_in, unique
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import Statement, loads, needed_for, stores

_NOT_IN_NAMES = r"(^|_)(loss|losses|per_example|per_word|mean|total)(?=_|$)"
_GRADIENTS = ("gradients", "gradients_v2", "hessians", "HessiansV2")
_INPUTS = ("labels", "features")


@dataclasses.dataclass(slots=True)
class _Site:
    """Where the losses of a term are computed.

    Attributes:
      term: The ledger's term.
      index: The index of the statement.
      node: The expression: the losses, or a call of `tf.losses` that also reduces them.
      written: The call of `tf.losses`; None for others.
      base: The name that the source gives to the loss.
    """

    term: LedgerTerm
    index: int
    node: ast.expr
    written: Written | None
    base: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class _TermNames:
    """The names that belong to one term."""

    per_example: str
    reduce: str
    losses: str


def read(
    flat: Flattened,
    others: list[Statement],
    loss: ast.expr,
    outputs: Sequence[str],
    terms: Sequence[LedgerTerm],
    *,
    names: Names | None = None,
    weight_names: Mapping[str, str] | None = None,
    constants: Mapping[str, str] | None = None,
    mode: str = ModeKeys.TRAIN,
) -> Loss:
    """Reads the loss of a mode.

    Args:
      flat: The flattened model_fn.
      others: The statements that are not the model's.
      loss: The loss after them.
      outputs: What the model returns.
      terms: The ledger's terms.
      names: The names of what is written besides.
      weight_names: The legacy names of variables by their expressions in the model, such as
        `dense.kernel`.
      constants: The names of the program's constants, by the numbers that they are.
      mode: The mode.

    Raises:
      Refusal: The loss has no form that is translated.
    """
    reading = _Reading(flat, others, loss, outputs, terms, mode)
    reading.written_names, reading.constants = names or Names(), constants or {}
    reading.weight_names = weight_names or {}
    return reading.run()


def tensors(terms: Sequence[LedgerTerm]) -> frozenset[str]:
    """Returns the names of the tensors that the source must show: losses, and their weights."""
    data = [one for one in terms if one.kind is Kind.DATA]
    names = [one.tensors[0] for one in data]
    return frozenset([*names, *(step.tensor for one in data for step in one.weightings)]) - {""}


def losses(terms: Sequence[LedgerTerm]) -> frozenset[str]:
    """Returns the names of the tensors of losses."""
    return frozenset(one.tensors[0] for one in terms if one.kind is Kind.DATA)


def is_same(statements: Sequence[Statement], train: ast.expr, evaluation: ast.expr) -> bool:
    """Tells whether TRAIN and EVAL compute their losses by the same statements."""
    needed = [
        [one.node for one in needed_for(statements, loads(loss), mode)[0]]
        for loss, mode in ((train, ModeKeys.TRAIN), (evaluation, ModeKeys.EVAL))
    ]
    first = [ast.dump(one) for one in [*needed[0], train]]
    return first == [ast.dump(one) for one in [*needed[1], evaluation]]


def with_functions_of(evaluation: Loss, train: Loss) -> Loss:
    """Returns the loss of EVAL, which calls those functions of TRAIN's that compute the same."""
    known = [f for one in train.terms for f in (one.per_example, one.reduce) if f is not None]
    names: dict[str, str] = {}
    terms = []
    for term in evaluation.terms:
        changed: dict[str, Any] = {}
        for field in ("per_example", "reduce"):
            function = getattr(term, field)
            for one in known:
                if function is not None and dataclasses.replace(function, name=one.name) == one:
                    names[function.name] = one.name
                    changed[field] = one
        terms.append(dataclasses.replace(term, **changed))
    rename = _Renamed(names)
    return dataclasses.replace(
        evaluation,
        terms=tuple(terms),
        body=tuple(rename.text(one) for one in evaluation.body),
        loss=rename.text(evaluation.loss),
    )


class _Reading:
    written_names: Names
    constants: Mapping[str, str]
    weight_names: Mapping[str, str]

    def __init__(
        self,
        flat: Flattened,
        others: list[Statement],
        loss: ast.expr,
        outputs: Sequence[str],
        terms: Sequence[LedgerTerm],
        mode: str,
    ) -> None:
        self.mode = mode
        self.flat, self.outputs, self.terms = flat, outputs, terms
        self.others = others
        self.given = loss
        needed = needed_for(others, loads(loss), self.mode)[0]
        self.source = LossSource(flat, needed, loss, self.mode)
        self.original = LossSource(flat, needed, loss, self.mode)
        self.taken = names_in(self.source.roots()) | {*outputs, *_INPUTS}

    @property
    def variables(self) -> str:
        """The name of the variables by their legacy names."""
        return self.written_names.variables

    def run(self) -> Loss:
        data = [one for one in self.terms if one.kind is Kind.DATA]
        for one in self.terms:
            if one.kind is Kind.OPAQUE:
                reason = (
                    f"a part of the loss is not a sum or mean of losses: {one.stopped_by}; return "
                    "a loss without it, and add it in the file that is written"
                )
                if one.line is None:
                    raise self._refusal(self.given, reason)
                raise Refusal(reason, path=one.line.file, line=one.line.number)
        behind = needed_for(self.flat.statements, loads(self.given), self.mode)[0]
        for root in [*(one.node for one in behind), self.given]:
            for node in ast.walk(root):
                if any(one.callee.name in _GRADIENTS for one in calls_of(node, self.flat.facts)):
                    raise self._refusal(
                        node,
                        "gradients within the loss need a tape of their own; leave this part out, "
                        "and add it in the file that is written",
                    )
        if not data:
            raise self._refusal(self.given, "the loss does not depend on features or labels")
        self._variables()
        sites = self._sites(data)
        parts = self._parts(sites)
        penalty = self._penalty()
        body = self._body([one for _, one in parts])
        return Loss(
            terms=tuple(
                dataclasses.replace(one, name=site.term.name if len(sites) > 1 else "")
                for site, one in parts
            ),
            regularization=penalty[0] if penalty else None,
            regularization_words=penalty[1] if penalty else "",
            variables=self.variables if self._reads_variables(body) else "",
            body=source_of(body),
            function="compute_loss" if self.mode == ModeKeys.TRAIN else "compute_evaluation_loss",
            loss=ast.unparse(self.source.loss),
            known=self._known(sites),
        )

    def _parts(self, sites: Sequence[_Site]) -> list[tuple[_Site, LossTerm]]:
        """Writes the terms; one that has the losses of another one has no functions of its own."""
        made: dict[int, tuple[_Site, LossTerm]] = {}
        found: list[tuple[_Site, LossTerm]] = []
        for site in sites:
            first = made.get(id(site.node))
            if first is None:
                made[id(site.node)] = self._part(site, self._names(site, len(sites)))
                found.append(made[id(site.node)])
                continue
            sign = "-" if _is_negated(site.term) != _is_negated(first[0].term) else ""
            losses = f"{sign}{first[1].losses}".replace("--", "")
            found.append((site, dataclasses.replace(first[1], losses=losses)))
        return found

    def _known(self, sites: Sequence[_Site]) -> dict[str, str]:
        """Returns the names in the source for the loss and, if there is one term, its losses."""
        named = [(self.given, "loss")]
        if len(sites) == 1 and sites[0].written is None:
            targets = [
                one.targets[0]
                for one in self.original.nodes
                if isinstance(one, ast.Assign) and one.value is sites[0].node
            ]
            named += [(one, "losses") for one in targets]
        return {one.id: name for one, name in named if isinstance(one, ast.Name)}

    def _variables(self) -> None:
        """Puts `variables["dense/kernel"]` in the place of what the source calls variables."""
        for root in self.source.roots():
            for node in ast.walk(root):
                made = self._variable(node)
                if made is not None:
                    self.source.replace(node, made)

    def _variable(self, node: ast.AST) -> ast.expr | None:
        if isinstance(node, ast.Attribute):
            text = ast.unparse(node)
            name = self.weight_names.get(text.removeprefix("self.")) if "self." in text else None
            return None if name is None else parse(f"{self.variables}[{name!r}]")
        if not isinstance(node, ast.Call | ast.Subscript | ast.ListComp):
            return None
        value = self.source.value(node)
        known = {name for term in self.terms for name in term.variables}
        known |= {*self.weight_names.values(), "global_step"}
        if isinstance(value, TensorFact) and ":" not in value.name and value.name in known:
            return parse(f"{self.variables}[{value.name!r}]")
        if (
            isinstance(value, list | tuple)
            and value
            and all(isinstance(v, TensorFact) and v.name in known for v in value)
        ):
            listed = ", ".join(f"{self.variables}[{v.name!r}]" for v in value)
            return parse(f"[{listed}]")
        return None

    def _sites(self, data: Sequence[LedgerTerm]) -> list[_Site]:
        """Returns the places where the losses of the terms are computed, in their order."""
        calls = [
            (index, node, loss_rows.write(node, self.source))
            for index, root in enumerate(self.source.roots())
            for node in ast.walk(root)
            if isinstance(node, ast.Call) and loss_rows.is_row(node, self.source)
        ]
        found: list[_Site] = []
        for term in data:
            call = next((one for one in calls if self._is_of(one[1], term)), None)
            if call is not None:
                found.append(_Site(term, *call))
                continue
            place = self._half_square(term) or self.source.find(term.tensors[0])
            if isinstance(place, _Site):
                found.append(place)
                continue
            if place is None:
                raise self._refusal(
                    self.given,
                    f"the source has no expression for {term.op}, the losses before they are "
                    "reduced; assign them to a name",
                    line=term.line.number if term.line is not None else 0,
                )
            found.append(_Site(term, *place, None))
        for site in found:
            self._check_place(site)
            site.base = self._base(site)
        return sorted(found, key=lambda one: one.index)

    def _half_square(self, term: LedgerTerm) -> _Site | None:
        """Returns the call of `tf.nn.l2_loss` that squares and adds up the errors of a term."""
        if not any(step.operation.value == "half_square" for step in term.steps):
            return None
        for index, root in enumerate(self.source.roots()):
            for node in ast.walk(root):
                call = self.source.call(node)
                if call is None or call.callee.api != "tf.nn.l2_loss":
                    continue
                value = call.arguments.get("t")
                if isinstance(value, TensorFact) and value.name == term.tensors[0]:
                    assert isinstance(node, ast.Call)
                    return _Site(term, index, node, loss_rows.write(node, self.source))
        return None

    def _is_of(self, node: ast.Call, term: LedgerTerm) -> bool:
        """Tells whether a call of `tf.losses` computes the losses of a term."""
        call = self.source.call(node)
        if call is None or not isinstance(call.result, TensorFact):
            return False
        given = call.arguments.get("losses")
        if given is not None:
            return isinstance(given, TensorFact) and given.name == term.tensors[0]
        scope = call.result.name.rpartition("/")[0]
        return bool(scope) and term.tensors[0].startswith(f"{scope}/")

    def _check_place(self, site: _Site) -> None:
        root = self.source.roots()[site.index]
        if isinstance(root, ast.For | ast.FunctionDef):
            raise self._refusal(root, "this loss is computed in a loop; write the losses out")
        parents = self.source.parents(site.index)
        node: ast.AST | None = site.node
        while node is not None:
            if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp | ast.Lambda):
                raise self._refusal(site.node, "this loss is computed in a loop; write them out")
            node = parents.get(node)

    def _base(self, site: _Site) -> str:
        """Returns the name that the source gives to a loss: a key, or a name."""
        parents = self.source.parents(site.index)
        node: ast.AST = site.node
        while node in parents:
            parent = parents[node]
            if isinstance(parent, ast.Dict):
                key = parent.keys[parent.values.index(node)]  # type: ignore[arg-type]
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    return re.sub(r"\W", "_", key.value)
            if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
                return parent.targets[0].id
            node = parent
        return site.term.name

    def _names(self, site: _Site, count: int) -> _TermNames:
        own = "" if self.mode == ModeKeys.TRAIN else "evaluation_"
        if count == 1:
            names = _TermNames(f"{own}loss_per_example", f"reduce_{own}loss", "losses")
        else:
            base = re.sub(
                r"(^|_)(loss|losses|per_example|per_word|mean|total)(?=_|$)", "", site.base
            )
            base = base.strip("_") or re.sub(r"\W", "_", site.term.name)
            names = _TermNames(
                f"{own}{base}_loss_per_example", f"reduce_{own}{base}_loss", f"{base}_losses"
            )
        assigned = self.source.nodes[site.index] if site.index < len(self.source.nodes) else None
        written = stores(assigned) if isinstance(assigned, ast.Assign) else set()
        made = []
        for name in dataclasses.astuple(names):
            is_own = name in written and site.written is None and assigned.value is site.node  # type: ignore[union-attr]
            made.append(name if is_own else unique(name, self.taken))
            self.taken.add(made[-1])
        return _TermNames(*made)

    def _part(self, site: _Site, names: _TermNames) -> tuple[_Site, LossTerm]:
        """Puts the functions of a term in the place of what they compute."""
        index, node = self._place_of(site)
        negated = site.written is None and self._negation(site, index)
        if site.written is not None:
            per_example = self._per_example(
                names.per_example, index, site.written.losses, site.written.body
            )
            made = self._reduced_by_row(site.written, names)
        else:
            value = ast.UnaryOp(op=ast.USub(), operand=node) if negated else node
            per_example = self._per_example(names.per_example, index, value, ())
            made = None
        arguments = ", ".join(per_example.parameters)
        call = ast.parse(f"{names.losses} = {names.per_example}({arguments})").body[0]
        weights = self._weights(site, names)
        statement = self.source.nodes[index] if index < len(self.source.nodes) else None
        if made is not None:
            self.source.replace(node, made[1])
            self.source.nodes.insert(index, call)
            return site, self._term(site, names, per_example, made[0], weights, is_same=True)
        if (
            site.written is None
            and isinstance(statement, ast.Assign)
            and statement.value is node
            and isinstance(statement.targets[0], ast.Name)
        ):
            old = statement.targets[0].id
            for _, use in self.source.uses(old, index):
                use.id = names.losses
            self.source.nodes[index] = call
            if names.losses == old:
                call.targets = statement.targets  # type: ignore[attr-defined]
            start = self.source.uses(names.losses, index)
        else:
            name = ast.Name(id=names.losses, ctx=ast.Load())
            new_node: ast.expr = name
            if site.written is not None and site.written.weights is not None:
                new_node = parse(f"{names.losses} * ({ast.unparse(site.written.weights)})")
            elif site.written is not None and site.written.factor is not None:
                new_node = parse(f"{names.losses} * {ast.unparse(site.written.factor)}")
            self.source.replace(node, new_node)
            self.source.nodes.insert(index, call)
            start = [(index + 1, new_node)]  # type: ignore[list-item]
        reduce = self._reduced_by_hand(site, names, start, negated=negated)
        return site, self._term(site, names, per_example, reduce, weights, is_same=not negated)

    def _negation(self, site: _Site, index: int) -> bool:
        """Tells whether the source has a minus before the reduced losses."""
        if not _is_negated(site.term):
            return False
        found = loss_spelled.region(self.source, index, site.node)
        parent = self.source.parents(found.index).get(found.root) if found is not None else None
        return isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.USub)

    def _term(
        self,
        site: _Site,
        names: _TermNames,
        per_example: Function,
        reduce: tuple[Function, str] | None,
        weights: str,
        *,
        is_same: bool,
    ) -> LossTerm:
        sign = "-" if is_same and _is_negated(site.term) else ""
        row = site.written.words if site.written is not None else ""
        return LossTerm(
            name=site.term.name,
            per_example=per_example,
            per_example_words=_with_axes(row or _words(site.term.op), site.term.axes),
            reduce=reduce[0] if reduce else None,
            reduce_words=reduce[1] if reduce else "",
            losses=f"{sign}{names.losses}",
            weights=weights,
        )

    def _place_of(self, site: _Site) -> tuple[int, ast.expr]:
        """Returns where the site is now: terms before it have put statements there."""
        for index, root in enumerate(self.source.roots()):
            if any(one is site.node for one in ast.walk(root)):
                return index, site.node
        raise self._refusal(site.node, "the losses of one term depend on another term")

    def _per_example(
        self, name: str, index: int, value: ast.expr, lines: tuple[str, ...]
    ) -> Function:
        before = [Statement(one, frozenset((self.mode,))) for one in self.source.nodes[:index]]
        read = loads(value).union(*(loads(ast.parse(line)) for line in lines))
        read -= {line.partition(" = ")[0] for line in lines}
        needed, names = needed_for(before, read, self.mode)
        ordered = ["labels", *self.outputs, "features", self.variables]
        local = {one for node in self.source.nodes for one in stores(node)}
        lost = names & local - {*ordered} - {n for one in needed for n in stores(one.node)}
        if lost & {n for one in self.source.nodes[:index] for n in stores(one)}:
            raise self._refusal(value, f"the losses depend on {sorted(lost)}")
        return Function(
            name=name,
            parameters=tuple(one for one in ordered if one in names),
            body=(*source_of([one.node for one in needed]), *lines),
            returns=ast.unparse(value),
        )

    def _reduced_by_row(
        self, written: Written, names: _TermNames
    ) -> tuple[tuple[Function, str], ast.expr] | None:
        if written.reduction == "NONE":
            return None
        passed = [names.losses]
        parameters = ["losses"]
        if written.weights is not None:
            passed.append(ast.unparse(written.weights))
            parameters.append("weights")
        function = Function(
            name=names.reduce,
            parameters=tuple(parameters),
            body=written.reduce_body,
            returns=written.reduced,
        )
        call = parse(f"{names.reduce}({', '.join(passed)})")
        return (function, written.reduce_words), call

    def _reduced_by_hand(
        self,
        site: _Site,
        names: _TermNames,
        start: Sequence[tuple[int, ast.expr]],
        *,
        negated: bool,
    ) -> tuple[Function, str] | None:
        """Makes a function of what reduces the losses; None if they are reduced in no one place."""
        found = None
        for index, node in start:
            found = found or loss_spelled.region(self.source, index, node)
        if found is None:
            return None
        inputs = ["labels", *self.outputs, "features", self.variables]
        weights = [step.tensor for step in site.term.weightings]
        made = loss_spelled.inside(self.source, found, inputs, weights)
        lines = list(source_of(made.body))
        returns, words = ast.unparse(made.root), ""
        root = made.root
        if loss_rows.is_row(found.root, self.source) and isinstance(found.root, ast.Call):
            lines, returns, words = self._weighted_loss(found.root, made, lines)
        elif any(
            loss_rows.is_row(one, self.source)
            for node in [found.root, *(self.source.nodes[i] for i in found.via)]
            for one in ast.walk(node)
        ):
            raise self._refusal(root, "tf.losses within a reduction is not translated")
        passed = {k: v for k, v in made.passed.items() if k != names.losses}
        rename = _Renamed({names.losses: "losses"})
        lines = [rename.text(line) for line in lines]
        function = Function(
            name=names.reduce,
            parameters=("losses", *passed),
            body=tuple(lines),
            returns=rename.text(returns),
        )
        arguments = ", ".join([names.losses, *(ast.unparse(one) for one in passed.values())])
        parents = self.source.parents(found.index)
        self.source.replace(
            parents[found.root] if negated else found.root, parse(f"{names.reduce}({arguments})")
        )
        return function, words or _reduction_words(site.term)

    def _weighted_loss(
        self, node: ast.Call, made: loss_spelled.Inside, lines: list[str]
    ) -> tuple[list[str], str, str]:
        """Writes `tf.losses.compute_weighted_loss` out."""
        written = loss_rows.write(node, self.source)
        rest = loss_rows.write_arguments(made.root, node, self.source)
        lines.append(f"losses = {ast.unparse(rest['losses'])}")
        if written.weights is not None:
            lines.append(f"weights = {ast.unparse(rest['weights'])}")
        lines = [one for one in lines if one not in ("losses = losses", "weights = weights")]
        return [*lines, *written.reduce_body], written.reduced, written.reduce_words

    def _weights(self, site: _Site, names: _TermNames) -> str:
        """Returns the expression of the weights that `average_loss` takes."""
        parts: list[str] = []
        steps = list(site.term.weightings)
        if steps and site.written is not None and site.written.weights is not None:
            parts.append(ast.unparse(site.written.weights))
            steps = steps[1:]
        for step in steps:
            text = self._text_of(step.tensor, step.operand)
            if not text:
                raise self._refusal(
                    site.node,
                    f"the source has no expression for the weights {step.operand}; assign them to "
                    "a name",
                    line=step.line.number if step.line is not None else 0,
                )
            if step.operation.value == "drop_where":
                text = f"tf.logical_not({text})"
            parts.append(text)
        if len(parts) > 1:
            parts = [f"tf.cast({one}, {names.losses}.dtype)" for one in parts]
        text = " * ".join(parts)
        if not text or (len(parts) == 1 and self._has_shape_of_losses(site, steps)):
            return text
        cast = text if len(parts) > 1 else f"tf.cast({text}, {names.losses}.dtype)"
        return f"tf.broadcast_to({cast}, tf.shape({names.losses}))"

    def _has_shape_of_losses(self, site: _Site, steps: Sequence[LossStep]) -> bool:
        """Tells whether weights need neither be cast nor broadcast."""
        value: object = None
        if site.written is not None and site.written.weights is not None:
            call = self.source.call(site.node)
            value = call.arguments.get("weights") if call is not None else None
        elif steps:
            value = self._fact_of(steps[0].tensor)
        shape = site.term.shape
        return (
            isinstance(value, TensorFact)
            and value.dtype == self.dtype_of(site)
            and shape is not None
            and value.shape == shape
        )

    def dtype_of(self, site: _Site) -> str:
        """Returns the dtype of the losses; "" if it is not known."""
        if site.written is not None:
            return "float32"
        value = self.source.value(site.node)
        return value.dtype if isinstance(value, TensorFact) else ""

    def _fact_of(self, tensor: str) -> TensorFact | None:
        for root in self.source.roots():
            for node in ast.walk(root):
                for value in self._facts_at(node):
                    if value.name == tensor:
                        return value
        return None

    def _facts_at(self, node: ast.AST) -> list[TensorFact]:
        values = [self.source.value(node)] if isinstance(node, ast.expr) else []
        call = self.source.call(node)
        values += list(call.arguments.values()) if call is not None else []
        return [one for one in values if isinstance(one, TensorFact)]

    def _text_of(self, tensor: str, operand: str) -> str:
        """Returns the source of a tensor: a name, an expression, or one of the features."""
        for node in self.source.nodes:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                value = self.source.value(node.value)
                if tensor and isinstance(value, TensorFact) and value.name == tensor:
                    return node.targets[0].id
        place = self.original.find(tensor) if tensor else None
        if place is not None:
            return ast.unparse(place[1])
        if re.fullmatch(r"(features|labels)(\[[^\[\]]+\])*", operand):
            return operand
        if operand.startswith("["):
            return f"tf.constant({operand})"
        return ""

    def _penalty(self) -> tuple[Function, str] | None:
        call = self.written_names.call
        if not any(call in ast.unparse(one) for one in self.source.roots()):
            return None
        if not loss_collections.simple_penalties(self.terms):
            raise self._refusal(
                self.given,
                "the penalty on the weights is not translated; add it to the loss by hand",
            )
        return loss_collections.penalty_function(self.terms, self.written_names, self.constants)

    def _body(self, terms: Sequence[LossTerm]) -> list[ast.stmt]:
        wanted = loads(self.source.loss) | {one.losses.lstrip("-") for one in terms}
        wanted |= set().union(*(loads(parse(one.weights)) for one in terms if one.weights), set())
        every = [Statement(one, frozenset((self.mode,))) for one in self.source.nodes]
        chosen = {id(one.node) for one in needed_for(every, wanted, self.mode)[0]}
        return [one for one in self.source.nodes if id(one) in chosen]

    def _reads_variables(self, body: Sequence[ast.stmt]) -> bool:
        return any(self.variables in loads(one) for one in [*body, self.source.loss])

    def _refusal(self, node: ast.AST, reason: str, *, line: int = 0) -> Refusal:
        return Refusal(
            reason, path=self.flat.files[0].path, line=line or getattr(node, "lineno", 0)
        )


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def text(self, source: str) -> str:
        return ast.unparse(self.visit(ast.parse(source)))

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.names.get(node.id, node.id)
        return node


def _reduction_words(term: LedgerTerm) -> str:
    name = term.suggested_reduction or ""
    if name not in reductions.ROWS:
        return "The losses, reduced as the legacy program did"
    row = reductions.ROWS[name]
    return f"{row.words if term.weightings else row.plain_words}: {name}"


def _is_negated(term: LedgerTerm) -> bool:
    """Tells whether the loss has the negative losses of a term."""
    return sum(step.operation.value == "negate" for step in term.steps) % 2 == 1


def _with_axes(words: str, axes: Sequence[str]) -> str:
    return f"{words}, [{', '.join(axes)}]" if axes and "?" not in axes else words


def _words(op: str) -> str:
    text = op.replace("_", " ")
    return text[:1].upper() + text[1:] if text.replace(" ", "").isalnum() else "The losses"
