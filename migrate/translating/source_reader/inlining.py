"""Expressions of a flattened model_fn: renamed, with helpers put in the places of their calls."""

import ast
import copy
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.expressions import parse
from migrate.translating.facts import Call
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader import keys, mode_tests, owners, source_files, unrolling
from migrate.translating.source_reader.frames import (
    LAYERS,
    Frame,
    executions,
    function_at,
    hides,
    is_part,
    is_simple,
    local_names,
    namespace,
)
from migrate.translating.source_reader.source_files import SourceFile
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
        node = self._with_keywords(node)
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
            self._check_free(file, function)
        frame = Frame(
            file,
            calls,
            {**self.frame.names, **names} if nested else names,
            dict(self.frame.functions),
            owner=self.frame.owner if nested and not owner else owner,
            local=local_names(function) | (self.frame.local if nested else frozenset()),
            read_later=read_later,
            keywords=self._extra_keywords(node, function),
        )
        self.before += assigned
        statements, returned = self.flattening.body(function.body, frame, self.modes)
        self.before += statements
        if makes:
            return ast.Constant(value=None)
        own = [new for name, new in names.items() if name not in self.frame.names]
        self._call_as_assigned(node, assigned, statements, returned, own)
        for mode in self.modes - set(returned):
            returned[mode] = ast.Constant(value=None)
        if node is self.is_returned:
            self.by_mode = returned
            return next(iter(returned.values()))
        return self._chosen(function.name, returned, self._target(node))

    def _check_free(self, file: SourceFile, function: ast.FunctionDef) -> None:
        """Refuses a function that another one has made, and that reads variables of that one."""
        around = [
            one
            for one in ast.walk(file.tree)
            if isinstance(one, ast.FunctionDef)
            and one is not function
            and any(inner is function for inner in ast.walk(one))
            and not any(inner is self.flattening.function for inner in ast.walk(one))
        ]
        own = local_names(function)
        read = {name for one in around for name in local_names(one)} & loads(function) - own
        read &= self.frame.local | self.flattening.local
        read -= {function.name, "self"}
        if read:
            raise Refusal(
                f"`{function.name}` reads `{sorted(read)[0]}` of the function that made it, which "
                "is not translated; expected a function of the module; pass the value to it",
                path=file.path,
                line=function.lineno,
            )

    def _call_as_assigned(
        self,
        node: ast.Call,
        assigned: Sequence[Statement],
        statements: Sequence[Statement],
        returned: Mapping[str, ast.expr],
        own: Collection[object],
    ) -> None:
        """Calls the variable that a helper returns as the variable that the call assigns.

        Args:
          node: The call.
          assigned: The assignments of the arguments.
          statements: Those of the helper.
          returned: What it returns in each mode.
          own: What its variables are called.
        """
        new, names = self._target(node), {ast.unparse(one) for one in returned.values()}
        parts = [part for one in statements for part in (one.node, *one.scopes)]
        found = [n for part in parts for n in ast.walk(part) if isinstance(n, ast.Name)]
        if len(names) != 1 or len(self.targets) != 1 or new in {one.id for one in found}:
            return
        [old] = names
        if old not in own or not new or old not in self.flattening.originals:
            return
        if new in self.frame.captured(node):
            return
        # `x = f(net)` may become `net = f(net)`, if no other argument reads `net`.
        if any(new in loads(s.node) and old not in stores(s.node) for s in assigned):
            return
        before = [n for one in assigned for n in ast.walk(one.node)]
        for one in [*before, *found, *returned.values()]:
            if isinstance(one, ast.Name) and one.id == old:
                one.id = new

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
        passed, defaulted = self._passed(node, function)
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

    def _passed(
        self, node: ast.Call, function: ast.FunctionDef
    ) -> tuple[dict[str, ast.expr], set[str]]:
        """Returns what each parameter gets, and the names of those that get their default."""
        arguments = function.args
        every = [one.arg for one in [*arguments.posonlyargs, *arguments.args]]
        if every[:1] == ["self"]:
            every = every[1:]
        passed: dict[str, ast.expr] = {}
        defaults = dict(zip(reversed(every), reversed(arguments.defaults), strict=False))
        for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            if default is not None:
                defaults[one.arg] = default
        if any(isinstance(one, ast.Starred) for one in node.args) or arguments.vararg:
            raise Refusal(
                f"`{function.name}` is called with `*`; pass its arguments one by one",
                path=self.frame.file.path,
                line=node.lineno,
            )
        passed |= dict(zip(every, node.args, strict=False))
        passed |= {one.arg: one.value for one in node.keywords if one.arg is not None}
        if arguments.kwarg is not None:
            every += [one.arg for one in arguments.kwonlyargs]
            passed = {name: one for name, one in passed.items() if name in every}
        defaulted = defaults.keys() - passed.keys()
        return {**defaults, **passed}, set(defaulted)

    def _extra_keywords(
        self, node: ast.Call, function: ast.FunctionDef
    ) -> dict[str, list[ast.keyword]]:
        """Returns what the `**kwargs` of a helper are in a call, by their name."""
        arguments = function.args
        if arguments.kwarg is None:
            return {}
        names = {one.arg for one in [*arguments.args, *arguments.kwonlyargs]}
        extra = [
            ast.keyword(arg=one.arg, value=self.visit(one.value))
            for one in node.keywords
            if one.arg not in names
        ]
        return {arguments.kwarg.arg: extra}

    def _with_keywords(self, node: ast.Call) -> ast.Call:
        """Writes out the arguments that the function around was called with, of `f(x, **kwargs)`.

        Raises:
          Refusal: A layer, or a helper that is put in place, gets other arguments by `**`.
        """
        starred = [one for one in node.keywords if one.arg is None]
        if not starred:
            return node
        known = self.frame.keywords
        keywords: list[ast.keyword] = []
        for one in node.keywords:
            name = one.value.id if isinstance(one.value, ast.Name) else ""
            given = known.get(name, [one]) if one.arg is None else [one]
            read = set().union(*(loads(each.value) for each in given))
            # They are the caller's already, and must not be taken for variables of this function.
            is_clear = given == [one] or not read & {*self.frame.names, *self.frame.local}
            keywords += given if is_clear else [one]
        new = ast.copy_location(ast.Call(func=node.func, args=node.args, keywords=keywords), node)
        if any(one.arg is None for one in keywords):
            found = executions(node, self.frame, self.modes)
            calls = [call for each in found.values() for call in each]
            if any(is_part(c) or c.variables or c.callee.api.startswith(LAYERS) for c in calls):
                raise Refusal(
                    f"`{ast.unparse(node.func)}` is called with `**`; pass its arguments one by "
                    "one",
                    path=self.frame.file.path,
                    line=node.lineno,
                )
        self.whole = new if node is self.whole else self.whole
        return new
