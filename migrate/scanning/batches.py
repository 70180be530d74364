"""What the rounds of a loop are over: batches of data or other things, and whether all are whole.

A loop over batches computes the same loss of other data in each round. A loop over models, crops,
time steps or tasks does not. Where that is not certain, a loop is not one over batches.
"""

from __future__ import annotations

import ast
import functools
from collections import defaultdict
from collections.abc import Iterator

from migrate.scanning.syntax import SourceModule

Loop = ast.For | ast.While
_BATCHES = frozenset({"batch", "padded_batch"})
# What hands on the elements of its first argument.
_HANDS_ON = frozenset({"enumerate", "experimental_distribute_dataset", "iter", "next", "tqdm"})
_PREDICTS = frozenset({"predict", "predict_on_batch"})
_DEEPEST = 6
_LONGEST = 20  # of a chain such as `ds.map(f).batch(8)`


def loop_around(node: ast.AST, module: SourceModule) -> Loop | None:
    """Returns the innermost loop around a node, in the same function; None without one."""
    for parent in module.parents(node):
        if isinstance(parent, ast.For | ast.While):
            return parent
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return None
    return None


class _Round:
    """One round of a loop or comprehension.

    Attributes:
      around: The loop.
      bound: The names that each round binds anew.
      counted: The names that count the rounds.
      taken: The datasets that the round takes the next element of, by `next`.
    """

    def __init__(self, around: ast.AST) -> None:
        self.around = around
        self.bound: set[str] = set()
        self.taken: list[ast.expr] = []
        target = getattr(around, "target", None)
        self.counted = {target.id} if isinstance(target, ast.Name) else set()
        for each in ast.walk(around):
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                self.bound.add(each.id)
            elif isinstance(each, ast.AugAssign) and isinstance(each.target, ast.Name):
                self.counted.add(each.target.id)
            elif isinstance(each, ast.Call) and each.args and _is_call_of(each, "next"):
                self.taken.append(each.args[0])

    @property
    def is_counted(self) -> bool:
        """Whether the rounds are only counted, and not over the elements of something."""
        around = self.around
        is_range = isinstance(around, ast.For) and _is_call_of(around.iter, "range")
        return is_range or isinstance(around, ast.While)


