"""The loss of a model_fn: the losses of the examples, their reductions, penalties, and the sum."""

import ast
import dataclasses
from collections.abc import Mapping, Sequence

from estimator_compat.ledger.values import Kind
from estimator_compat.ledger.values import LossTerm as LedgerTerm
from estimator_compat.mode_keys import ModeKeys
from migrate.translating import (
    loss_checks,
    loss_rows,
    loss_sites,
    loss_spelled,
    loss_term_names,
    loss_variables,
    loss_words,
    penalties,
)
from migrate.translating.expressions import parse
from migrate.translating.ir import Function, Loss, LossTerm
from migrate.translating.loss_collections import Names
from migrate.translating.loss_comparison import Renamed
from migrate.translating.loss_rows import Written
from migrate.translating.loss_sites import Site
from migrate.translating.loss_source import LossSource, commented, names_in
from migrate.translating.loss_term_names import TermNames
from migrate.translating.loss_weights import Weights
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.source_files import path_of
from migrate.translating.source_reader.statements import Statement, loads, needed_for, stores

_INPUTS = ("labels", "features")


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
    is_one_number: bool = False,
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
      is_one_number: Whether the loss stays as the source computes it, because its losses couple
        the examples of a batch.

    Raises:
      Refusal: The loss has no form that is translated.
    """
    reading = _Reading(flat, others, loss, outputs, terms, mode)
    reading.written_names, reading.constants = names or Names(), constants or {}
    reading.weight_names = weight_names or {}
    return reading.whole() if is_one_number else reading.run()


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
        self.calls: list[ast.stmt] = []
        self.taken = names_in(self.source.roots()) | {*outputs, *_INPUTS}

    @property
    def variables(self) -> str:
        """The name of the variables by their legacy names."""
        return self.written_names.variables

    def run(self) -> Loss:
        data = [one for one in self.terms if one.kind is Kind.DATA]
        loss_checks.check(self.flat, self.given, self.terms, self.mode)
        if not data:
            raise self._refusal(self.given, "the loss does not depend on features or labels")
        loss_variables.put(self.source, self.terms, self.weight_names, self.variables)
        sites = loss_sites.find(self.source, data)
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
            body=commented(body),
            function="compute_loss" if self.mode == ModeKeys.TRAIN else "compute_evaluation_loss",
            loss=ast.unparse(self.source.loss),
            known=self._known(sites),
        )

    def whole(self) -> Loss:
        """Reads a loss as one number."""
        if any(
            loss_rows.is_row(node, self.source)
            for root in self.source.roots()
            for node in ast.walk(root)
        ):
            raise self._refusal(
                self.given,
                "tf.losses beside a loss that couples the examples of a batch is not translated; "
                "write its losses out",
            )
        loss_variables.put(self.source, self.terms, self.weight_names, self.variables)
        penalty = self._penalty()
        body = self._body([])
        return Loss(
            terms=(),
            regularization=penalty[0] if penalty else None,
            regularization_words=penalty[1] if penalty else "",
            variables=self.variables if self._reads_variables(body) else "",
            body=commented(body),
            function="compute_loss" if self.mode == ModeKeys.TRAIN else "compute_evaluation_loss",
            loss=ast.unparse(self.source.loss),
            known={self.given.id: "loss"} if isinstance(self.given, ast.Name) else {},
        )

    def _parts(self, sites: Sequence[Site]) -> list[tuple[Site, LossTerm]]:
        """Writes the terms; one that has the losses of another one has no functions of its own."""
        made: dict[int, tuple[Site, LossTerm]] = {}
        found: list[tuple[Site, LossTerm]] = []
        for site in sites:
            first = made.get(id(site.node))
            if first is None:
                names = loss_term_names.term_names(
                    self.source, site, count=len(sites), taken=self.taken, mode=self.mode
                )
                made[id(site.node)] = self._part(site, names)
                found.append(made[id(site.node)])
                continue
            sign = (
                "-"
                if loss_words.is_negated(site.term) != loss_words.is_negated(first[0].term)
                else ""
            )
            losses = f"{sign}{first[1].losses}".replace("--", "")
            found.append((site, dataclasses.replace(first[1], losses=losses)))
        return found

    def _known(self, sites: Sequence[Site]) -> dict[str, str]:
        """Returns the names in the source for the loss and, if there is one term, its losses."""
        named = [(self.given, "loss")]
        if len(sites) == 1 and _is_losses(sites[0]):
            targets = [
                one.targets[0]
                for one in self.original.nodes
                if isinstance(one, ast.Assign) and one.value is sites[0].node
            ]
            named += [(one, "losses") for one in targets]
        return {one.id: name for one, name in named if isinstance(one, ast.Name)}

    def _part(self, site: Site, names: TermNames) -> tuple[Site, LossTerm]:
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
        self.calls.append(call)
        weights = Weights(self.source, self.original).written(site, names.losses)
        statement = self.source.nodes[index] if index < len(self.source.nodes) else None
        if made is not None:
            self.source.replace(node, made[1])
            self.source.nodes.insert(index, call)
            return site, self._term(site, names, per_example, made[0], weights, is_same=True)
        if (
            _is_losses(site)
            and isinstance(statement, ast.Assign)
            and statement.value is node
            and isinstance(statement.targets[0], ast.Name)
        ):
            old = statement.targets[0].id
            for _, use in self.source.uses(old, index):
                use.id = names.losses
            call.comments = getattr(statement, "comments", ())  # type: ignore[attr-defined]
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

    def _negation(self, site: Site, index: int) -> bool:
        """Tells whether the source has a minus before the reduced losses."""
        if not loss_words.is_negated(site.term):
            return False
        found = loss_spelled.region(self.source, index, site.node)
        parent = self.source.parents(found.index).get(found.root) if found is not None else None
        return isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.USub)

    def _term(
        self,
        site: Site,
        names: TermNames,
        per_example: Function,
        reduce: tuple[Function, str] | None,
        weights: str,
        *,
        is_same: bool,
    ) -> LossTerm:
        sign = "-" if is_same and loss_words.is_negated(site.term) else ""
        row = site.written.words if site.written is not None else ""
        words = row or loss_words.losses(site.term.op)
        return LossTerm(
            name=site.term.name,
            per_example=per_example,
            per_example_words=loss_words.with_axes(words, loss_sites.axes(site)),
            reduce=reduce[0] if reduce else None,
            reduce_words=reduce[1] if reduce else "",
            losses=f"{sign}{names.losses}",
            weights=weights,
            sizes_vary=not all(axis.isdigit() for axis in loss_sites.axes(site)[1:]),
        )

    def _place_of(self, site: Site) -> tuple[int, ast.expr]:
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
            body=(*commented([one.node for one in needed]), *lines),
            returns=ast.unparse(value),
        )

    def _reduced_by_row(
        self, written: Written, names: TermNames
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
        site: Site,
        names: TermNames,
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
        lines = list(commented(made.body))
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
        rename = Renamed({names.losses: "losses"})
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
        return function, words or loss_words.reduction(site.term)

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

    def _penalty(self) -> tuple[Function, str] | None:
        call = self.written_names.call
        if not any(call in ast.unparse(one) for one in self.source.roots()):
            return None
        if not penalties.are_simple(self.terms):
            raise self._refusal(
                self.given,
                "the penalty on the weights is not translated; add it to the loss by hand",
            )
        return penalties.function(
            self.terms, self.variables, self.written_names.penalty, self.constants
        )

    def _call_with_inputs(self) -> None:
        """Puts the functions of losses before what gives their arguments other values.

        They take the inputs and outputs of the model as they are: `labels = tf.one_hot(labels, 3)`
        stands in the function.
        """
        for call in reversed(self.calls):
            before = self.source.nodes[: self.source.nodes.index(call)]
            changed = set().union(*(stores(one) for one in before))
            if loads(call) & changed:
                if stores(call) & changed:
                    raise self._refusal(
                        self.given, f"`{', '.join(stores(call))}` is the losses, and something else"
                    )
                self.source.nodes.remove(call)
                self.source.nodes.insert(0, call)

    def _body(self, terms: Sequence[LossTerm]) -> list[ast.stmt]:
        self._call_with_inputs()
        wanted = loads(self.source.loss) | {one.losses.lstrip("-") for one in terms}
        wanted |= set().union(*(loads(parse(one.weights)) for one in terms if one.weights), set())
        every = [Statement(one, frozenset((self.mode,))) for one in self.source.nodes]
        chosen = {id(one.node) for one in needed_for(every, wanted, self.mode)[0]}
        return [one for one in self.source.nodes if id(one) in chosen]

    def _reads_variables(self, body: Sequence[ast.stmt]) -> bool:
        return any(self.variables in loads(one) for one in [*body, self.source.loss])

    def _refusal(self, node: ast.AST, reason: str) -> Refusal:
        path = path_of(node, self.flat.files[0].path)
        return Refusal(reason, path=path, line=getattr(node, "lineno", 0))


def _is_losses(site: Site) -> bool:
    """Tells whether the expression at a site is the losses, neither weighted nor reduced."""
    row = site.written
    if row is None:
        return True
    return row.reduction == "NONE" and row.weights is None and row.factor is None
