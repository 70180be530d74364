"""Results of `x -= y` that the source must show, such as the losses before they are reduced."""

import ast
from typing import TYPE_CHECKING

from migrate.translating.facts import TensorFact
from migrate.translating.source_reader.frames import Frame
from migrate.translating.source_reader.renaming import Rename

if TYPE_CHECKING:
    from migrate.translating.source_reader.flattening import Flattening


def written(
    flattening: "Flattening", new: ast.AugAssign, node: ast.stmt, frame: Frame
) -> ast.AugAssign | ast.Assign:
    """Writes `x -= y` as `x = x - y`, if that is a tensor that the source must show.

    Args:
      flattening: What is flattened.
      new: The statement, whose value is flattened already.
      node: The statement in the file.
      frame: The function that it is in.
    """
    span = frame.file.span(node)
    seen = {mode: call.values[span] for mode, call in frame.calls.items() if span in call.values}
    names = {one.name for one in seen.values() if isinstance(one, TensorFact)}
    if frame.iteration or not names & flattening.tensors:
        if seen and not frame.iteration:
            flattening.values[new] = dict(seen)
        return new
    assert isinstance(new.target, ast.Name)
    name: ast.expr = ast.Name(id=new.target.id, ctx=ast.Load())
    left = Rename(frame.names, flattening, frame).visit(name)
    value = ast.copy_location(ast.BinOp(left=left, op=new.op, right=new.value), new)
    flattening.values[value] = dict(seen)
    return ast.copy_location(ast.Assign(targets=[new.target], value=value), new)
