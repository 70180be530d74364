"""The attributes and statements of an RNN in the written model."""

import ast
from collections.abc import Iterator
from typing import Any

from migrate.translating.expressions import parse, refuse
from migrate.translating.facts import VariableFact
from migrate.translating.layer_reading import Layers
from migrate.translating.model_uses import Use
from migrate.translating.rnn_reading import Cell, arguments_of, cells_of, mask_of


class RnnWriting:
    """A `tf.nn.dynamic_rnn` in the written model.

    Args:
      use: The call.
      layers: Makes expressions.
      read: The names that the model_fn reads.
    """

    def __init__(self, use: Use, layers: Layers, read: set[str]) -> None:
        self.use, self.path = use, layers.path
        self.cells: list[Cell] = cells_of(use, layers)
        self.mask = mask_of(use, layers)
        self.outputs, self.state = self._targets(use.statement.node)
        self.keeps = self.state in read

    def _name(self, index: int) -> str:
        return self.use.name if len(self.cells) == 1 else f"{self.use.name}_{index}"

    def attributes(self) -> Iterator[tuple[str, ast.expr]]:
        """Yields the names and values of the attributes."""
        for index, cell in enumerate(self.cells):
            name = self._name(index)
            if cell.input_rate:
                yield f"{name}_input_dropout", parse(f"keras.layers.Dropout({cell.input_rate!r})")
            made = ast.unparse(cell.made)
            options = "return_sequences=True"
            if self.keeps:
                options += ", return_state=True"
            if self.mask is not None:
                options += ", zero_output_for_mask=True"
            yield name, parse(f"keras.layers.RNN({made}, {options})")
            if cell.output_rate:
                yield f"{name}_dropout", parse(f"keras.layers.Dropout({cell.output_rate!r})")

    def variables(self) -> Iterator[tuple[VariableFact, str]]:
        """Yields the variables and the expressions for them."""
        for fact in self.use.variables:
            index = 0
            for part in fact.name.split("/"):
                if part.startswith("cell_") and part[5:].isdigit():
                    index = int(part[5:])
            row = self.cells[index].row
            for end, attribute in row.variables.items():
                if fact.name.endswith(f"/{end}"):
                    yield fact, f"{self._name(index)}.cell.{attribute}"
                    break
            else:
                reason = f"the variable {fact.name} has no place in Keras"
                raise refuse(self.use.node, self.path, reason)

    def classes(self) -> Iterator[str]:
        """Yields the source of the cells."""
        for cell in self.cells:
            yield cell.row.source

    def statements(self, used: set[str]) -> list[ast.stmt]:
        """Returns the statements that take the place of `outputs, state = tf.nn.dynamic_rnn(...)`.

        Args:
          used: All names of the model_fn.
        """
        outputs, state = self.outputs, self.state
        arguments = arguments_of(self.use)
        lines: list[str] = []
        inputs, mask = ast.unparse(arguments["inputs"]), ""
        if self.mask is not None:
            mask = "mask" if "mask" not in used else f"{self.use.name}_mask"
            lines.append(f"{mask} = {ast.unparse(self.mask)}")
        states = []
        for index, cell in enumerate(self.cells):
            name = self._name(index)
            if cell.input_rate:
                lines.append(f"{outputs} = self.{name}_input_dropout({inputs}, training=training)")
                inputs = outputs
            kept = ""
            if self.keeps:
                states.append(state if len(self.cells) == 1 else f"{state}_{index}")
                kept = f", {'*' if cell.row.states else ''}{states[-1]}"
            call = f"self.{name}({inputs}{f', mask={mask}' if mask else ''})"
            lines.append(f"{outputs}{kept} = {call}")
            inputs = outputs
            if cell.output_rate:
                lines.append(f"{outputs} = self.{name}_dropout({outputs}, training=training)")
        if self.keeps and len(self.cells) > 1:
            lines.append(f"{state} = ({', '.join(states)})")
        return [one for line in lines for one in ast.parse(line).body]

    def _targets(self, node: ast.stmt) -> tuple[str, str]:
        if isinstance(node, ast.Assign) and node.value is self.use.node:
            [target] = node.targets[:1]
            if isinstance(target, ast.Tuple) and len(target.elts) == 2:
                first, second = target.elts
                if isinstance(first, ast.Name) and isinstance(second, ast.Name):
                    outputs = first.id if first.id != "_" else f"{self.use.name}_outputs"
                    return outputs, second.id
        raise refuse(
            self.use.node,
            self.path,
            "write `outputs, state = tf.nn.dynamic_rnn(...)`, as a statement of its own",
        )

    def with_states(self, node: ast.AST) -> Any:
        """Writes `state[1]` for `state.h` in a node."""
        state, rows = self.state, [cell.row for cell in self.cells]
        if not self.keeps:
            return node

        class States(ast.NodeTransformer):
            def visit_Attribute(self, one: ast.Attribute) -> ast.AST:
                self.generic_visit(one)
                base = one.value
                while isinstance(base, ast.Subscript):
                    base = base.value
                if isinstance(base, ast.Name) and base.id == state and one.attr in rows[-1].states:
                    index = rows[-1].states.index(one.attr)
                    return ast.Subscript(
                        value=one.value, slice=ast.Constant(value=index), ctx=ast.Load()
                    )
                return one

        return States().visit(node)
