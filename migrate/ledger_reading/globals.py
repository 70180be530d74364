"""The global names of modules of the tree, and what imports bind."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

from migrate.ledger_reading.frames import Frame
from migrate.ledger_reading.tree import TreeModule
from migrate.ledger_reading.values import Kind, Value

if TYPE_CHECKING:
    from migrate.ledger_reading.interpreter import Interpreter

_BUILTINS = frozenset(vars(builtins))


class Globals:
    """Resolves global names, each when it is first read."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._values = interpreter.values
        self._known: dict[tuple[int, str], Value] = {}
        self._frames: dict[int, Frame] = {}

    def frame(self, module: TreeModule) -> Frame:
        """Returns the frame of a module, which has no names of its own."""
        return self._frames.setdefault(id(module), Frame(module))

    def name(self, name: str, module: TreeModule) -> Value:
        """Returns the value of a global name, or of a builtin."""
        key = (id(module), name)
        if key not in self._known:
            self._known[key] = self._values.unknown(None)  # while it is being resolved
            self._known[key] = self._resolved(name, module)
        return self._known[key]

    def module_value(self, module: TreeModule) -> Value:
        """Returns a module as a value."""
        self.frame(module)
        return self._values.make(Kind.MODULE, data=module)

    def _resolved(self, name: str, module: TreeModule) -> Value:
        statements = module.bindings.get(name)
        if not statements:
            symbol = f"builtins.{name}"
            return (
                self._values.make(Kind.SYMBOL, data=symbol)
                if name in _BUILTINS
                else self._values.unknown(None)
            )
        frame = self.frame(module)
        if any(isinstance(each, ast.AugAssign | ast.For) for each in statements):
            return self._values.make(Kind.SETTING, data=name)
        found = [self._of_statement(name, each, frame) for each in statements[:4]]
        first = found[0]
        if all(isinstance(each, ast.Import | ast.ImportFrom) for each in statements):
            return first
        if len(found) == 1:
            return first
        if all(each.kind is Kind.FUNCTION for each in found):
            return found[-1]
        return self._values.make(Kind.SETTING, data=name)

    def _of_statement(self, name: str, statement: ast.stmt, frame: Frame) -> Value:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            return self.imported(name, statement, frame)
        interpreter = self._interpreter
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return interpreter.expressions.definition(statement, frame)
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if len(targets) == 1 and isinstance(targets[0], ast.Name):
                return interpreter.evaluate(statement.value, frame)
        return self._values.make(Kind.SETTING, data=name)

    def imported(self, name: str, statement: ast.Import | ast.ImportFrom, frame: Frame) -> Value:
        """Returns what an import binds a name to."""
        for alias in statement.names:
            if (alias.asname or alias.name.partition(".")[0]) != name:
                continue
            if isinstance(statement, ast.Import):
                dotted = alias.name if alias.asname else name
                return self._module_or_symbol(dotted, frame)
            return self._from_module(alias.name, statement, frame)
        return self._values.unknown(None)

    def _module_or_symbol(self, dotted: str, frame: Frame) -> Value:
        found = self._interpreter.imported(frame.module.path, dotted, 0)
        if found is not None:
            return self.module_value(found)
        return self._values.make(Kind.SYMBOL, data=dotted)

    def _from_module(self, name: str, statement: ast.ImportFrom, frame: Frame) -> Value:
        importer = frame.module.path
        dotted = statement.module or ""
        is_library = dotted.partition(".")[0] in ("tensorflow", "tf_keras", "keras")
        if name in ("EstimatorSpec", "TPUEstimatorSpec") or (is_library and not statement.level):
            return self._values.make(Kind.SYMBOL, data=f"{dotted}.{name}")
        inner = self._interpreter.imported(
            importer, f"{dotted}.{name}" if dotted else name, statement.level
        )
        if inner is not None:
            return self.module_value(inner)
        module = self._interpreter.imported(importer, dotted, statement.level)
        if module is not None:
            return self.name(name, module)
        return self._values.make(Kind.SYMBOL, data=f"{dotted}.{name}")

    def attribute(self, module: TreeModule, name: str) -> Value:
        """Returns a global name of a module, or a module in its folder."""
        if name in module.bindings:
            return self.name(name, module)
        inner = self._interpreter.imported(module.path, name, 1)
        return self.module_value(inner) if inner is not None else self._values.unknown(None)
