"""Where the source computes the losses of the examples: one place for each term of the loss."""

import ast
import dataclasses
import re
from collections.abc import Sequence

from estimator_compat.ledger.values import Kind, LossTerm
from migrate.translating import loss_rows
from migrate.translating.facts import TensorFact
from migrate.translating.loss_rows import Written
from migrate.translating.loss_source import LossSource
from migrate.translating.refusal import HiddenLosses, Refusal
from migrate.translating.source_reader.source_files import path_of


@dataclasses.dataclass(slots=True)
class Site:
    """Where the losses of a term are computed.

    Attributes:
      term: The ledger's term.
      index: The index of the statement.
      node: The expression: the losses, or a call of `tf.losses` that also reduces them.
      written: The call of `tf.losses`; None for others.
      base: The name that the source gives to the loss.
    """

    term: LossTerm
    index: int
    node: ast.expr
    written: Written | None
    base: str = ""


def find(source: LossSource, data: Sequence[LossTerm]) -> list[Site]:
    """Returns the places where the losses of terms are computed, in their order.

    Args:
      source: The statements behind a loss.
      data: The ledger's terms of the loss that have losses of the examples.

    Raises:
      Refusal: The source does not show the losses, or computes them in a loop.
    """
    return _Finding(source).sites(data)


class _Finding:
    def __init__(self, source: LossSource) -> None:
        self.source = source

    def sites(self, data: Sequence[LossTerm]) -> list[Site]:
        """Returns the places in their order."""
        calls = [
            (index, node, loss_rows.write(node, self.source))
            for index, root in enumerate(self.source.roots())
            for node in ast.walk(root)
            if isinstance(node, ast.Call) and loss_rows.is_row(node, self.source)
        ]
        found: list[Site] = []
        for term in data:
            call = next((one for one in calls if self._is_of(one[1], term)), None)
            if call is not None:
                found.append(Site(term, *call))
                continue
            place = self._half_square(term) or self.source.find(term.tensors[0])
            if isinstance(place, Site):
                found.append(place)
                continue
            if place is None:
                raise HiddenLosses(
                    f"the source has no expression for {term.op}, the losses before they are "
                    "reduced; assign them to a name",
                    path=term.line.file
                    if term.line is not None
                    else self.source.flat.files[0].path,
                    line=term.line.number if term.line is not None else 0,
                )
            found.append(Site(term, *place, None))
        for site in found:
            self._check_place(site)
            site.base = self._base(site)
        return sorted(found, key=lambda one: one.index)

    def _half_square(self, term: LossTerm) -> Site | None:
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
                    return Site(term, index, node, loss_rows.write(node, self.source))
        return None

    def _is_of(self, node: ast.Call, term: LossTerm) -> bool:
        """Tells whether a call of `tf.losses` computes the losses of a term."""
        call = self.source.call(node)
        if call is None or not isinstance(call.result, TensorFact):
            return False
        given = call.arguments.get("losses")
        if given is not None:
            return isinstance(given, TensorFact) and given.name == term.tensors[0]
        scope = call.result.name.rpartition("/")[0]
        return bool(scope) and term.tensors[0].startswith(f"{scope}/")

    def _check_place(self, site: Site) -> None:
        root = self.source.roots()[site.index]
        if isinstance(root, ast.For | ast.FunctionDef):
            raise self._refusal(root, "this loss is computed in a loop; write the losses out")
        parents = self.source.parents(site.index)
        node: ast.AST | None = site.node
        while node is not None:
            if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp | ast.Lambda):
                raise self._refusal(site.node, "this loss is computed in a loop; write them out")
            node = parents.get(node)

    def _base(self, site: Site) -> str:
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

    def _refusal(self, node: ast.AST, reason: str) -> Refusal:
        path = path_of(node, self.source.flat.files[0].path)
        return Refusal(reason, path=path, line=getattr(node, "lineno", 0))


def tensors(terms: Sequence[LossTerm]) -> frozenset[str]:
    """Returns the names of the tensors that the source must show: losses, and their weights."""
    data = [one for one in terms if one.kind is Kind.DATA]
    names = [one.tensors[0] for one in data]
    return frozenset([*names, *(step.tensor for one in data for step in one.weightings)]) - {""}


def losses(terms: Sequence[LossTerm]) -> frozenset[str]:
    """Returns the names of the tensors of losses."""
    return frozenset(one.tensors[0] for one in terms if one.kind is Kind.DATA)


def axes(site: Site) -> Sequence[str]:
    """Returns the axes of the losses as they are written: a call may have made one of two."""
    axes = site.term.axes
    shape = site.written.shape if site.written is not None else None
    parts = [part for axis in axes for part in axis.split("*")]
    return parts if shape is not None and len(shape) == len(parts) else axes
