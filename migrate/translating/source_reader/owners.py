"""The objects that the calls of a model_fn make, and whose methods they call."""

import ast
from typing import TYPE_CHECKING

from migrate.translating.refusal import Refusal
from migrate.translating.source_reader import frames
from migrate.translating.source_reader.frames import dotted

if TYPE_CHECKING:
    from migrate.translating.source_reader.inlining import Expressions


def owner(expressions: "Expressions", node: ast.Call) -> str:
    """Returns the object whose method a call calls."""
    func = node.func.value if isinstance(node.func, ast.Attribute) else node.func
    if isinstance(func, ast.Call) and dotted(func.func) == "super":
        return expressions.frame.owner
    path = dotted(func)
    root, _, rest = path.partition(".")
    if root == "self" and not isinstance(node.func, ast.Attribute):
        return ""
    owner = expressions.flattening.objects.owner(root, expressions.frame) if root else ""
    return f"{owner}.{rest}" if owner and rest else owner


def made_owner(expressions: "Expressions", node: ast.Call) -> str:
    """Returns a name for the object that a class makes.

    Raises:
      Refusal: The object is not assigned to a variable at once.
    """
    if len(expressions.targets) != 1 or node is not expressions.whole:
        raise Refusal(
            f"the object of `{ast.unparse(node.func)}` makes layers; expected it to be "
            "assigned to a variable of its own; write `model = "
            f"{ast.unparse(node.func)}(...)` first",
            path=expressions.frame.file.path,
            line=node.lineno,
        )
    [name] = expressions.targets.values()
    owner = f"@{name}"
    expressions.flattening.objects.owners[name] = owner
    return owner


def is_applied(expressions: "Expressions", node: ast.Call) -> bool:
    """Tells whether the object that a call makes is applied later: `model(x)`.

    Calls that stay calls do not count.
    """
    names = list(expressions.targets) if node is expressions.whole else []
    if set(names) & expressions.flattening.named:
        return True
    stays = expressions.flattening.keeps
    return len(names) == 1 and frames.is_applied(names[0], expressions.frame, stays)
