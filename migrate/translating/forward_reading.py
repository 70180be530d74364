"""Where the forward pass ends: which statements are the model's, and what it returns."""

import ast
import dataclasses
from collections.abc import Iterable

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.source_files import path_of
from migrate.translating.source_reader.statements import (
    Statement,
    kills,
    loads,
    needed_for,
    stores,
)

_INPUTS = {"features", "labels"}


@dataclasses.dataclass(frozen=True, slots=True)
class Forward:
    """The forward pass.

    Attributes:
      statements: Its statements.
      outputs: The names that others read.
      others: The statements that are not the model's, and those that only read the inputs: what
        the loss, the metrics and the predictions choose theirs from.
      extra: Those outputs that nothing but summaries reads, the last ones.
    """

    statements: list[Statement]
    outputs: tuple[str, ...]
    others: list[Statement]
    extra: tuple[str, ...] = ()


def split(
    statements: list[Statement],
    wanted: dict[str, set[str]],
    inside: frozenset[str] = frozenset(),
) -> Forward:
    """Splits the statements of a model_fn.

    Args:
      statements: All statements, with the layers in their places.
      wanted: For each mode, the names that its predictions, loss and metrics read.
      inside: Names that the model computes although no layer needs them, unless they depend on the
        labels.
    """
    made = {name for s in statements if s.makes_variables for name in stores(s.node)}
    unread = _unread_layers(statements, wanted, made)
    needed_by_mode = {
        mode: needed_for(statements, names | made, mode, always=unread)[0]
        for mode, names in wanted.items()
    }
    relevant = [s for s in statements if any(_among(s, each) for each in needed_by_mode.values())]
    tainted: set[str] = set()
    depending = []
    for statement in relevant:
        if is_of_model(statement) or loads(statement.node) & tainted:
            tainted |= stores(statement.node)
            depending.append(statement)
    inside &= set().union(*(stores(one.node) for one in depending), set())
    model = _needed_by_layers(relevant, inside)
    chosen = [s for s in depending if _among(s, model)]
    rest = [s for s in depending if not _among(s, model)]
    outputs = _outputs(chosen, rest, wanted)
    while True:
        better = _changing(rest, outputs, wanted) or _more(chosen, rest, outputs, wanted)
        if not better:
            break
        chosen += better
        rest = [s for s in rest if not _among(s, better)]
        outputs = _outputs(chosen, rest, wanted)
    _check_unchanged(rest, outputs)
    inputs_only = [s for s in relevant if not _among(s, depending)]
    kept = _with_inputs(relevant, chosen, inputs_only)
    others = [s for s in relevant if not _among(s, chosen)]
    left = _without_overwritten(relevant, chosen, others, outputs)
    _check_order(relevant, chosen, [one for one in left if _among(one, rest)])
    return Forward(kept, outputs, left)


def _unread_layers(
    statements: list[Statement], wanted: dict[str, set[str]], made: set[str]
) -> list[Statement]:
    """Returns the statements of all modes that apply layers whose outputs nothing reads.

    The weights of these layers are in checkpoints, and penalties may read them. So they are made,
    by calling the layers: nothing is assigned.
    """
    needed = [
        one
        for mode, names in wanted.items()
        for one in needed_for(statements, names | made, mode)[0]
    ]
    unread = []
    for one in statements:
        node = one.node
        is_layer = isinstance(node, ast.Assign | ast.Expr) and _is_layer_call(node.value)
        if is_layer and one.modes >= wanted.keys() and not _among(one, needed):
            comment = "# Nothing reads what it computes, but its weights are in checkpoints."
            one.comments = [*one.comments, comment]
            one.node = ast.copy_location(ast.Expr(value=node.value), node)  # type: ignore[attr-defined]
            unread.append(one)
    return unread


def _is_layer_call(node: ast.expr) -> bool:
    """Tells whether an expression calls an attribute of the model: `self.dense(x)`."""
    return isinstance(node, ast.Call) and uses_model(node.func)


def _with_inputs(
    relevant: list[Statement], chosen: list[Statement], inputs_only: list[Statement]
) -> list[Statement]:
    """Returns the chosen statements with those that compute what they read of the inputs."""
    read: list[Statement] = []
    for mode in frozenset().union(*(one.modes for one in chosen)):
        needed: set[str] = set()
        for statement in reversed([one for one in relevant if mode in one.modes]):
            is_read = _among(statement, inputs_only) and bool(stores(statement.node) & needed)
            if is_read or _among(statement, chosen):
                read.append(statement)
                needed -= kills(statement.node)
                needed |= loads(statement.node)
    return [one for one in relevant if _among(one, chosen) or _among(one, read)]


def _check_unchanged(rest: list[Statement], outputs: tuple[str, ...]) -> None:
    """Checks that the loss and the metrics do not change what the model returns.

    Raises:
      Refusal: They do, and each function that reads it would change it again.
    """
    for statement in rest:
        names = stores(statement.node) & loads(statement.node) & set(outputs)
        if names and statement.modes != {ModeKeys.PREDICT}:
            raise Refusal(
                f"`{', '.join(sorted(names))}` is returned by the model, and then changed; "
                "expected one value of that name; give the second value a name of its own",
                path=path_of(statement.node, ""),
                line=getattr(statement.node, "lineno", 0),
            )


