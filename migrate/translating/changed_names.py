"""Names that get another value after PREDICT has returned: `logits = tf.squeeze(logits)`.

The model returns the first value, which the predictions read. The second one needs a name of its
own: otherwise each function of the loss would change it again.
"""

import ast

from migrate.translating.forward_reading import is_of_model
from migrate.translating.loss_source import unique
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import Statement, loads, stores


def rename(flat: Flattened) -> None:
    """Renames the second values, in the statements and in what they return."""
    taken = set().union(*(stores(s.node) | loads(s.node) for s in flat.statements), set())
    every = frozenset(flat.returned)
    of_model: dict[str, frozenset[str]] = {}  # the names, and the modes that wrote them last
    for index, statement in enumerate(flat.statements):
        if is_of_model(statement) or loads(statement.node) & of_model.keys():
            name = changed(statement.node)
            later = [s for s in flat.statements[index + 1 :] if s.modes & statement.modes]
            if (
                name in of_model
                and not is_of_model(statement)
                and statement.modes < every
                and not of_model[name] <= statement.modes
                and all(s.modes <= statement.modes for s in later if name in _names(s))
            ):
                new = unique(f"{name}_2", taken)
                taken.add(new)
                _rename(flat, statement, later, name, new)
            of_model |= dict.fromkeys(stores(statement.node), statement.modes)


def changed(node: ast.stmt) -> str:
    """Returns the name that a statement computes anew from its own value; "" for others."""
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    if not isinstance(node, ast.Assign | ast.AugAssign) or not isinstance(target, ast.Name):
        return ""
    return target.id if target.id in loads(node) else ""


def _names(statement: Statement) -> set[str]:
    return loads(statement.node) | stores(statement.node)


def _rename(
    flat: Flattened, statement: Statement, later: list[Statement], name: str, new: str
) -> None:
    assign_to(flat, statement, name, new)
    read = [flat.returned[mode] for mode in statement.modes if mode in flat.returned]
    for tree in [*(one.node for one in later), *read]:
        for one in ast.walk(tree):
            if isinstance(one, ast.Name) and one.id == name:
                one.id = new


def assign_to(flat: Flattened, statement: Statement, read: str, new: str) -> None:
    """Lets a statement assign another name; `x *= y` becomes `new = x * y`.

    Args:
      flat: The flattened model_fn, whose values follow the statement.
      statement: An assignment, which is changed.
      read: The name that an augmented assignment reads.
      new: The name that is assigned.
    """
    node, to = statement.node, ast.Name(id=new, ctx=ast.Store())
    if not isinstance(node, ast.AugAssign):
        assert isinstance(node, ast.Assign)
        node.targets = [to]
        return
    old = ast.Name(id=read, ctx=ast.Load())
    value = ast.copy_location(ast.BinOp(left=old, op=node.op, right=node.value), node)
    if node in flat.values:
        flat.values[value] = flat.values[node]
    made = ast.Assign(targets=[to], value=value, lineno=node.lineno)
    statement.node = ast.copy_location(made, node)
