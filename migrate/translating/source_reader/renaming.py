"""New names for the variables of helpers that are put in the places of their calls."""

import ast
import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING

from migrate.translating.source_reader.frames import Frame

if TYPE_CHECKING:
    from migrate.translating.source_reader.flattening import Flattening


class Rename(ast.NodeTransformer):
    """Renames what an assignment writes."""

    def __init__(
        self, names: Mapping[str, str | ast.expr], flattening: "Flattening", frame: Frame
    ) -> None:
        self.names, self.flattening, self.frame = names, flattening, frame

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """`self.units` is a constant, or a variable."""
        made = self.flattening.objects.expression(node, self.frame)
        return self.generic_visit(node) if made is None else made

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """A name in the function is another one in the flattened model_fn."""
        new = self.names.get(node.id, node.id)
        if isinstance(new, str):
            return ast.copy_location(ast.Name(id=new, ctx=node.ctx), node)
        return copy.deepcopy(new) if isinstance(node.ctx, ast.Load) else node