def _check_order(
    relevant: list[Statement], chosen: list[Statement], others: list[Statement]
) -> None:
    """Checks that the others read the same after the whole of the model.

    Raises:
      Refusal: One reads a name that the model writes anew later.
    """
    for index, statement in enumerate(relevant):
        if not _among(statement, others):
            continue
        for later in relevant[index + 1 :]:
            names = stores(later.node) & loads(statement.node)
            if names and later.modes & statement.modes and _among(later, chosen):
                raise Refusal(
                    f"`{', '.join(sorted(names))}` is read and then changed by the model; give the "
                    "two values names of their own",
                    path=path_of(statement.node, ""),
                    line=getattr(statement.node, "lineno", 0),
                )


def _without_overwritten(
    relevant: list[Statement],
    chosen: list[Statement],
    others: list[Statement],
    outputs: tuple[str, ...],
) -> list[Statement]:
    """Leaves out the statements whose names the model writes anew, and returns.

    Raises:
      Refusal: Another statement reads the name between the two.
    """
    kept = []
    for index, statement in enumerate(relevant):
        if not _among(statement, others):
            continue
        names = stores(statement.node) & set(outputs)
        later = relevant[index + 1 :]
        writes = [i for i, s in enumerate(later) if _among(s, chosen) and stores(s.node) & names]
        if not writes:
            kept.append(statement)
            continue
        for one in later[: writes[-1]]:
            if _among(one, others) and loads(one.node) & names:
                raise Refusal(
                    f"`{', '.join(sorted(names))}` is read and then changed by the model; give the "
                    "two values names of their own",
                    line=getattr(one.node, "lineno", 0),
                )
    return kept


def _among(statement: Statement, statements: Iterable[Statement]) -> bool:
    return any(statement is one for one in statements)


def is_of_model(statement: Statement) -> bool:
    """Tells whether a statement calls what makes weights, or reads an attribute of the model."""
    return statement.is_model or uses_model(statement.node)


def uses_model(node: ast.AST) -> bool:
    """Tells whether a node reads an attribute of the model."""
    return any(
        isinstance(one, ast.Attribute)
        and isinstance(one.value, ast.Name)
        and one.value.id == "self"
        for one in ast.walk(node)
    )


def _needed_by_layers(relevant: list[Statement], inside: frozenset[str]) -> list[Statement]:
    labeled = {"labels"}
    for statement in relevant:
        if loads(statement.node) & labeled:
            labeled |= stores(statement.node)
    chosen: list[Statement] = []
    for mode in frozenset().union(*(one.modes for one in relevant)):
        needed: set[str] = set()
        for statement in reversed([one for one in relevant if mode in one.modes]):
            names = stores(statement.node)
            if is_of_model(statement) or names & needed or names & inside - labeled:
                chosen.append(statement)
                needed -= kills(statement.node)
                needed |= loads(statement.node)
    return [one for one in relevant if _among(one, chosen)]


def _outputs(
    chosen: list[Statement], rest: list[Statement], wanted: dict[str, set[str]]
) -> tuple[str, ...]:
    """Returns the names that the model writes and others read, in the order of writing."""
    read = set().union(*(loads(one.node) for one in rest), *wanted.values())
    written = [name for one in chosen for name in sorted(stores(one.node))]
    return tuple(dict.fromkeys(name for name in written if name in read))


def _changing(
    rest: list[Statement], outputs: tuple[str, ...], wanted: dict[str, set[str]]
) -> list[Statement]:
    """Returns statements that give an output another value in all modes: `y = tf.squeeze(y)`.

    Each function that reads the output would change it again.
    """
    for statement in rest:
        if stores(statement.node) & loads(statement.node) & set(outputs):
            group = _with_needed(statement, rest)
            if all(one.modes >= wanted.keys() for one in group) and not any(
                loads(one.node) & {"labels"} for one in group
            ):
                return group
    return []


def _more(
    chosen: list[Statement],
    rest: list[Statement],
    outputs: tuple[str, ...],
    wanted: dict[str, set[str]],
) -> list[Statement]:
    """Returns statements with which the model would return fewer tensors; none if none are."""
    for statement in rest:
        group = _with_needed(statement, rest)
        if any(
            not one.modes >= {ModeKeys.TRAIN, ModeKeys.EVAL} or loads(one.node) & {"labels"}
            for one in group
        ):
            continue
        others = [one for one in rest if not _among(one, group)]
        if len(_outputs([*chosen, *group], others, wanted)) < len(outputs):
            return group
    return []


def _with_needed(statement: Statement, rest: list[Statement]) -> list[Statement]:
    """Returns a statement with those of the rest that compute what it reads."""
    index = next(i for i, one in enumerate(rest) if one is statement)
    group, needed = [statement], loads(statement.node)
    for one in reversed(rest[:index]):
        if stores(one.node) & needed:
            group.insert(0, one)
            needed |= loads(one.node)
    return group