class BatchLoops:
    """Reads the loops of one module."""

    def __init__(self, module: SourceModule) -> None:
        self._module = module
        self._rounds: dict[ast.AST, _Round] = {}
        self._whole: dict[ast.AST, bool] = {}

    def is_of_each_batch(self, call: ast.Call, around: ast.AST) -> bool:
        """Tells whether a call in a loop or comprehension is given other data in each round.

        Args:
          call: The call of a loss, or of `session.run`, which is then asked for what it feeds.
          around: The loop or comprehension.
        """
        rounds = self._round(around)
        used = list(self._expanded(call, rounds))
        if not _takes_turns(used, rounds):
            return False
        data = [*call.args, *(keyword.value for keyword in call.keywords)]
        if isinstance(call.func, ast.Attribute) and call.func.attr == "run":
            values = map(self._module.value_of, data)
            feeds = [each for each in values if isinstance(each, ast.Dict)]
            return any(self._reads(each, rounds) for each in feeds)
        if any(_calls_bound(each, rounds) or self._is_part(each, rounds) for each in used):
            return False
        given = [each for each in data if not self._is_the_same(each)]
        return bool(given) and all(self._reads(each, rounds) for each in given)

    def are_whole(self, node: ast.AST) -> bool:
        """Tells whether all batches that a node sees certainly have the same number of examples.

        They do where the dataset drops a short batch or repeats its examples without end before it
        batches them, and where the rounds are a quotient of whole numbers.

        Args:
          node: What is in a loop over batches, or in a function that such a loop calls; or a
            comprehension over batches.
        """
        if isinstance(node, ast.ListComp | ast.GeneratorExp):
            return self._is_whole(node.generators[0].iter)
        loops = self._loops(node)
        return all(map(self._is_over_whole, loops)) if loops else self._all_are_whole

    def _round(self, around: ast.AST) -> _Round:
        if around not in self._rounds:
            self._rounds[around] = _Round(around)
        return self._rounds[around]

    def _expanded(self, node: ast.AST, rounds: _Round) -> Iterator[ast.AST]:
        """Yields the nodes of an expression, and of what the round has assigned to its names."""
        waiting, seen = [(node, 0)], set()
        while waiting:
            top, depth = waiting.pop()
            for each in ast.walk(top):
                yield each
                if not isinstance(each, ast.Name) or each.id in seen or depth > _DEEPEST:
                    continue
                seen.add(each.id)
                binding = self._module.binding(each) if each.id in rounds.bound else None
                value = binding.value if binding is not None else None
                if isinstance(value, ast.expr) and self._is_inside(value, rounds):
                    waiting.append((value, depth + 1))

    def _is_inside(self, node: ast.AST, rounds: _Round) -> bool:
        return any(parent is rounds.around for parent in self._module.parents(node))

    def _reads(self, node: ast.AST, rounds: _Round) -> bool:
        """Tells whether an expression reads a name that the round binds, but for what it calls."""
        return any(
            isinstance(each, ast.Name) and each.id in rounds.bound and not self._is_called(each)
            for each in self._expanded(node, rounds)
        )

    def _is_called(self, name: ast.Name) -> bool:
        parent = next(self._module.parents(name), None)
        return isinstance(parent, ast.Call) and parent.func is name

    def _is_the_same(self, node: ast.expr) -> bool:
        """Tells whether an argument is no data: a constant, or a model that the code calls."""
        if isinstance(node, ast.Constant):
            return True
        if not isinstance(node, ast.Name | ast.Attribute):
            return False
        name = node.attr if isinstance(node, ast.Attribute) else node.id
        return "model" in name.lower() or ast.unparse(node) in self._called

    @functools.cached_property
    def _called(self) -> frozenset[str]:
        """What the module calls, as it is written."""
        functions = [call.func for call in self._module.nodes(ast.Call)]
        named = [each for each in functions if isinstance(each, ast.Name | ast.Attribute)]
        return frozenset(map(ast.unparse, named))

    def _is_part(self, node: ast.AST, rounds: _Round) -> bool:
        """Tells whether a node is a part of what all rounds share: `y[:, t]`, or `y[task]`."""
        if not isinstance(node, ast.Subscript) or self._reads(node.value, rounds):
            return False
        index = node.slice
        if isinstance(index, ast.Tuple):
            first = index.elts[0]
            is_all = isinstance(first, ast.Slice) and first.lower is first.upper is None
            return is_all and any(self._reads(each, rounds) for each in index.elts[1:])
        target = getattr(rounds.around, "target", None)
        if not isinstance(index, ast.Name) or not isinstance(target, ast.Name):
            return False
        return index.id == target.id

    def _loops(self, node: ast.AST) -> list[Loop]:
        """Returns the loop around a node, or else those that call the function that it is in."""
        loop = loop_around(node, self._module)
        if loop is not None:
            return [loop]
        function = self._module.function_of(node)
        found = [] if function is None else self._loops_of_calls[function.name]
        return [] if None in found else [each for each in found if each is not None]

    @functools.cached_property
    def _loops_of_calls(self) -> defaultdict[str, list[Loop | None]]:
        """The loops around the calls of each function; None for a call outside of loops."""
        found: defaultdict[str, list[Loop | None]] = defaultdict(list)
        for call in self._module.nodes(ast.Call):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            loop = loop_around(call, self._module)
            if loop not in found[name]:
                found[name].append(loop)
        return found

    def _is_over_whole(self, loop: Loop) -> bool:
        if loop not in self._whole:
            self._whole[loop] = self._find_whole(loop)
        return self._whole[loop]

    def _find_whole(self, loop: Loop) -> bool:
        rounds = self._round(loop)
        if isinstance(loop, ast.For):
            if not rounds.is_counted:
                return self._is_whole(loop.iter)
            over = loop.iter.args  # type: ignore[attr-defined]
            if len(over) == 1 and self._is_quotient(over[0]):
                return True
        return bool(rounds.taken) and all(map(self._is_whole, rounds.taken))

    def _is_quotient(self, node: ast.AST) -> bool:
        """Tells whether an expression is `n // size` or `int(n / size)`."""
        module = self._module
        value = module.value_of(node)
        binding = module.binding(value) if isinstance(value, ast.Name) else None
        if binding is not None and isinstance(binding.value, ast.Tuple):
            value = binding.value.elts[binding.element or 0]  # total, steps = 0.0, n // 64
        if isinstance(value, ast.BinOp):  # `(n + size - 1) // size` counts a short batch, too
            is_sum = isinstance(module.value_of(value.left), ast.BinOp | ast.UnaryOp)
            return isinstance(value.op, ast.FloorDiv) and not is_sum
        if not isinstance(value, ast.Call) or not _is_call_of(value, "int") or not value.args:
            return False
        inner = module.value_of(value.args[0])
        return isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Div | ast.FloorDiv)

    def _is_whole(self, node: ast.AST, depth: int = 0) -> bool:
        """Tells whether the elements of a dataset are batches of one size."""
        value = self._module.value_of(node)
        if depth > _LONGEST:
            return False
        if isinstance(value, ast.Name | ast.Attribute):
            return self._all_are_whole
        if not isinstance(value, ast.Call):
            return False
        func = value.func
        if not isinstance(func, ast.Attribute) or func.attr in _HANDS_ON:
            return bool(value.args) and self._is_whole(value.args[0], depth + 1)
        if func.attr in _BATCHES:
            return _drops(value) or self._is_endless(func.value)
        return self._is_whole(func.value, depth + 1)

    def _is_endless(self, node: ast.AST) -> bool:
        """Tells whether a dataset repeats its elements without end."""
        value = self._module.value_of(node)
        for _ in range(_LONGEST):
            if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
                return False
            if value.func.attr == "repeat":
                return not value.args and not value.keywords
            value = self._module.value_of(value.func.value)
        return False

    @functools.cached_property
    def _all_are_whole(self) -> bool:
        """Whether each dataset that the module batches has whole batches only."""
        batched = [
            (call, call.func)
            for call in self._module.nodes(ast.Call)
            if isinstance(call.func, ast.Attribute) and call.func.attr in _BATCHES
        ]
        return bool(batched) and all(
            _drops(call) or self._is_endless(func.value) for call, func in batched
        )


