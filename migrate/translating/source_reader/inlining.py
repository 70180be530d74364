"""Expressions of a flattened model_fn: renamed, with helpers put in the places of their calls."""

import ast
import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.expressions import parse
from migrate.translating.facts import Call
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader import (
    helper_arguments,
    helper_results,
    keys,
    mode_tests,
    owners,
    source_files,
    unrolling,
)
from migrate.translating.source_reader.frames import (
    Frame,
    executions,
    function_at,
    hides,
    is_part,
    is_simple,
    local_names,
    namespace,
)
from migrate.translating.source_reader.statements import Statement, loads, stores

if TYPE_CHECKING:
    from migrate.translating.source_reader.flattening import Flattening

TRAINING = mode_tests.TRAINING


class Expressions(ast.NodeTransformer):
    """Copies an expression: renames, puts helpers in place, and notes the facts of the calls."""

    def __init__(
        self,
        flattening: "Flattening",
        frame: Frame,
        modes: frozenset[str],
    ) -> None:
        self.flattening, self.frame, self.modes = flattening, frame, modes
        self.before: list[Statement] = []
        self.targets: dict[str, str] = {}
        self.whole: ast.expr | None = None
        self.passed: dict[str, ast.expr] = {}
        self.own_targets: dict[str, str] = {}
        self.captured: set[str] = set()
        # A call that is returned as it is may return something else in another mode.
        self.is_returned: ast.expr | None = None
        self.by_mode: dict[str, ast.expr] = {}

    def run(self, node: ast.expr) -> ast.expr:
        """Copies an expression."""
        self.whole = node
        made: ast.expr = self.visit(node)
        return made

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Copies a node: the tree of the file stays as it is."""
        new = copy.copy(node)
        if isinstance(node, ast.expr) and isinstance(new, ast.expr):
            self.flattening.note(new, node, self.frame)
        for field, value in ast.iter_fields(node):
            if isinstance(value, list):
                setattr(new, field, [self._visited(one) for one in value])
            elif isinstance(value, ast.AST):
                setattr(new, field, self.visit(value))
        return new

    def _visited(self, value: object) -> object:
        return self.visit(value) if isinstance(value, ast.AST) else value

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """A name in the function is another one in the flattened model_fn."""
        new = self.frame.names.get(node.id, node.id)
        if isinstance(new, str):
            return ast.copy_location(ast.Name(id=new, ctx=node.ctx), node)
        made = copy.deepcopy(new)
        if new in self.flattening.values:
            self.flattening.values[made] = self.flattening.values[new]
        return made

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """`self.units` is a constant, or a variable."""
        made = self.flattening.objects.expression(node, self.frame)
        return self.generic_visit(node) if made is None else made

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        """A generator of layers is a tuple."""
        made = unrolling.written_out(self, node.generators, [node.elt])
        if made is None:
            return self.generic_visit(node)
        return ast.Tuple(elts=[one for [one] in made], ctx=ast.Load())

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        """A comprehension of layers is a list."""
        made = unrolling.written_out(self, node.generators, [node.elt])
        if made is None:
            return self.generic_visit(node)
        return ast.List(elts=[one for [one] in made], ctx=ast.Load())

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        """A comprehension of layers is a dict."""
        made = unrolling.written_out(self, node.generators, [node.key, node.value])
        if made is None:
            return self.generic_visit(node)
        return ast.Dict(keys=[one[0] for one in made], values=[one[1] for one in made])

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        """A key that a function of the program computes is the text that it returned."""
        new = self.generic_visit(node)
        assert isinstance(new, ast.Dict)
        shown = keys.shown(node, self.frame, self.modes)
        new.keys = [
            key_node
            if key is None or key_node is None
            else ast.Constant(value=shown[index])
            if isinstance(key, ast.Attribute) and shown
            else keys.key(key, key_node, self.frame, self.modes)
            for index, (key, key_node) in enumerate(zip(node.keys, new.keys, strict=True))
        ]
        return new

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """An index may be computed as a key is."""
        new = self.generic_visit(node)
        assert isinstance(new, ast.Subscript)
        new.slice = keys.key(node.slice, new.slice, self.frame, self.modes)
        return new

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """`mode == ModeKeys.TRAIN` is `training`."""
        true = mode_tests.true_in(node)
        training = ast.Name(id=TRAINING, ctx=ast.Load())
        if true == frozenset((ModeKeys.TRAIN,)):
            return ast.copy_location(training, node)
        if true is not None and true & self.modes == self.modes - {ModeKeys.TRAIN}:
            return ast.copy_location(ast.UnaryOp(op=ast.Not(), operand=training), node)
        return self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        """A condition that is the same in all modes is no condition."""
        span = self.frame.file.span(node.test)
        seen = {v for m in self.modes for v in self.frame.calls[m].branches.get(span, ())}
        if len(seen) == 1:
            chosen: ast.AST = self.visit(node.body if seen == {True} else node.orelse)
            return chosen
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """A call of a helper that is a part of the model is what the helper returns."""
        node = helper_arguments.with_keywords(self, node)
        found = executions(node, self.frame, self.modes)
        calls = [call for each in found.values() for call in each]
        own = owners.owner(self, node) and any(call.callee.span is not None for call in calls)
        hidden = self.flattening.tensors
        if self.flattening.keeps(calls):
            new = self.generic_visit(node)
            self.flattening.facts[new] = found
            return new
        space = namespace(calls)
        if space:
            return ast.copy_location(parse(space), node)
        # Of an object of the program's, the attributes are read.
        own = own or (any(call.callee.makes for call in calls) and owners.is_applied(self, node))
        if own or any(is_part(call) or hides(call, hidden) for call in calls):
            return self._in_place(node, found)
        new = self.generic_visit(node)
        self.flattening.facts[new] = found
        if self.flattening.getters:
            self.flattening.gotten.add(new)
        if self.flattening.arg_scopes:
            self._add_scoped(new, calls)
        if self.flattening.scopes:
            self.flattening.initializers[new] = self.flattening.scopes[-1]
        self._keep(node, calls)
        return new

    def _add_scoped(self, new: ast.AST, calls: list[Call]) -> None:
        """Writes the arguments that an `arg_scope` sets into a call."""
        apis = {call.callee.api for call in calls}
        if len(apis) != 1 or not isinstance(new, ast.Call):
            return
        [api] = apis
        names = {name for call in calls for name in call.arguments}
        given = {one.arg for one in new.keywords}
        positional = list(calls[0].arguments)[: len(new.args)] if calls else []
        for name, value in self.flattening.scoped_arguments(api).items():
            if name in names - given - {*positional}:
                keyword = ast.keyword(arg=name, value=self._copy(value))
                new.keywords = [*new.keywords, keyword]
        normalizers = {
            getattr(call.arguments.get("normalizer_fn"), "description", "") for call in calls
        }
        for normalizer in normalizers - {""}:
            self.flattening.normalizers[new] = self.flattening.scoped_arguments(normalizer)

    def _copy(self, node: ast.expr) -> ast.expr:
        """Returns a copy, of whose calls the same is known."""
        new = copy.deepcopy(node)
        for old, made in zip(ast.walk(node), ast.walk(new), strict=True):
            if old in self.flattening.facts:
                self.flattening.facts[made] = self.flattening.facts[old]
            if old in self.flattening.values:
                self.flattening.values[made] = self.flattening.values[old]
        return new

    def _keep(self, node: ast.Call, calls: list[Call]) -> None:
        spans = {call.callee.span for call in calls if call.callee.span is not None}
        for span in spans:
            file = source_files.load(span.file)
            for function in file.functions.get(span.line, []):
                if isinstance(node.func, ast.Name):
                    self.flattening.kept[node.func.id] = (file, function)

    def _in_place(self, node: ast.Call, found: Mapping[str, list[Call]]) -> ast.AST:
        """Puts the body of a helper before the statement; returns what the helper returns."""
        counts = {len(calls) for calls in found.values()}
        spans = {call.callee.span for calls in found.values() for call in calls}
        if counts != {1} or len(spans) != 1:
            raise Refusal(
                f"`{ast.unparse(node.func)}` makes variables and is called in a loop, or not in "
                "all modes that run this line",
                path=self.frame.file.path,
                line=node.lineno,
            )
        [span] = spans
        assert span is not None
        makes = any(call.callee.makes for each in found.values() for call in each)
        owner = owners.made_owner(self, node) if makes else owners.owner(self, node)
        file = source_files.load(span.file)
        if file not in self.flattening.files:
            self.flattening.files.append(file)
        function = function_at(file, span)
        calls = {mode: each[0] for mode, each in found.items()}
        read_later = self.frame.read_after(node)
        names, assigned = self._arguments(node, function, calls, read_later)
        nested = isinstance(node.func, ast.Name) and node.func.id in self.frame.functions
        if not nested:
            helper_arguments.check_free(self, file, function)
        frame = Frame(
            file,
            calls,
            {**self.frame.names, **names} if nested else names,
            dict(self.frame.functions),
            owner=self.frame.owner if nested and not owner else owner,
            local=local_names(function) | (self.frame.local if nested else frozenset()),
            read_later=read_later,
            keywords=helper_arguments.extra_keywords(self, node, function),
        )
        self.before += assigned
        statements, returned = self.flattening.body(function.body, frame, self.modes)
        self.before += statements
        if makes:
            return ast.Constant(value=None)
        own = [new for name, new in names.items() if name not in self.frame.names]
        new = self._target(node) if len(self.targets) == 1 else ""
        if new and new not in self.frame.captured(node):
            helper_results.call_as(self.flattening, new, assigned, statements, returned, own)
        for mode in self.modes - set(returned):
            returned[mode] = ast.Constant(value=None)
        if node is self.is_returned:
            self.by_mode = returned
            return next(iter(returned.values()))
        return self._chosen(function.name, returned, self._target(node))

    def _target(self, node: ast.Call) -> str:
        """Returns the name that a call is assigned to at once; "" for others."""
        return next(iter(self.targets.values())) if node is self.whole and self.targets else ""

    def _chosen(self, name: str, returned: Mapping[str, ast.expr], target: str = "") -> ast.expr:
        """Returns what is the same in all modes, or a name that each mode assigns its own to."""
        values = list(returned.values())
        if len({ast.unparse(one) for one in values}) == 1:
            return values[0]
        sizes = {len(one.elts) if isinstance(one, ast.Tuple) else 0 for one in values}
        if len(sizes) == 1 and sizes != {0}:
            columns = zip(*(one.elts for one in values if isinstance(one, ast.Tuple)), strict=True)
            elements = [
                self._chosen(f"{name}_{index}", dict(zip(returned, column, strict=True)))
                for index, column in enumerate(columns)
            ]
            return ast.Tuple(elts=elements, ctx=ast.Load())
        new = target if len(self.targets) == 1 and target else self._unused(f"{name}_output")
        modes: dict[str, set[str]] = {}
        for mode, value in returned.items():
            modes.setdefault(ast.unparse(value), set()).add(mode)
        for those in modes.values():
            value = returned[min(those)]
            if not (isinstance(value, ast.Name) and value.id == new):
                to = ast.Name(id=new, ctx=ast.Store())
                assigned = ast.Assign(targets=[to], value=value, lineno=1)
                self.before.append(Statement(assigned, frozenset(those)))
        return ast.Name(id=new, ctx=ast.Load())

    def _unused(self, name: str) -> str:
        """Returns a name that the flattened model_fn does not have."""
        return self.flattening.unused(name)

    def _arguments(
        self,
        node: ast.Call,
        function: ast.FunctionDef,
        calls: Mapping[str, Call],
        read_later: frozenset[str],
    ) -> tuple[dict[str, str | ast.expr], list[Statement]]:
        """Returns what the helper's names are called here, and the assignments of its arguments."""
        passed, defaulted = helper_arguments.passed(node, function, self.frame.file.path)
        # The names of a default are those of the helper's module, and not the caller's.
        values: dict[str, ast.expr] = {
            name: copy.deepcopy(one) if name in defaulted else self.visit(one)
            for name, one in passed.items()
        }
        # After the arguments, which may be calls themselves.
        self.passed, self.captured = passed, self.frame.captured(node)
        self.own_targets = self.targets if node is self.whole else {}
        written = set().union(*(stores(one) for one in function.body))
        # What a helper changes in an object is changed in the caller's.
        rebound = {
            one.id
            for statement in function.body
            for one in ast.walk(statement)
            if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load)
        }
        changed = set().union(*(loads(values[one]) for one in written & passed.keys()), set())
        names: dict[str, str | ast.expr] = {}
        assigned: list[Statement] = []
        for name, argument in passed.items():
            is_training = {m: c.arguments.get(name) for m, c in calls.items()} == {
                mode: mode == ModeKeys.TRAIN for mode in calls
            }
            value = values[name]
            is_stable = isinstance(value, ast.Name | ast.Constant) or not loads(value) & changed
            if is_training and len(calls) > 1:
                names[name] = ast.Name(id=TRAINING, ctx=ast.Load())
            elif name not in rebound and is_simple(value) and is_stable:
                names[name] = value
            elif self._takes_over(name, argument, passed, written):
                assert isinstance(value, ast.Name)
                names[name] = value.id  # `x = f(x)`: the helper's parameter is that variable
            else:
                names[name] = new = self._new_name(name, function, value, read_later)
                to = ast.Name(id=new, ctx=ast.Store())
                made = ast.Assign(targets=[to], value=value, lineno=node.lineno)
                if not (isinstance(value, ast.Name) and value.id == new):
                    assigned.append(Statement(made, self.modes))
        for name in sorted(written - set(passed)):
            names[name] = self._new_name(name, function)
        return names, assigned

    def _takes_over(
        self, name: str, argument: ast.expr, passed: Mapping[str, ast.expr], written: set[str]
    ) -> bool:
        """Tells whether an argument is the variable that the call assigns, and only it reads it."""
        if not isinstance(argument, ast.Name) or argument.id not in self.own_targets:
            return False
        if name != argument.id and argument.id in written:
            return False
        if self.own_targets[argument.id] in self.captured:
            return False
        if self.frame.names.get(argument.id, argument.id) != self.own_targets[argument.id]:
            return False
        return sum(argument.id in loads(one) for one in passed.values()) == 1

    def _new_name(
        self,
        name: str,
        function: ast.FunctionDef,
        value: ast.expr | None = None,
        read_later: frozenset[str] = frozenset(),
    ) -> str:
        """Returns a name for a helper's variable that nothing else here has.

        A caller's variable of the same name that nobody reads after the call is as good.
        """
        new = name
        others = {v for k, one in self.passed.items() if k != name for v in loads(one)}
        target = self.own_targets.get(name)
        if target is not None and name not in others and target not in self.captured:
            return target  # it is the caller's variable that this call assigns
        same = isinstance(value, ast.Name) and value.id == name and name not in read_later
        if new in self.flattening.used and not same:
            new = self._unused(f"{function.name.strip('_')}_{name}")
        self.flattening.used.add(new)
        self.flattening.originals[new] = name
        return new
