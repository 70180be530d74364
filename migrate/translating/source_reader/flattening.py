"""Flattens a model_fn: one list of statements, without branches on the mode, helpers put in place.

A helper that makes variables, or that does something else in another mode, is put in the place of
its call. Other helpers stay functions.
"""

import ast
import copy
import dataclasses
from collections.abc import Collection, Mapping, Sequence

from migrate.translating.border import WHOLE, Border
from migrate.translating.facts import Call, Span
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader import (
    chained_calls,
    keys,
    loops,
    metric_functions,
    mode_tests,
    module_names,
    nested_functions,
    scopes,
    shown_results,
    source_files,
    tries,
)
from migrate.translating.source_reader.frames import (
    LAYERS,
    Frame,
    are_users,
    assigned_names,
    dotted,
    executions,
    function_at,
    hides,
    is_part,
    local_names,
)
from migrate.translating.source_reader.inlining import Expressions
from migrate.translating.source_reader.object_attributes import ObjectAttributes
from migrate.translating.source_reader.renaming import Rename
from migrate.translating.source_reader.source_files import SourceFile
from migrate.translating.source_reader.statements import Statement, loads, stores
from migrate.translating.source_reader.unrolling import Unrolled


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Flattened:
    """A flattened model_fn.

    Attributes:
      statements: The statements.
      returned: What each mode returns.
      facts: What the run showed of each call expression that is left, by the node.
      values: What the run showed of assigned values, by the node.
      features: The name of the argument for the features.
      labels: The name of the argument for the labels; "" if there is none.
      constants: Attributes of the object whose method the model_fn is: their values, by the names
        of the constants that stand for them.
      initializers: The initializer of the variable scope around a call, by the node.
      normalizers: The arguments that an `arg_scope` around a call sets for its normalizer, by the
        node.
      gotten: The calls in variable scopes with a custom getter.
      kept: The helpers that stayed functions.
      files: The files whose source was read.
      unrolled: The loops whose iterations are written out.
      originals: The names that variables have in their helpers, by those that they were given.
    """

    statements: list[Statement]
    returned: dict[str, ast.expr]
    facts: dict[ast.AST, dict[str, list[Call]]]
    values: dict[ast.AST, dict[str, object]]
    features: str
    labels: str
    constants: dict[str, object]
    initializers: dict[ast.AST, ast.expr]
    normalizers: dict[ast.AST, dict[str, ast.expr]]
    gotten: set[ast.AST]
    kept: dict[str, tuple[SourceFile, ast.FunctionDef]]
    files: list[SourceFile]
    unrolled: list[Unrolled]
    originals: dict[str, str]


def flatten(
    model_fn: Span,
    calls: Mapping[str, Call],
    attributes: Mapping[str, object] | None = None,
    *,
    tensors: Collection[str] = (),
    border: Border = WHOLE,
) -> Flattened:
    """Flattens a model_fn.

    Args:
      model_fn: The file and the first line of the function.
      calls: The call of the model_fn in each mode.
      attributes: If it is a method, the plain attributes of its object, such as "self.units".
      tensors: The names of tensors that the source must show: a helper that computes one, and does
        not return it, is put in the place of its call.
      border: Which helpers stay as they are.

    Raises:
      Refusal: The source does not have a form that can be flattened.
    """
    return Flattening(attributes or {}, frozenset(tensors), border).run(model_fn, calls)


