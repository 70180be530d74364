"""The losses that a model_fn gathers in collections, and the penalties on its weights.

`tf.losses.get_total_loss` adds up what functions called before have put into collections. Here each
loss gets a name, and the sum is written out. Penalties are written from the ledger, by the names of
the weights, in the place of what the source adds.
"""

import ast
import dataclasses
from collections.abc import Collection, Mapping, Sequence

from estimator_compat.ledger.values import Kind, LossTerm
from estimator_compat.mode_keys import ModeKeys
from migrate.mappings import losses
from migrate.translating import local_values, penalties
from migrate.translating.expressions import api_of, bind, calls_of, parse
from migrate.translating.facts import TensorFact
from migrate.translating.loss_source import LossSource, rebuilt, tainted, unique
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.source_files import path_of
from migrate.translating.source_reader.statements import Statement, loads, stores

_TOTAL = "tf.losses.get_total_loss"
_ALL = "tf.losses.get_losses"
_PENALTY = "tf.losses.get_regularization_loss"
_PENALTIES = "tf.losses.get_regularization_losses"
_ADD = "tf.losses.add_loss"
_COLLECTIONS = {"losses": _ALL, "regularization_losses": _PENALTIES}


@dataclasses.dataclass(frozen=True, slots=True)
class Names:
    """Names that the program does not have itself.

    Attributes:
      variables: The variables by their legacy names.
      penalty: The function that adds up the penalties on the weights.
    """

    variables: str = "variables"
    penalty: str = "regularization"

    @property
    def call(self) -> str:
        """The call of the function."""
        return f"{self.penalty}({self.variables})"


def names_for(flat: Flattened) -> Names:
    """Returns names that a flattened model_fn does not have."""
    taken = set().union(*(stores(s.node) | loads(s.node) for s in flat.statements), set())
    wanted = ("regularization", "weight_penalty", "penalty_on_weights")
    penalty = next((one for one in wanted if one not in taken), "_penalty_on_weights")
    return Names(unique("variables", taken), penalty)


def gather(flat: Flattened, terms: Sequence[LossTerm], names: Names) -> None:
    """Writes the sums of collections out, in the statements of a flattened model_fn.

    Args:
      flat: The flattened model_fn, which is changed.
      terms: The terms of the loss in TRAIN.
      names: The names of what is written.
    """
    nodes = [one.node for one in flat.statements] + list(flat.returned.values())
    if not any(_kind(one, flat) for node in nodes for one in ast.walk(node)):
        return
    _Gathering(flat, terms, names).run()


def _kind(node: ast.AST, flat: Flattened) -> str:
    """Returns which function that reads a collection is called; "" for other expressions."""
    api = api_of(node, flat.facts)
    if api in ("tf.get_collection", "tf.compat.v1.get_collection"):
        keys = {call.arguments.get("key") for call in calls_of(node, flat.facts)}
        return _COLLECTIONS.get(str(next(iter(keys))), "") if len(keys) == 1 else ""
    return api if api in (_TOTAL, _ALL, _PENALTY, _PENALTIES) else ""


