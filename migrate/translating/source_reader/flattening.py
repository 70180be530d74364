"""Flattens a model_fn: one list of statements, without branches on the mode, helpers put in place.

A helper that makes variables, or that does something else in another mode, is put in the place of its
call. Other helpers stay functions.
"""

import ast
import copy
import dataclasses
from collections.abc import Callable, Collection, Mapping

from migrate.translating.facts import Call, Span, TensorFact
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader import source_files
from migrate.translating.source_reader.source_files import SourceFile
from migrate.translating.source_reader.statements import Statement, loads, stores

TRAINING = "training"

# Calls of these make a helper a part of the model, even if they make no variable.
_PARTS = (
    "tf.layers.", "tf.losses.", "tf.metrics.", "tf.summary.", "tf.keras.layers.", "tf.train.",
    "tf.nn.dropout", "tf.nn.rnn_cell.", "tf.variable_scope", "tf.get_variable", "tf.lookup.",
    "tf.feature_column.input_layer", "tf.feature_column.linear_model",
)  # fmt: skip
# `with` statements whose body is the same without them.
_TRANSPARENT = (
    "tf.variable_scope", "tf.name_scope", "tf.control_dependencies", "tf.device",
    "tf.colocate_with",
)  # fmt: skip


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
      kept: The helpers that stayed functions.
      files: The files whose source was read.
    """

    statements: list[Statement]
    returned: dict[str, ast.expr]
    facts: dict[ast.AST, dict[str, list[Call]]]
    values: dict[ast.AST, dict[str, object]]
    features: str
    labels: str
    kept: dict[str, tuple[SourceFile, ast.FunctionDef]]
    files: list[SourceFile]


@dataclasses.dataclass(slots=True)
class _Frame:
    """A function being flattened: its file, its calls in each mode, new names of its variables.

    `owner` is the name of the object whose method it is; "" for a function.
    """

    file: SourceFile
    calls: Mapping[str, Call]
    names: dict[str, str | ast.expr]
    functions: dict[str, ast.FunctionDef]
    owner: str = ""


def flatten(
    model_fn: Span,
    calls: Mapping[str, Call],
    *,
    tensors: Collection[str] = (),
    attributes: Collection[str] = (),
) -> Flattened:
    """Flattens a model_fn.

    Args:
      model_fn: The file and the first line of the function.
      calls: The call of the model_fn in each mode.
      tensors: The names of tensors that the source must show: a helper that computes one, and does
        not return it, is put in the place of its call.
      attributes: The names of the attributes of the object whose method the model_fn is, that are
        constants. They are called by their names in capitals; others become variables.

    Raises:
      Refusal: The source does not have a form that can be flattened.
    """
    return _Flattening(frozenset(tensors), frozenset(attributes)).run(model_fn, calls)


class _Flattening:
    def __init__(self, tensors: frozenset[str], attributes: frozenset[str]) -> None:
        self.tensors, self.attributes = tensors, attributes
        self.own_names: dict[str, str] = {}
        self.facts: dict[ast.AST, dict[str, list[Call]]] = {}
        self.values: dict[ast.AST, dict[str, object]] = {}
        self.kept: dict[str, tuple[SourceFile, ast.FunctionDef]] = {}
        self.files: list[SourceFile] = []
        self.used: set[str] = set()

    def run(self, model_fn: Span, calls: Mapping[str, Call]) -> Flattened:
        file = source_files.load(model_fn.file)
        function = _function(file, model_fn)
        self.files.append(file)
        self.used = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}
        names = [one.arg for one in [*function.args.args, *function.args.kwonlyargs]]
        self.used |= set(names)
        frame = _Frame(file, calls, {}, {}, names[0] if names[:1] == ["self"] else "")
        statements, returned = self._body(function.body, frame, frozenset(calls))
        return Flattened(
            statements=statements,
            returned=returned,
            facts=self.facts,
            values=self.values,
            features="features",
            labels="labels" if "labels" in names else "",
            kept=self.kept,
            files=self.files,
        )

    def _body(
        self, body: list[ast.stmt], frame: _Frame, modes: frozenset[str]
    ) -> tuple[list[Statement], dict[str, ast.expr]]:
        statements: list[Statement] = []
        returned: dict[str, ast.expr] = {}
        for index, node in enumerate(body):
            modes = modes - frozenset(returned)
            if not modes:
                break
            is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if isinstance(node, ast.Pass) or (index == 0 and is_docstring):
                continue
            made, ends = self._statement(node, frame, modes)
            if made:
                made[0].comments[:0] = frame.file.comments_before(node)
            statements += made
            returned |= ends
        return statements, returned

    def _statement(
        self, node: ast.stmt, frame: _Frame, modes: frozenset[str]
    ) -> tuple[list[Statement], dict[str, ast.expr]]:
        if isinstance(node, ast.If):
            return self._branch(node, frame, modes)
        if isinstance(node, ast.Return):
            before, value = self._expression(node.value or ast.Constant(value=None), frame, modes)
            return before, dict.fromkeys(modes, value)
        if isinstance(node, ast.With):
            return self._with(node, frame, modes)
        if isinstance(node, ast.For):
            return self._loop(node, frame, modes), {}
        if isinstance(node, ast.FunctionDef):
            frame.functions[node.name] = node
            return [Statement(copy.deepcopy(node), modes)], {}
        if isinstance(node, ast.Assert | ast.Delete | ast.Global | ast.Nonlocal | ast.Import):
            return [], {}
        if not isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr):
            raise Refusal(
                f"`{type(node).__name__.lower()}` in a model_fn is not translated; write the same "
                "with `if`, `for` and assignments",
                path=frame.file.path,
                line=node.lineno,
            )
        return self._simple(node, frame, modes), {}

    def _simple(
        self,
        node: ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr,
        frame: _Frame,
        modes: frozenset[str],
    ) -> list[Statement]:
        before: list[Statement] = []
        new = copy.copy(node)
        if node.value is not None:
            before, new.value = self._expression(node.value, frame, modes)
            self.note(new.value, node.value, frame)
        rename = _Rename(frame.names, lambda target: self.own_name(target, frame, store=True))
        if isinstance(new, ast.Assign):
            new.targets = [rename.visit(copy.deepcopy(target)) for target in new.targets]
            return before + [Statement(one, modes) for one in self._split(new)]
        if not isinstance(new, ast.Expr):
            new.target = rename.visit(copy.deepcopy(new.target))
        return [*before, Statement(new, modes)]

    def own_name(self, node: ast.Attribute, frame: _Frame, *, store: bool = False) -> str:
        """Returns the name of an attribute of the model_fn's object; "" for other attributes.

        Raises:
          Refusal: A constant is changed.
        """
        if not frame.owner or not isinstance(node.value, ast.Name) or node.value.id != frame.owner:
            return ""
        if node.attr in self.attributes:
            if store:
                raise Refusal(
                    f"`{ast.unparse(node)}` has a value before the model_fn is called, and is "
                    "changed in it; use a variable of another name",
                    path=frame.file.path,
                    line=node.lineno,
                )
            return node.attr.upper()
        if node.attr not in self.own_names:
            name = node.attr
            while name in self.used:
                name = f"{name}_"
            self.used.add(name)
            self.own_names[node.attr] = name
        return self.own_names[node.attr]

    def note(self, new: ast.expr, node: ast.expr, frame: _Frame) -> None:
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
        pairs = list(zip(target.elts, value.elts, strict=True))
        if any(stores(to) & loads(by) for to, _ in pairs for other, by in pairs if other is not to):
            return [node]
        made: list[ast.stmt] = []
        for to, by in pairs:
            if isinstance(to, ast.Name) and isinstance(by, ast.Name) and to.id == by.id:
                continue
            made.append(ast.Assign(targets=[to], value=by, lineno=node.lineno))
        return made

    def _branch(
        self, node: ast.If, frame: _Frame, modes: frozenset[str]
    ) -> tuple[list[Statement], dict[str, ast.expr]]:
        span = frame.file.span(node.test)
        seen = {mode: set(frame.calls[mode].branches.get(span, ())) for mode in modes}
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
                made, ends = self._body(body, frame, chosen)
                statements += made
                returned |= ends
        return statements, returned

    def _with(
        self, node: ast.With, frame: _Frame, modes: frozenset[str]
    ) -> tuple[list[Statement], dict[str, ast.expr]]:
        for item in node.items:
            found = self._executions(item.context_expr, frame, modes)
            names = {call.callee.api for calls in found.values() for call in calls}
            if not names <= set(_TRANSPARENT) or not names:
                raise Refusal(
                    f"`with {ast.unparse(item.context_expr)}` is not translated",
                    path=frame.file.path,
                    line=node.lineno,
                )
        return self._body(node.body, frame, modes)

    def _loop(self, node: ast.For, frame: _Frame, modes: frozenset[str]) -> list[Statement]:
        before, iterated = self._expression(node.iter, frame, modes)
        body, returned = self._body(node.body, frame, modes)
        if returned or node.orelse or any(one.modes != modes for one in body):
            raise Refusal(
                "a loop that returns, has an `else`, or does something else in another mode is not "
                "translated; write it out",
                path=frame.file.path,
                line=node.lineno,
            )
        target = _Rename(frame.names).visit(copy.deepcopy(node.target))
        loop = ast.For(target=target, iter=iterated, body=[one.node for one in body], orelse=[])
        loop.lineno = node.lineno
        return [*before, Statement(loop, modes)]

    def _expression(
        self, node: ast.expr, frame: _Frame, modes: frozenset[str]
    ) -> tuple[list[Statement], ast.expr]:
        """Returns statements that must run before, and the expression."""
        visitor = _Expressions(self, frame, modes)
        new = visitor.run(node)
        return visitor.before, new

    def _executions(
        self, node: ast.expr, frame: _Frame, modes: frozenset[str]
    ) -> dict[str, list[Call]]:
        span = frame.file.span(node)
        return {
            mode: [call for call in frame.calls[mode].calls if call.span == span]
            for mode in modes
            if mode in frame.calls
        }


class _Expressions(ast.NodeTransformer):
    """Copies an expression: renames, puts helpers in place, and notes the facts of the calls."""

    def __init__(self, flattening: _Flattening, frame: _Frame, modes: frozenset[str]) -> None:
        self.flattening, self.frame, self.modes = flattening, frame, modes
        self.before: list[Statement] = []

    def run(self, node: ast.expr) -> ast.expr:
        made: ast.expr = self.visit(node)
        return made

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Copies a node: the tree of the file stays as it is."""
        new = copy.copy(node)
        if isinstance(node, ast.expr):
            self.flattening.note(new, node, self.frame)  # type: ignore[arg-type]
        for field, value in ast.iter_fields(node):
            if isinstance(value, list):
                setattr(new, field, [self._visited(one) for one in value])
            elif isinstance(value, ast.AST):
                setattr(new, field, self.visit(value))
        return new

    def _visited(self, value: object) -> object:
        return self.visit(value) if isinstance(value, ast.AST) else value

    def visit_Name(self, node: ast.Name) -> ast.AST:
        new = self.frame.names.get(node.id, node.id)
        if isinstance(new, str):
            return ast.copy_location(ast.Name(id=new, ctx=node.ctx), node)
        made: ast.expr = copy.deepcopy(new)
        if new in self.flattening.values:
            self.flattening.values[made] = self.flattening.values[new]
        return made

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """`self.units` is a constant, or a variable."""
        name = self.flattening.own_name(node, self.frame)
        if not name:
            return self.generic_visit(node)
        return ast.copy_location(ast.Name(id=name, ctx=node.ctx), node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """`mode == ModeKeys.TRAIN` is `training`."""
        if len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
            names = {ast.unparse(node.left), ast.unparse(node.comparators[0])}
            keys = {one for one in names if one.endswith((".TRAIN", "'train'"))}
            if keys and names - keys == {"mode"}:
                return ast.copy_location(ast.Name(id=TRAINING, ctx=ast.Load()), node)
        return self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        span = self.frame.file.span(node.test)
        seen = {v for m in self.modes for v in self.frame.calls[m].branches.get(span, ())}
        if len(seen) == 1:
            made: ast.AST = self.visit(node.body if seen == {True} else node.orelse)
            return made
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        found = self.flattening._executions(node, self.frame, self.modes)
        calls = [call for each in found.values() for call in each]
        if any(_is_part(call) or _hides(call, self.flattening.tensors) for call in calls):
            return self._in_place(node, found)
        new = self.generic_visit(node)
        self.flattening.facts[new] = found
        self._keep(node, calls)
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
                f"`{ast.unparse(node.func)}` makes variables and is called in a loop, or not in all "
                "modes that run this line",
                path=self.frame.file.path,
                line=node.lineno,
            )
        [span] = spans
        assert span is not None
        file = source_files.load(span.file)
        if file not in self.flattening.files:
            self.flattening.files.append(file)
        function = _function(file, span)
        calls = {mode: each[0] for mode, each in found.items()}
        names, assigned = self._arguments(node, function, calls)
        first = function.args.args[:1]
        is_own = isinstance(node.func, ast.Attribute) and (
            ast.unparse(node.func.value) == self.frame.owner
        )
        owner = first[0].arg if is_own and first else ""
        frame = _Frame(file, calls, names, dict(self.frame.functions), owner)
        self.before += assigned
        statements, returned = self.flattening._body(function.body, frame, self.modes)
        self.before += statements
        texts = {ast.unparse(value) for value in returned.values()}
        if len(texts) != 1 or set(returned) != set(self.modes):
            raise Refusal(
                f"`{function.name}` returns something else in another mode",
                path=file.path,
                line=function.lineno,
            )
        return next(iter(returned.values()))

    def _arguments(
        self, node: ast.Call, function: ast.FunctionDef, calls: Mapping[str, Call]
    ) -> tuple[dict[str, str | ast.expr], list[Statement]]:
        """Returns what the helper's names are called here, and the assignments of its arguments."""
        passed = self._passed(node, function)
        written = set().union(*(stores(one) for one in function.body))
        names: dict[str, str | ast.expr] = {}
        assigned: list[Statement] = []
        for name, argument in passed.items():
            is_training = {m: c.arguments.get(name) for m, c in calls.items()} == {
                mode: mode == "train" for mode in calls
            }
            value: ast.expr = self.visit(argument)
            if is_training and len(calls) > 1:
                names[name] = ast.Name(id=TRAINING, ctx=ast.Load())
            elif name not in written and _is_simple(value):
                names[name] = value
            else:
                names[name] = new_name = self._new_name(name, function, value)
                to = ast.Name(id=new_name, ctx=ast.Store())
                made = ast.Assign(targets=[to], value=value, lineno=node.lineno)
                if not (isinstance(value, ast.Name) and value.id == names[name]):
                    assigned.append(Statement(made, self.modes))
        for name in sorted(written - set(passed)):
            names[name] = self._new_name(name, function, None)
        return names, assigned

    def _new_name(self, name: str, function: ast.FunctionDef, value: ast.expr | None) -> str:
        """Returns a name for a helper's variable that nothing else here has."""
        new = name
        same = isinstance(value, ast.Name) and value.id == name
        while new in self.flattening.used and not same:
            new = f"{function.name}_{name}" if new == name else f"{new}_"
        self.flattening.used.add(new)
        return new

    def _passed(self, node: ast.Call, function: ast.FunctionDef) -> dict[str, ast.expr]:
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
        for name, default in defaults.items():
            passed.setdefault(name, default)
        return passed