class Flattening:
    """Flattens one model_fn; its attributes fill up on the way, see `Flattened`.

    Args:
      attributes: The plain attributes of the object whose method it is.
      tensors: The tensors that helpers may not hide.
      border: Which helpers stay as they are.
    """

    def __init__(
        self,
        attributes: Mapping[str, object],
        tensors: frozenset[str],
        border: Border = WHOLE,
    ) -> None:
        self.tensors, self.border = tensors, border
        self.scopes: list[ast.expr] = []
        self.arg_scopes: list[tuple[frozenset[str], dict[str, ast.expr]]] = []
        self.normalizers: dict[ast.AST, dict[str, ast.expr]] = {}
        self.getters: list[ast.expr] = []
        self.gotten: set[ast.AST] = set()
        self.initializers: dict[ast.AST, ast.expr] = {}
        self.facts: dict[ast.AST, dict[str, list[Call]]] = {}
        self.values: dict[ast.AST, dict[str, object]] = {}
        self.kept: dict[str, tuple[SourceFile, ast.FunctionDef]] = {}
        self.files: list[SourceFile] = []
        self.unrolled: list[Unrolled] = []
        self.used: set[str] = set()
        self.function: ast.AST | None = None
        self.local: frozenset[str] = frozenset()
        self.nested: dict[str, tuple[str, frozenset[str]]] = {}
        self.originals: dict[str, str] = {}
        self.named: set[str] = set()  # of objects that had no names
        self.objects = ObjectAttributes(attributes, self.used)

    def run(self, model_fn: Span, calls: Mapping[str, Call]) -> Flattened:
        """Flattens the function at a place."""
        file = source_files.load(model_fn.file)
        function = self.function = function_at(file, model_fn)
        self.files.append(file)
        self.used |= {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}
        names = [one.arg for one in [*function.args.args, *function.args.kwonlyargs]]
        self.used |= set(names)
        owner = "self" if names[:1] == ["self"] else ""
        local = self.local = local_names(function)
        taken = module_names.of_helpers(calls)
        self.used |= {*taken, mode_tests.TRAINING}
        own = local & (taken | module_names.other_flags(function)) - {*names}
        renamed = {name: self.unused(f"{name}_2") for name in sorted(own)}
        for name in sorted(taken & {*names}):
            raise Refusal(
                f"`{name}` is a name of a module that a function of the model_fn reads, and an "
                "argument of the model_fn; rename the former",
                path=file.path,
                line=function.lineno,
            )
        frame = Frame(file, calls, {**renamed}, {}, owner=owner, local=local)
        statements, returned = self.body(function.body, frame, frozenset(calls))
        metric_functions.put_in_place(self, frame, statements, returned)
        return Flattened(
            statements=statements,
            returned=returned,
            facts=self.facts,
            values=self.values,
            features="features",
            labels="labels" if "labels" in names else "",
            constants=self.objects.constants,
            initializers=self.initializers,
            normalizers=self.normalizers,
            gotten=self.gotten,
            kept=self.kept,
            files=self.files,
            unrolled=self.unrolled,
            originals=self.originals,
        )

    def unused(self, name: str) -> str:
        """Returns a name that the flattened model_fn does not have yet."""
        new = name
        for number in range(2, 1000):
            if new not in self.used:
                break
            new = f"{name}_{number}"
        self.used.add(new)
        return new

    def body(
        self, body: list[ast.stmt], frame: Frame, modes: frozenset[str]
    ) -> tuple[list[Statement], dict[str, ast.expr]]:
        """Returns the statements of a body, and what it returns in each mode."""
        statements: list[Statement] = []
        returned: dict[str, ast.expr] = {}
        for index, node in enumerate(body):
            modes = modes - frozenset(returned)
            if not modes:
                break
            is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if isinstance(node, ast.Pass) or (index == 0 and is_docstring):
                continue
            try:
                made, ends = chained_calls.flattened(self, node, frame, modes)
            except Refusal as refusal:
                made, ends = [self._unread(node, frame, modes, refusal)], {}
            if made:
                file = frame.file
                made[0].comments[:0] = [*file.comments_before(node), *file.comments_beside(node)]
            statements += made
            returned |= ends
        return statements, returned

    def _unread(
        self, node: ast.stmt, frame: Frame, modes: frozenset[str], refusal: Refusal
    ) -> Statement:
        """Keeps a statement that is not translated, if it is not a part of the model.

        Raises:
          Refusal: It makes variables, applies layers, returns, or changes names of others.
        """
        returns = any(isinstance(one, ast.Return) for one in ast.walk(node))
        changes_others = isinstance(node, ast.Global | ast.Nonlocal)
        if returns or changes_others or self.has_layers(node, frame, modes):
            raise refusal
        kept = Rename(frame.names, self, frame).visit(copy.deepcopy(node))
        return Statement(kept, modes, refusal=refusal)

    def statement(
        self, node: ast.stmt, frame: Frame, modes: frozenset[str]
    ) -> tuple[list[Statement], dict[str, ast.expr]]:
        """Returns the statements of a statement, and what it returns in each mode."""
        if isinstance(node, ast.If):
            return self._branch(node, frame, modes)
        if isinstance(node, ast.Return):
            visitor = Expressions(self, frame, modes)
            visitor.is_returned = node.value or ast.Constant(value=None)
            value = visitor.run(visitor.is_returned)
            return visitor.before, visitor.by_mode or dict.fromkeys(modes, value)
        if isinstance(node, ast.Try):
            return tries.flattened(self, node, frame, modes)
        if isinstance(node, ast.With):
            return scopes.flattened(self, node, frame, modes)
        if isinstance(node, ast.For):
            return loops.flattened(self, node, frame, modes), {}
        if isinstance(node, ast.FunctionDef):
            return nested_functions.flattened(self, node, frame, modes), {}
        if isinstance(node, ast.Assert | ast.Delete | ast.Import | ast.ImportFrom):
            return [], {}
        if not isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr):
            raise Refusal(
                f"`{type(node).__name__.lower()}` in a model_fn is not translated; write the same "
                "with `if`, `for` and assignments",
                path=frame.file.path,
                line=node.lineno,
            )
        if isinstance(node, ast.Expr) and ast.unparse(node).startswith("super("):
            return self._base_class(node, frame, modes), {}
        made = self._simple(node, frame, modes)
        outer = self._changed_outside(node, frame)
        if outer and made:
            made[-1].refusal = Refusal(
                f"this line changes `{outer}`, which is not the function's own, so that each call "
                "of the model_fn may compute something else; expected a model_fn without state; "
                "pass the value in `params`",
                path=frame.file.path,
                line=node.lineno,
            )
        return made, {}

    def _base_class(self, node: ast.Expr, frame: Frame, modes: frozenset[str]) -> list[Statement]:
        """Returns what `super().__init__(...)` does, if the base class is the program's, too."""
        found = executions(node.value, frame, modes)
        calls = [call for each in found.values() for call in each]
        own = bool(calls) and all(call.callee.span is not None for call in calls)
        if not own or not frame.owner.startswith("@"):
            return []
        return self.expression(node.value, frame, modes)[0]

    def _changed_outside(self, node: ast.stmt, frame: Frame) -> str:
        """Returns a name of the module that a statement changes; "" for others."""
        module = set().union(*(stores(one) for one in frame.file.tree.body), set())
        return next(iter(sorted((stores(node) & module) - frame.local)), "")

    def _simple(
        self,
        node: ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr,
        frame: Frame,
        modes: frozenset[str],
    ) -> list[Statement]:
        before: list[Statement] = []
        new = copy.copy(node)
        for name in assigned_names(node):
            known = frame.names.get(name)
            if isinstance(known, ast.Attribute) and dotted(known).startswith("tf."):
                del frame.names[name]  # it stood for a part of TensorFlow until here
        # A name that stood for the last item of an unrolled loop is a variable again.
        stale = [n for n in assigned_names(node) if isinstance(frame.names.get(n), ast.AST)]
        if node.value is not None:
            targets = {
                name: name if name in stale else frame.names.get(name, name)
                for name in assigned_names(node)
            }
            before, new.value = self.expression(node.value, frame, modes, targets)
            for name in stale:
                frame.names.pop(name, None)
            if not frame.iteration:
                self.note(new.value, node.value, frame)
        if isinstance(new, ast.AugAssign) and isinstance(new.target, ast.Name):
            new = shown_results.written(self, new, node, frame)
        rename = Rename(frame.names, self, frame)
        if isinstance(new, ast.Assign):
            new.targets = [self._target(one, rename, frame, modes) for one in new.targets]
            space = dotted(new.value) if new.value is not None else ""
            only = node.targets[0] if isinstance(node, ast.Assign) else None
            if (
                isinstance(only, ast.Name)
                and space.startswith("tf.")
                and isinstance(node.value, ast.Call)
            ):
                frame.names[only.id] = new.value
                return before
            if [ast.unparse(one) for one in new.targets] == [ast.unparse(new.value)]:
                return before  # a function that assigns the name was put in place
            return before + [Statement(one, modes) for one in self._split(new)]
        if isinstance(new, ast.Expr) and isinstance(new.value, ast.Constant):
            return before  # a function without a value was put in place
        if not isinstance(new, ast.Expr):
            new.target = rename.visit(copy.deepcopy(new.target))
        return [*before, Statement(new, modes)]

    def _target(
        self, node: ast.expr, rename: Rename, frame: Frame, modes: frozenset[str]
    ) -> ast.expr:
        """Returns what an assignment writes to."""
        made: ast.expr = rename.visit(copy.deepcopy(node))
        if isinstance(node, ast.Subscript) and isinstance(made, ast.Subscript):
            made.slice = keys.key(node.slice, made.slice, frame, modes)
        return made

    def note(self, new: ast.expr, node: ast.expr, frame: Frame) -> None:
        """Notes what the run showed of an expression."""
        span = frame.file.span(node)
        seen = {m: call.values[span] for m, call in frame.calls.items() if span in call.values}
        if seen:
            self.values[new] = seen

    def _split(self, node: ast.Assign) -> list[ast.stmt]:
        """Splits `a, b = x, y` into assignments, if none reads what another one writes."""
        target, value = node.targets[0], node.value
        if not (
            len(node.targets) == 1
            and isinstance(target, ast.Tuple)
            and isinstance(value, ast.Tuple)
            and len(target.elts) == len(value.elts)
            and not any(isinstance(one, ast.Starred) for one in [*target.elts, *value.elts])
        ):
            return [node]
        pairs = [
            (to, by)
            for to, by in zip(target.elts, value.elts, strict=True)
            if not (isinstance(to, ast.Name) and isinstance(by, ast.Name) and to.id == by.id)
        ]
        if any(stores(to) & loads(by) for to, _ in pairs for other, by in pairs if other is not to):
            return [node]
        made: list[ast.stmt] = []
        for to, by in pairs:
            made.append(ast.Assign(targets=[to], value=by, lineno=node.lineno))
        return made

    def _branch(
        self, node: ast.If, frame: Frame, modes: frozenset[str]
    ) -> tuple[list[Statement], dict[str, ast.expr]]:
        span = frame.file.span(node.test)
        seen = {mode: self._tested(span, frame, mode) for mode in modes}
        mixed = [mode for mode, values in seen.items() if len(values) > 1]
        if mixed:
            raise Refusal(
                "this condition is true in one iteration and false in another; write the loop out",
                path=frame.file.path,
                line=node.lineno,
            )
        true = frozenset(mode for mode in modes if seen[mode] == {True})
        statements: list[Statement] = []
        returned: dict[str, ast.expr] = {}
        for chosen, body in ((true, node.body), (modes - true, node.orelse)):
            if chosen and body:
                made, ends = self.body(body, frame, chosen)
                statements += made
                returned |= ends
        return statements, returned

    def _tested(self, span: Span, frame: Frame, mode: str) -> set[bool]:
        values = frame.calls[mode].branches.get(span, ())
        if len(frame.iteration) == 1:
            [(loop, index)] = frame.iteration.items()
            items = frame.calls[mode].values.get(loop)
            if isinstance(items, list) and len(items) == len(values):
                return {values[index]}
        return set(values)

    def scoped_arguments(self, api: str) -> dict[str, ast.expr]:
        """Returns the arguments that the arg_scopes around set for a function."""
        found: dict[str, ast.expr] = {}
        for functions, values in self.arg_scopes:
            if api in functions:
                found |= values
        return found

    def keeps(self, calls: Sequence[Call]) -> bool:
        """Tells whether calls of a helper stay calls."""
        hidden = any(hides(call, self.tensors) for call in calls)
        return self.border.keeps(calls, hides=hidden)

    def has_layers(self, node: ast.AST, frame: Frame, modes: frozenset[str]) -> bool:
        """Tells whether calls in a node make variables, or apply layers."""
        for one in ast.walk(node):
            if isinstance(one, ast.Call):
                for calls in executions(one, frame, modes).values():
                    if self.border.is_kept and (self.keeps(calls) or not are_users(calls)):
                        continue
                    for call in calls:
                        if call.variables or call.callee.api.startswith(LAYERS) or is_part(call):
                            return True
        return False

    def expression(
        self,
        node: ast.expr,
        frame: Frame,
        modes: frozenset[str],
        targets: Mapping[str, str | ast.expr] | None = None,
    ) -> tuple[list[Statement], ast.expr]:
        """Returns statements that must run before, and the expression."""
        visitor = Expressions(self, frame, modes)
        if isinstance(node, ast.Call):
            visitor.targets = {k: v for k, v in (targets or {}).items() if isinstance(v, str)}
        new = visitor.run(node)
        return visitor.before, new
