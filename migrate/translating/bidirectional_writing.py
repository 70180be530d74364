"""The attributes and statements of a bidirectional RNN in the written model."""

import ast
from collections.abc import Iterator
from typing import Any

from migrate.translating.expressions import parse, refuse
from migrate.translating.facts import VariableFact
from migrate.translating.layer_reading import Layers
from migrate.translating.model_uses import Use
from migrate.translating.rnn_reading import Cell, arguments_of, cells_of, mask_of

_DIRECTIONS = ("fw", "bw")


class BidirectionalWriting:
    """A `tf.nn.bidirectional_dynamic_rnn` in the written model.

    Args:
      use: The call.
      layers: Makes expressions.
      read: The names that the model_fn reads.
    """

    def __init__(self, use: Use, layers: Layers, read: set[str]) -> None:
        self.use, self.path = use, layers.path
        self.cells = {one: cells_of(use, layers, f"cell_{one}") for one in _DIRECTIONS}
        self.mask = mask_of(use, layers)
        self.outputs, self.states, self.before = self._targets(use.statement.node)
        written = self.states if isinstance(self.states, tuple) else (self.states,)
        self.keeps = bool(set(written) & read)

    def _name(self, direction: str, index: int) -> str:
        single = len(self.cells[direction]) == 1
        return f"{self.use.name}_{direction}" + ("" if single else f"_{index}")

    def _all(self) -> Iterator[tuple[str, str, Cell]]:
        for direction, cells in self.cells.items():
            for index, cell in enumerate(cells):
                yield direction, self._name(direction, index), cell

    def attributes(self) -> Iterator[tuple[str, ast.expr]]:
        """Yields the names and values of the attributes."""
        options = "return_sequences=True"
        options += ", return_state=True" if self.keeps else ""
        options += ", zero_output_for_mask=True" if self.mask is not None else ""
        for _, name, cell in self._all():
            if cell.input_rate:
                yield f"{name}_input_dropout", parse(f"keras.layers.Dropout({cell.input_rate!r})")
            yield name, parse(f"keras.layers.RNN({ast.unparse(cell.made)}, {options})")
            if cell.output_rate:
                yield f"{name}_dropout", parse(f"keras.layers.Dropout({cell.output_rate!r})")

    def variables(self) -> Iterator[tuple[VariableFact, str]]:
        """Yields the variables and the expressions for them."""
        for fact in self.use.variables:
            parts = fact.name.split("/")
            direction = next((one for one in _DIRECTIONS if one in parts), "")
            numbers = [int(p[5:]) for p in parts if p.startswith("cell_") and p[5:].isdigit()]
            index = numbers[-1] if numbers else 0
            cells = self.cells.get(direction, [])
            row = cells[index].row if index < len(cells) else None
            for end, attribute in row.variables.items() if row is not None else ():
                if fact.name.endswith(f"/{end}"):
                    yield fact, f"{self._name(direction, index)}.cell.{attribute}"
                    break
            else:
                reason = f"the variable {fact.name} has no place in Keras"
                raise refuse(self.use.node, self.path, reason)

    def classes(self) -> Iterator[str]:
        """Yields the source of the cells."""
        for _, _, cell in self._all():
            yield cell.row.source

    def statements(self, used: set[str]) -> list[ast.stmt]:
        """Returns the statements that take the place of the call.

        Args:
          used: All names of the model_fn.
        """
        arguments = arguments_of(self.use)
        inputs, lengths, lines = ast.unparse(arguments["inputs"]), "", [*self.before]
        mask = ""
        if self.mask is not None:
            lengths = ast.unparse(arguments["sequence_length"])
            mask = "mask" if "mask" not in used else f"{self.use.name}_mask"
            lines.append(f"{mask} = {ast.unparse(self.mask)}")
        names = self._result_names(self.outputs, "output", used)
        states = self._result_names(self.states, "state", used)
        for direction, name, state in zip(_DIRECTIONS, names, states, strict=True):
            given = inputs if direction == "fw" else _reversed(inputs, lengths)
            lines += self._direction(direction, given, name, state, mask)
            if direction == "bw":
                lines.append(f"{name} = {_reversed(name, lengths)}")
        if isinstance(self.outputs, str):
            lines.append(f"{self.outputs} = ({', '.join(names)})")
        if self.keeps and isinstance(self.states, str):
            lines.append(f"{self.states} = ({', '.join(states)})")
        return [one for line in lines for one in ast.parse(line).body]

    def _direction(
        self, direction: str, inputs: str, outputs: str, state: str, mask: str
    ) -> list[str]:
        lines: list[str] = []
        cells = self.cells[direction]
        states = []
        for index, cell in enumerate(cells):
            name = self._name(direction, index)
            if cell.input_rate:
                lines.append(f"{outputs} = self.{name}_input_dropout({inputs}, training=training)")
                inputs = outputs
            kept = ""
            if self.keeps:
                states.append(state if len(cells) == 1 else f"{state}_{index}")
                kept = f", {'*' if cell.row.states else ''}{states[-1]}"
            lines.append(
                f"{outputs}{kept} = self.{name}({inputs}{f', mask={mask}' if mask else ''})"
            )
            inputs = outputs
            if cell.output_rate:
                lines.append(f"{outputs} = self.{name}_dropout({outputs}, training=training)")
        if len(states) > 1:
            lines.append(f"{state} = ({', '.join(states)})")
        return lines

    def _result_names(
        self, target: str | tuple[str, str], word: str, used: set[str]
    ) -> tuple[str, str]:
        """Returns the names of the results of both directions."""
        if isinstance(target, tuple):
            first, second = (
                f"{self.use.name}_{word}_{one}" if name == "_" else name
                for one, name in zip(_DIRECTIONS, target, strict=True)
            )
            return first, second
        names = tuple(f"{word}_{one}" for one in _DIRECTIONS)
        if used & set(names):
            names = tuple(f"{self.use.name}_{one}" for one in names)
        return names[0], names[1]

    def _targets(self, node: ast.stmt) -> tuple[Any, Any, list[str]]:
        """Returns the names for the outputs and for the states: one, or one for each direction."""
        if isinstance(node, ast.Assign) and node.value is self.use.node:
            [target] = node.targets[:1]
            if isinstance(target, ast.Tuple) and len(target.elts) == 2:
                found = [_names(one) for one in target.elts]
                if all(found):
                    outputs = found[0] if found[0] != "_" else ("_", "_")
                    return outputs, found[1], []
        raise refuse(
            self.use.node,
            self.path,
            "write `(output_fw, output_bw), states = tf.nn.bidirectional_dynamic_rnn(...)`, as a "
            "statement of its own",
        )

    def with_states(self, node: ast.AST) -> Any:
        """Writes `state_fw[1]` for `state_fw.h` in a node."""
        if not self.keeps:
            return node
        rows = {}
        for index, direction in enumerate(_DIRECTIONS):
            row = self.cells[direction][-1].row
            if isinstance(self.states, tuple):
                rows[self.states[index]] = row
            else:
                rows[self.states] = row

        class States(ast.NodeTransformer):
            def visit_Attribute(self, one: ast.Attribute) -> ast.AST:
                self.generic_visit(one)
                base = one.value
                while isinstance(base, ast.Subscript):
                    base = base.value
                row = rows.get(base.id) if isinstance(base, ast.Name) else None
                if row is not None and one.attr in row.states:
                    number = ast.Constant(value=row.states.index(one.attr))
                    return ast.Subscript(value=one.value, slice=number, ctx=ast.Load())
                return one

        return States().visit(node)


def _names(target: ast.expr) -> str | tuple[str, str] | None:
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Tuple | ast.List) and len(target.elts) == 2:
        first, second = target.elts
        if isinstance(first, ast.Name) and isinstance(second, ast.Name):
            return first.id, second.id
    return None


def _reversed(inputs: str, lengths: str) -> str:
    if lengths:
        return f"tf.reverse_sequence({inputs}, {lengths}, seq_axis=1)"
    return f"tf.reverse({inputs}, axis=[1])"