class _Gathering:
    def __init__(self, flat: Flattened, terms: Sequence[LossTerm], names: Names) -> None:
        self.flat, self.terms, self.written = flat, terms, names
        self.taken = set().union(*(stores(s.node) | loads(s.node) for s in flat.statements), set())
        self.collected: list[tuple[str, frozenset[str]]] = []

    def run(self) -> None:
        made: list[Statement] = []
        for statement in (part for one in self.flat.statements for part in self._by_penalty(one)):
            before = self._named(statement)
            self._sums(statement)
            made += [*before, statement]
        self.flat.statements[:] = made
        for mode, node in self.flat.returned.items():
            self.flat.returned[mode] = _Sums(self, frozenset((mode,))).visit(node)

    def _by_penalty(self, statement: Statement) -> list[Statement]:
        """Returns a statement for the modes that add the penalties, and one for the others."""
        modes = {
            mode
            for node in ast.walk(statement.node)
            if _kind(node, self.flat) == _TOTAL
            for mode, calls in self.flat.facts[node].items()
            if any(call.arguments.get("add_regularization_losses", True) for call in calls)
        }
        if not modes or modes >= statement.modes:
            return [statement]
        copy = local_values.copied(statement.node, self.flat)
        return [
            dataclasses.replace(statement, modes=statement.modes & modes),
            dataclasses.replace(statement, node=copy, modes=statement.modes - modes),
        ]

    def _named(self, statement: Statement) -> list[Statement]:
        """Gives names to the losses that a statement adds to the collection."""
        before: list[Statement] = []
        for node in _in_order(statement.node):
            api = api_of(node, self.flat.facts)
            if not isinstance(node, ast.Call) or not (api in losses.ROWS or api == _ADD):
                continue
            if not api.startswith("tf.losses."):
                continue
            calls = calls_of(node, self.flat.facts)
            if any(call.arguments.get("loss_collection", "losses") != "losses" for call in calls):
                continue
            if isinstance(statement.node, ast.For | ast.FunctionDef) or len(calls) > len(
                statement.modes
            ):
                raise self._refusal(node, f"{api} is called in a loop; write the losses out")
            value = bind(node, ("loss",))["loss"] if api == _ADD else node
            if _is_assigned(statement.node, node) or (
                isinstance(value, ast.Name) and isinstance(statement.node, ast.Expr)
            ):
                target = (
                    statement.node.targets[0] if isinstance(statement.node, ast.Assign) else value
                )
                self.collected.append((ast.unparse(target), statement.modes))
                continue
            name = unique(api.rpartition(".")[2] if api != _ADD else "added_loss", self.taken)
            self.taken.add(name)
            self.collected.append((name, statement.modes))
            new = ast.Assign(
                targets=[ast.Name(id=name, ctx=ast.Store())], value=value, lineno=node.lineno
            )
            if isinstance(statement.node, ast.Expr):
                statement.node = new
                continue
            source = LossSource(self.flat, [statement], ast.Constant(value=None), ModeKeys.TRAIN)
            source.nodes = [statement.node]
            source.replace(node, ast.Name(id=name, ctx=ast.Load()))
            [statement.node] = source.nodes
            before.append(Statement(new, statement.modes))
        return before

    def _sums(self, statement: Statement) -> None:
        statement.node = _Sums(self, statement.modes).visit(statement.node)

    def _refusal(self, node: ast.AST, reason: str) -> Refusal:
        path = path_of(node, self.flat.files[0].path)
        return Refusal(reason, path=path, line=getattr(node, "lineno", 0))

    def names(self, modes: frozenset[str]) -> list[str]:
        """Returns the losses collected so far in modes."""
        return [name for name, seen in self.collected if modes <= seen]

    def penalty(self) -> str:
        """Returns the call that adds up the penalties; "" if there are none."""
        kinds = {one.kind for one in self.terms}
        return self.written.call if Kind.REGULARIZATION in kinds else ""


class _Sums(ast.NodeTransformer):
    """Writes the sum of a collection in the place of a call that reads it."""

    def __init__(self, gathering: _Gathering, modes: frozenset[str]) -> None:
        self.gathering, self.modes = gathering, modes

    def visit_Call(self, node: ast.Call) -> ast.AST:
        kind = _kind(node, self.gathering.flat)
        if not kind:
            return self.generic_visit(node)
        names, penalty = self.gathering.names(self.modes), self.gathering.penalty()
        if kind == _TOTAL:
            with_penalty = {
                call.arguments.get("add_regularization_losses", True)
                for mode, calls in self.gathering.flat.facts[node].items()
                if mode in self.modes
                for call in calls
            }
            parts = [*names, *([penalty] if penalty and with_penalty == {True} else [])]
            made = parse(" + ".join(parts) or "0.0")
        elif kind == _ALL:
            made = parse(f"[{', '.join(names)}]")
        else:
            made = parse(penalty or "0.0") if kind == _PENALTY else parse(f"[{penalty}]")
        return ast.copy_location(made, node)


def _is_assigned(statement: ast.stmt, node: ast.AST) -> bool:
    return (
        isinstance(statement, ast.Assign)
        and statement.value is node
        and len(statement.targets) == 1
        and isinstance(statement.targets[0], ast.Name)
    )


def _in_order(node: ast.AST) -> list[ast.AST]:
    """Returns the nodes of a tree in the order in which they are evaluated."""
    found: list[ast.AST] = []
    for child in ast.iter_child_nodes(node):
        found += _in_order(child)
    return [*found, node]


def separate_penalties(
    flat: Flattened,
    losses_by_mode: dict[str, ast.expr],
    terms: Sequence[LossTerm],
    names: Names,
    moving: Collection[str],
) -> dict[str, ast.expr]:
    """Puts one call of `regularization` in the place of what the source adds to the loss.

    Args:
      flat: The flattened model_fn, which is changed.
      losses_by_mode: The loss of each mode.
      terms: The terms of the loss in TRAIN.
      names: The names of what is written.
      moving: The variables that a training step moves besides those of the optimizer.

    Returns:
      The loss of each mode.
    """
    if not penalties.are_simple(terms):
        return losses_by_mode
    moved = [name for one in terms if one.is_penalty for name in one.variables if name in moving]
    if moved:
        raise Refusal(
            f"the loss has a penalty on {moved[0]}, which a training step moves before the loss is "
            "computed in TF2; expected penalties on weights; leave it out",
            path=flat.files[0].path,
        )
    made = {}
    for mode, loss in losses_by_mode.items():
        statements = [one for one in flat.statements if mode in one.modes]
        source = LossSource(flat, statements, loss, mode)
        _Separating(flat, source, names).run()
        for statement, node in zip(statements, source.nodes, strict=True):
            statement.node = node
        made[mode] = source.loss
    flat.statements[:] = [one for one in flat.statements if not isinstance(one.node, ast.Pass)]
    return made