class _Rename(ast.NodeTransformer):
    """Renames what an assignment writes."""

    def __init__(
        self,
        names: Mapping[str, str | ast.expr],
        own_name: Callable[[ast.Attribute], str] = lambda _: "",
    ) -> None:
        self.names, self.own_name = names, own_name

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        name = self.own_name(node)
        if not name:
            return self.generic_visit(node)
        return ast.copy_location(ast.Name(id=name, ctx=node.ctx), node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        new = self.names.get(node.id, node.id)
        if isinstance(new, str):
            return ast.copy_location(ast.Name(id=new, ctx=node.ctx), node)
        return copy.deepcopy(new) if isinstance(node.ctx, ast.Load) else node


def _function(file: SourceFile, span: Span) -> ast.FunctionDef:
    found = file.functions.get(span.line, [])
    if len(found) != 1:
        raise Refusal(
            "expected the source of one function at this line; a lambda, a function made with "
            "`exec`, or a file that has changed since it was imported cannot be read",
            path=span.file,
            line=span.line,
        )
    return found[0]


def _is_part(call: Call) -> bool:
    """Tells whether a user's function is a part of the model, and not only a formula."""
    if call.callee.span is None or call.callee.name == "<lambda>":
        return False
    inner = [one for one in call.walk() if one is not call]
    return bool(call.variables) or any(one.callee.api.startswith(_PARTS) for one in inner)


def _hides(call: Call, tensors: frozenset[str]) -> bool:
    """Tells whether a user's function computes one of the tensors, and returns something else."""
    if call.callee.span is None or call.callee.name == "<lambda>" or not tensors:
        return False
    if isinstance(call.result, TensorFact) and call.result.name in tensors:
        return False
    seen = [value for one in call.walk() for value in one.values.values()]
    seen += [one.result for one in call.walk() if one is not call]
    seen += [value for one in call.walk() if one is not call for value in one.arguments.values()]
    given = {v.name for v in call.arguments.values() if isinstance(v, TensorFact)}
    return any(isinstance(v, TensorFact) and v.name in tensors - given for v in seen)


def _is_simple(node: ast.expr) -> bool:
    """Tells whether an argument reads as well in the place of the parameter."""
    if isinstance(node, ast.Name | ast.Constant):
        return True
    if isinstance(node, ast.Attribute):
        return _is_simple(node.value)
    return (
        isinstance(node, ast.Subscript)
        and _is_simple(node.value)
        and isinstance(node.slice, ast.Constant)
    )