def _takes_turns(used: list[ast.AST], rounds: _Round) -> bool:
    """Tells whether rounds that are only counted take the next data: not data drawn at random."""
    return not rounds.is_counted or any(
        (isinstance(each, ast.Name) and each.id in rounds.counted)
        or (isinstance(each, ast.Call) and "next" in ast.unparse(each.func))
        for each in used
    )


def _calls_bound(node: ast.AST, rounds: _Round) -> bool:
    """Tells whether a node calls another model in each round: `for m in models`."""
    func = node.func if isinstance(node, ast.Call) else None
    if isinstance(func, ast.Attribute) and func.attr in _PREDICTS:
        func = func.value
    return isinstance(func, ast.Name) and func.id in rounds.bound


def _is_call_of(node: ast.AST, name: str) -> bool:
    """Tells whether a node is a call of a function of this name, or of `tf` or another module."""
    func = node.func if isinstance(node, ast.Call) else None
    return getattr(func, "id", getattr(func, "attr", "")) == name


def _drops(call: ast.Call) -> bool:
    """Tells whether `batch(..., drop_remainder=True)` drops a short batch."""
    given = [keyword.value for keyword in call.keywords if keyword.arg == "drop_remainder"]
    if getattr(call.func, "attr", "") == "batch":
        given += call.args[1:2]
    return any(isinstance(each, ast.Constant) and each.value is True for each in given)