def name_variables(
    flat: Flattened, expressions: Mapping[str, str], variables: str, tensors: Collection[str]
) -> None:
    """Reads variables by their names where the loss is computed: outside of the forward pass.

    Args:
      flat: The flattened model_fn, which is changed.
      expressions: The expressions for the variables in the model, by their names.
      variables: The name of the weights by their names.
      tensors: The names of the tensors of losses.
    """
    names = {f"self.{text}": name for name, text in expressions.items()}

    def change(node: ast.AST) -> ast.expr | None:
        name = names.get(ast.unparse(node)) if isinstance(node, ast.Attribute) else None
        return None if name is None else parse(f"{variables}[{name!r}]")

    found = {flat.labels} - {""}
    for statement in flat.statements:
        source = LossSource(flat, [statement], ast.Constant(value=None), ModeKeys.TRAIN)
        if loads(statement.node) & found or any(source.find(one) for one in tensors):
            found |= stores(statement.node)
            statement.node = rebuilt(statement.node, change, source.same_facts)


class _Separating:
    """Finds the parts of a sum that do not depend on the inputs."""

    def __init__(self, flat: Flattened, source: LossSource, names: Names) -> None:
        self.source = source
        self.call = parse(names.call)
        self.inputs = {flat.features, flat.labels} - {""}
        self.found: list[ast.expr] = []
        self.hidden = False
        self.seen: set[tuple[str, int]] = set()

    def run(self) -> None:
        if any(ast.unparse(self.call) in ast.unparse(one) for one in self.source.roots()):
            return
        self._walk(self.source.loss, len(self.source.nodes))
        if self.hidden:  # the call stands for all penalties: with some elsewhere, none is replaced
            return
        for index, node in enumerate(self.found):
            self.source.replace(node, self.call if index == 0 else ast.Constant(value=0.0))
        if len(self.found) > 1:
            self._drop_zeros()

    def _walk(self, node: ast.expr, before: int) -> None:
        if not self._depends(node, before):
            self.found.append(node)
        elif isinstance(node, ast.Name):
            self._walk_name(node.id, before)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            self._walk(node.left, before)
            self._walk(node.right, before)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
            self._walk(node.left, before)
            self._look_into(node.right, before)
        elif api_of(node, self.source.flat.facts) in ("tf.add_n", "tf.add", "tf.identity"):
            assert isinstance(node, ast.Call)
            for one in [*node.args, *(k.value for k in node.keywords if k.arg != "name")]:
                for part in one.elts if isinstance(one, ast.List | ast.Tuple) else [one]:
                    self._walk(part, before)
        else:
            self._look_into(node, before)

    def _walk_name(self, name: str, before: int) -> None:
        for index in range(before - 1, -1, -1):
            node = self.source.nodes[index]
            if name not in stores(node):
                continue
            if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
                self._walk(node.value, index)
                self._walk_name(name, index)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self._walk(node.value, index)
            else:
                self._look_into(node, index)
            return

    def _look_into(self, node: ast.AST, before: int) -> None:
        """Looks for a scalar that does not depend on the inputs, where it is no part of the sum."""
        if isinstance(node, ast.expr) and not self._depends(node, before):
            value = self.source.value(node)
            if isinstance(value, TensorFact) and value.shape == () and "float" in value.dtype:
                self.hidden = True
            return
        for name in loads(node) if isinstance(node, ast.Name | ast.stmt) else ():
            for index in range(before - 1, -1, -1):
                if name in stores(self.source.nodes[index]) and (name, index) not in self.seen:
                    self.seen.add((name, index))
                    self._look_into(self.source.nodes[index], index)
        for child in ast.iter_child_nodes(node):
            self._look_into(child, before)

    def _depends(self, node: ast.expr, before: int) -> bool:
        """Tells whether an expression depends on the inputs at its place."""
        return bool(loads(node) & tainted(self.source.nodes[:before], self.inputs))

    def _drop_zeros(self) -> None:
        self.source.nodes = [
            ast.Pass()
            if isinstance(one, ast.AugAssign) and _is_zero(one.value)
            else _Zeros().visit(one)
            for one in self.source.nodes
        ]
        self.source.loss = _Zeros().visit(self.source.loss)


class _Zeros(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Add | ast.Sub) and _is_zero(node.right):
            return node.left
        return node.right if isinstance(node.op, ast.Add) and _is_zero(node.left) else node

    def visit_List(self, node: ast.List) -> ast.AST:
        self.generic_visit(node)
        node.elts = [one for one in node.elts if not _is_zero(one)]
        return node


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0.0 and isinstance(node.value, float)
