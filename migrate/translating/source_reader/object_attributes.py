"""Attributes of the object whose method a model_fn is: constants, or variables of the model_fn."""

import ast
from collections.abc import Collection, Mapping

from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.frames import Frame, dotted
from migrate.translating.source_reader.statements import stores


def constant_name(path: str, defined: Collection[str]) -> str:
    """Returns the name of the constant that stands for an attribute, such as "L2" for "self.l2".

    Args:
      path: The attribute.
      defined: The names that the program's module defines.
    """
    name = path.partition(".")[2].replace(".", "_").strip("_").upper()
    while name in defined or name == "PARAMS":
        name = f"MODEL_{name}"
    return name


class ObjectAttributes:
    """The attributes.

    Args:
      values: The plain attributes, such as "self.units".
      used: The names that the model_fn has; new ones are added.

    Attributes:
      constants: The values by the names of the constants that stand for them.
      owners: The objects that the model_fn makes, by the names of its variables.
    """

    def __init__(self, values: Mapping[str, object], used: set[str]) -> None:
        self.values, self.used = values, used
        self.constants: dict[str, object] = {}
        self.stored: dict[str, str] = {}
        self.owners: dict[str, str] = {}

    def owner(self, name: str, frame: Frame) -> str:
        """Returns the object that a name is: "" if it is not one whose class is read."""
        if name == "self":
            return frame.owner
        known = frame.names.get(name, name)
        if isinstance(known, ast.Name):
            known = known.id
        return self.owners.get(known, "") if isinstance(known, str) else ""

    def expression(self, node: ast.Attribute, frame: Frame) -> ast.expr | None:
        """Returns what stands for an attribute of the object; None for other attributes."""
        path = dotted(node)
        owner = self.owner(path.partition(".")[0], frame)
        if not owner:
            return None
        path = f"{owner}.{path.partition('.')[2]}"
        if isinstance(node.ctx, ast.Store):
            if path not in self.stored:
                name = node.attr.lstrip("_") or "value"
                while name in self.used:
                    name += "_"
                self.used.add(name)
                self.stored[path] = name
            return ast.Name(id=self.stored[path], ctx=ast.Store())
        if path in self.stored:
            return ast.Name(id=self.stored[path], ctx=ast.Load())
        if path not in self.values:
            if isinstance(node.value, ast.Attribute):
                return None  # `self.squared.shape`: the visit goes on to `self.squared`
            raise Refusal(
                f"`{ast.unparse(node)}` is not an attribute that the program assigns where it can "
                "be read, but for instance a property; expected a number, text, or list or dict of "
                "such, or what a method returns; call a method, or pass it in `params`",
                path=frame.file.path,
                line=node.lineno,
            )
        name = constant_name(path, set().union(*(stores(one) for one in frame.file.tree.body)))
        self.constants[name] = self.values[path]
        return ast.Name(id=name, ctx=ast.Load())
