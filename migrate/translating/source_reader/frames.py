"""Functions that are being flattened: what the run showed of their calls."""

import ast
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeGuard

from migrate.translating.border import is_forward
from migrate.translating.facts import Call, Span, TensorFact, Unknown
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.source_files import SourceFile
from migrate.translating.source_reader.statements import loads

# Calls of these make a helper a part of the model, even if they make no variable.
PARTS = (
    "tf.layers.", "tf.losses.", "tf.metrics.", "tf.summary.", "tf.keras.layers.", "tf.train.",
    "tf.nn.dropout", "tf.nn.rnn_cell.", "tf.variable_scope", "tf.get_variable", "tf.Variable",
    "tf.nn.dynamic_rnn", "tf.nn.bidirectional_dynamic_rnn",
    "tf.feature_column.input_layer", "tf.feature_column.linear_model", "tf.contrib.layers.",
)  # fmt: skip
# A comprehension with such calls is written out, and a loop in a helper that makes them.
LAYERS = (
    "tf.layers.", "tf.keras.layers.", "tf.nn.dropout", "tf.nn.rnn_cell.", "tf.get_variable",
    "tf.Variable", "tf.nn.dynamic_rnn", "tf.nn.bidirectional_dynamic_rnn", "tf.contrib.layers.",
)  # fmt: skip
# Each is read for itself: what it is called with is written where its number is needed.
READ_ONE_BY_ONE = ("tf.metrics.", "tf.losses.", "tf.nn.rnn_cell.")
_OF_OPTIMIZERS = ("apply_gradients", "compute_gradients", "minimize")
_INITIALIZERS = ("tf.initializers.", "tf.keras.initializers.")


@dataclasses.dataclass(slots=True)
class Frame:
    """A function being flattened.

    Attributes:
      file: Its file.
      calls: Its call in each mode.
      names: New names of its variables.
      functions: The functions that are defined in it.
      owner: The object whose method it is: "self" for that of the model_fn, "self.encoder" for an
        attribute; "" for a function.
      iteration: The iterations of the unrolled loops around.
      local: The names that are its own; names of `global` and `nonlocal` are not.
      keywords: The arguments that its `**kwargs` are, by the name of those.
      read_later: The variables, by their new names, that its callers read after its call.
    """

    file: SourceFile
    calls: Mapping[str, Call]
    names: dict[str, str | ast.expr]
    functions: dict[str, ast.FunctionDef]
    owner: str = ""
    iteration: dict[Span, int] = dataclasses.field(default_factory=dict)
    local: frozenset[str] = frozenset()
    read_later: frozenset[str] = frozenset()
    keywords: Mapping[str, list[ast.keyword]] = dataclasses.field(default_factory=dict)

    def around(self, node: ast.expr) -> ast.FunctionDef | None:
        """Returns the innermost function around an expression."""
        return min(
            (one for one in ast.walk(self.file.tree) if _is_around(one, node)),
            key=lambda one: (one.end_lineno or 0) - one.lineno,
            default=None,
        )

    def read_after(self, node: ast.expr) -> frozenset[str]:
        """Returns the variables, by their new names, that are read after a call in the function."""
        function = self.around(node)
        found = set(self.read_later) | self.captured(node)
        for name in _read_after(function, node) if function is not None else ():
            new = self.names.get(name, name)
            found |= {new} if isinstance(new, str) else loads(new)
        return frozenset(found)

    def captured(self, node: ast.expr) -> set[str]:
        """Returns the variables, by their new names, that functions read which are defined here.

        They read them when they are called, whatever stands between.

        Args:
          node: An expression in the function.
        """
        function = self.around(node)
        inner = [
            one
            for one in (ast.walk(function) if function is not None else ())
            if isinstance(one, ast.FunctionDef | ast.Lambda) and one is not function
        ]
        found: set[str] = set()
        for name in set().union(*(loads(one) for one in inner), set()):
            new = self.names.get(name, name)
            found |= {new} if isinstance(new, str) else loads(new)
        return found


def _is_around(function: ast.AST, node: ast.expr) -> TypeGuard[ast.FunctionDef]:
    return isinstance(function, ast.FunctionDef) and any(one is node for one in ast.walk(function))


def _read_after(function: ast.FunctionDef, node: ast.expr) -> set[str]:
    """Returns the names that a function reads behind a call, or in a loop around it."""
    end = (node.end_lineno or 0, node.end_col_offset or 0)
    looped = [
        one
        for loop in ast.walk(function)
        if isinstance(loop, ast.For | ast.While | ast.ListComp | ast.GeneratorExp | ast.DictComp)
        and any(inner is node for inner in ast.walk(loop))
        for one in ast.walk(loop)
    ]
    later = [one for one in ast.walk(function) if isinstance(one, ast.Name) and _place(one) >= end]
    return {
        one.id
        for one in [*looped, *later]
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)
    }


