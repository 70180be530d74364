"""The model of a program whose forward pass is kept: its statements, and what they import."""

import ast
import builtins
import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from estimator_compat.mode_keys import ModeKeys
from migrate.translating import copying, imports, kept_reading
from migrate.translating.facts import Span
from migrate.translating.forward_reading import Forward
from migrate.translating.ir import KeptForward, KeptFunction, KeptModules, Model
from migrate.translating.kept_reading import KeptPart
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader import source_files
from migrate.translating.source_reader.source_files import SourceFile
from migrate.translating.source_reader.statements import Statement, loads, stores

TRAIN, EVAL, PREDICT = ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT
_GIVEN = {"features", "labels", "training", "mode", kept_reading.TF1, "tf"}


class KeptProgram:
    """Writes the model.

    Args:
      part: What the forward pass makes and calls.
      forward: Its statements.
      files: The files whose source was read.
      modules: The names of modules by their files.
      read_modules: Reads what modules need of TensorFlow 1; see `graph_reading.kept_modules`.
      objects: The source of objects of functions around the model_fn, and the imports that they
        need, by the names of the constants that they become.
      modes: The modes of the program.
      constants: Names that the written module defines besides.
      others: The names that the rest of the written module reads.
    """

    def __init__(
        self,
        part: KeptPart,
        forward: Forward,
        *,
        files: Sequence[SourceFile],
        modules: Mapping[str, str],
        read_modules: Callable[[Iterable[str], Iterable[str], str], KeptModules],
        objects: Mapping[str, tuple[str, tuple[str, ...]]],
        modes: Sequence[str],
        constants: Collection[str] = (),
        others: Collection[str] = (),
    ) -> None:
        self.part, self.forward, self.files = part, forward, files
        self.modules, self.read_modules, self.objects = modules, read_modules, objects
        self.modes, self.constants = tuple(modes), set(constants)
        self.others = set(others)
        self.imports: dict[str, None] = {}
        self.reached: list[str] = []

    def model(self) -> Model:
        """Returns the model."""
        statements = self.forward.statements
        body = [*self._unset(), *lines_in_scopes(statements, self.modes)]
        read = _read(statements)
        objects = {}
        for name in sorted((read | self.others) & set(self.objects)):
            objects[name], needed = self.objects[name]
            self._add(needed)
        for name in sorted(read - self.constants - set(objects) - _GIVEN):
            if not hasattr(builtins, name):
                self._import(name)
        takes_mode = "mode" in read or any("if mode " in text for text in body)
        modules = self.read_modules(self.reached, self.imports, "\n".join(body))
        return Model(
            init=(),
            body=tuple(body),
            outputs=self.forward.outputs,
            variables={name: f"by_name[{name!r}]" for name in self.part.variables},
            state=tuple(n for n in self.part.variables if n not in self.part.trainable),
            kept=KeptForward(
                functions=tuple(_function(name, span) for name, span in self.part.functions),
                modules=modules,
                objects=objects,
                takes_labels="labels" in read,
                takes_mode=takes_mode,
                modes=self.modes,
            ),
        )

    def _unset(self) -> list[str]:
        """Returns the assignments of outputs that a mode does not compute."""
        found = []
        for name in self.forward.outputs:
            writes = [one.modes for one in self.forward.statements if name in stores(one.node)]
            if frozenset(self.modes) - frozenset().union(*writes):
                found.append(f"{name} = None")
        return found

    def _add(self, statements: Iterable[str]) -> None:
        for one in statements:
            self.imports[one] = None
            [node] = ast.parse(one).body
            if isinstance(node, ast.ImportFrom):
                self.reached.append(node.module or "")
                self.reached += [f"{node.module}.{name.name}" for name in node.names]
            elif isinstance(node, ast.Import):
                self.reached += [name.name for name in node.names]

    def _import(self, name: str) -> None:
        """Imports what a name of a module's top level is."""
        for file in self.files:
            for node in file.tree.body:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    if name in copying.imported(node):
                        self._add([imports.absolute(node, name, file.path, self.modules)])
                        return
                elif name in stores(node):
                    module = self.modules.get(file.path)
                    if module is None:
                        raise Refusal(
                            f"`{name}` is in a file that is no module, and cannot be imported",
                            path=file.path,
                            line=node.lineno,
                        )
                    self._add([f"from {module} import {name}"])
                    self.reached.append(module)
                    return
        raise Refusal(
            f"the kept forward pass reads `{name}`, which is not defined at the top level of a "
            "module, and has no form as source; move it there",
            path=self.files[0].path,
        )


def _function(name: str, span: Span) -> KeptFunction:
    """Returns a function, or the class whose `__init__` begins at a line."""
    for node in source_files.load(span.file).tree.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return KeptFunction(name=name, path=span.file, line=node.lineno)
    return KeptFunction(name=name, path=span.file, line=span.line)


def _read(statements: Sequence[Statement]) -> set[str]:
    """Returns the names that the statements read, and that none of them wrote before."""
    found: set[str] = set()
    known: set[str] = set()
    for statement in statements:
        for item in statement.scopes:
            found |= loads(item.context_expr) - known
            known |= stores(item.optional_vars) if item.optional_vars is not None else set()
        found |= _read_first(statement.node, known)
        known |= stores(statement.node)
    return found


def _read_first(node: ast.stmt, known: set[str]) -> set[str]:
    """Returns the names that a statement reads before it has written them itself."""
    if not isinstance(node, ast.For | ast.If):
        return loads(node) - known
    head = node.iter if isinstance(node, ast.For) else node.test
    found = loads(head) - known
    begun = known | (stores(node.target) if isinstance(node, ast.For) else set())
    for body in (node.body, node.orelse):
        written = set(begun)
        for one in body:
            found |= _read_first(one, written)
            written |= stores(one)
    return found


def lines_in_scopes(statements: Sequence[Statement], modes: Sequence[str]) -> list[str]:
    """Returns the source of statements, in their `with`s, with their comments and conditions."""
    found: list[str] = []
    index = 0
    while index < len(statements):
        one = statements[index]
        if one.scopes:
            outer, inner = one.scopes[0], []
            while index < len(statements) and statements[index].scopes[:1] == (outer,):
                each = statements[index]
                inner.append(dataclasses.replace(each, scopes=each.scopes[1:]))
                index += 1
            lines = "\n".join(lines_in_scopes(inner, modes))
            found.append(f"with {ast.unparse(outer)}:\n{_indented(lines)}")
            continue
        text = ast.unparse(ast.fix_missing_locations(one.node))
        condition = _condition(one.modes & frozenset(modes), frozenset(modes))
        if condition:
            text = f"if {condition}:\n{_indented(text)}"
        found.append("\n".join([*one.comments, text]))
        index += 1
    return found


def _condition(seen: frozenset[str], modes: frozenset[str]) -> str:
    """Returns the condition under which a statement of some modes runs; "" for all modes."""
    if seen == modes:
        return ""
    if seen == {TRAIN}:
        return "training"
    if seen == modes - {TRAIN}:
        return "not training"
    if len(seen) == 1:
        return f'mode == "{next(iter(seen))}"'
    if len(modes - seen) == 1:
        return f'mode != "{next(iter(modes - seen))}"'
    return f"mode in {tuple(sorted(seen))!r}"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else line for line in text.splitlines())