def _place(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def own_calls(
    call: Call, loops: tuple[tuple[Span, int], ...]
) -> Iterator[tuple[Call, tuple[tuple[Span, int], ...]]]:
    """Yields the calls of a function, those in generators that it passes on among them."""
    for one in call.calls:
        around = (*loops, *one.iterations)
        yield one, around
        if one.callee.span is None:
            yield from own_calls(one, around)


def calls_one_of(
    node: ast.AST, prefixes: tuple[str, ...], frame: Frame, modes: frozenset[str]
) -> bool:
    """Tells whether a node calls a function of TensorFlow whose name begins so."""
    return any(
        call.callee.api.startswith(prefixes)
        for one in ast.walk(node)
        if isinstance(one, ast.Call)
        for calls in executions(one, frame, modes).values()
        for call in calls
    )


def executions(node: ast.expr, frame: Frame, modes: frozenset[str]) -> dict[str, list[Call]]:
    """Returns the executions of a call expression, in each mode."""
    span, wanted = frame.file.span(node), frame.iteration.items()
    return {
        mode: [
            call
            for call, loops in own_calls(frame.calls[mode], ())
            if call.span == span and wanted <= dict(loops).items()
        ]
        for mode in modes
        if mode in frame.calls
    }


def function_at(file: SourceFile, span: Span) -> ast.FunctionDef:
    """Returns the function that begins at a line.

    Raises:
      Refusal: There is none, or there are several.
    """
    found = file.functions.get(span.line, [])
    if len(found) != 1:
        raise Refusal(
            "expected the source of one function at this line; a lambda, a function made with "
            "`exec`, or a file that has changed since it was imported cannot be read",
            path=span.file,
            line=span.line,
        )
    return found[0]


def local_names(function: ast.FunctionDef) -> frozenset[str]:
    """Returns the parameters of a function, and the names that it assigns."""
    nodes = list(ast.walk(function))
    found = {one.arg for one in nodes if isinstance(one, ast.arg)}
    found |= {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    found |= {n.name for n in nodes if isinstance(n, ast.FunctionDef)}
    outer = [n.names for n in nodes if isinstance(n, ast.Global | ast.Nonlocal)]
    return frozenset(found - set().union(*outer))


def is_part(call: Call) -> bool:
    """Tells whether a user's function is a part of the model, and not only a formula."""
    if call.callee.span is None or call.callee.name == "<lambda>":
        return False
    inner = [one for one in call.walk() if one is not call]
    return (
        bool(call.variables)
        or _makes_initializer(call)
        or any(one.callee.api.startswith(PARTS) or _chooses_rows(one) for one in inner)
    )


def namespace(calls: Sequence[Call]) -> str:
    """Returns the name of what a user's function returns of TensorFlow, such as "tf.losses"."""
    names = {one.result.description for one in calls if isinstance(one.result, Unknown)}
    users = all(one.callee.span is not None and not one.callee.makes for one in calls)
    if not calls or len(names) != 1 or not users:
        return ""
    [name] = names
    same = all(isinstance(one.result, Unknown) for one in calls)
    return name if same and name.startswith("tf.") else ""


def is_applied(name: str, frame: Frame, stays: Callable[[list[Call]], bool]) -> bool:
    """Tells whether a function calls an object, or a method of it, as a part of the model."""
    spans = {
        call.span
        for each in frame.calls.values()
        for call in each.calls
        if is_part(call) and is_forward(call) and not stays([call])
    }
    return any(
        isinstance(node, ast.Call)
        and dotted(node.func).partition(".")[0] == name
        and frame.file.span(node) in spans
        and dotted(node.func).rpartition(".")[2] not in _OF_OPTIMIZERS
        for node in ast.walk(frame.file.tree)
    )


def _makes_initializer(call: Call) -> bool:
    """Tells whether a function returns an initializer: a weight of Keras has one of its own."""
    apis = {one.callee.api for one in call.walk() if one is not call}
    return not isinstance(call.result, TensorFact) and any(
        one.endswith("_initializer") or one.startswith(_INITIALIZERS) for one in apis
    )


def _chooses_rows(call: Call) -> bool:
    """Tells whether a `tf.where` has a vector for its condition: TF2 writes it otherwise."""
    condition = call.arguments.get("condition")
    return (
        call.callee.api == "tf.where"
        and call.arguments.get("x") is not None
        and isinstance(condition, TensorFact)
        and (condition.shape is None or len(condition.shape) == 1)
    )


def dotted(node: ast.AST) -> str:
    """Returns "a.b" for an attribute of a name; "" for other expressions."""
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return node.id if isinstance(node, ast.Name) else ""


def hides(call: Call, tensors: frozenset[str]) -> bool:
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


def is_simple(node: ast.expr) -> bool:
    """Tells whether an argument reads as well in the place of the parameter."""
    if isinstance(node, ast.Name | ast.Constant):
        return True
    if isinstance(node, ast.Attribute):
        return is_simple(node.value)
    return (
        isinstance(node, ast.Subscript)
        and is_simple(node.value)
        and isinstance(node.slice, ast.Constant)
    )


def are_users(calls: Sequence[Call]) -> bool:
    """Tells whether a function of the user's is called."""
    return any(call.callee.span is not None for call in calls)


def assigned_names(node: ast.stmt) -> frozenset[str]:
    """Returns the names that an assignment binds anew."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    elements = [
        one
        for target in targets
        for one in (target.elts if isinstance(target, ast.Tuple) else [target])
    ]
    return frozenset(one.id for one in elements if isinstance(one, ast.Name))
