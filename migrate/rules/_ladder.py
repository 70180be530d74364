"""What the rules on the Estimator API share: the way of a name up the ladder."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from migrate.findings import Finding
from migrate.rules.base import Rule
from migrate.scanning.mentioned import Mentioned
from migrate.scanning.syntax import Function, SourceModule, api_name


class LadderRule(Rule):
    """A part of the Estimator API, with its way to the rungs run, host and own.

    There is one finding for a name in a file, where it is first used, and the effort counts once in
    a file: the names of a rule go the same way.

    Attributes:
      names: The names below `tf`.
      run: What runs it unedited; "" where `run_of` tells it.
      host: What becomes of it in a custom loop.
      own: What becomes of it in TF2 source code.
    """

    names: ClassVar[frozenset[str]]
    run: ClassVar[str] = ""
    host: ClassVar[str]
    own: ClassVar[str]

    @classmethod
    def refers(cls, mentioned: Mentioned) -> bool:
        """Tells whether a module may refer to a name of the rule, if the rule has names."""
        needed = cls.needs or cls.names
        return not needed or mentioned.may_refer_to(needed)

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the first use of each name."""
        seen: set[str] = set()
        for node, name in self.uses(module):
            if name not in seen and not module.is_for_other_versions(node):
                effort = 0 if seen else self.effort
                seen.add(name)
                yield self.finding(module, node, self.message(name), effort=effort)

    def uses(self, module: SourceModule) -> Iterator[tuple[ast.expr, str]]:
        """Yields the expressions that stand for one of the names, with the name."""
        for reference in module.references:
            name = api_name(reference.symbols[0])
            if name in self.names and not isinstance(reference.node, ast.alias):
                around = next(iter(module.parents(reference.node)), None)
                if not isinstance(around, Function):  # it is an annotation
                    yield reference.node, name

    def message(self, name: str) -> str:
        """Returns the way of a name."""
        run = self.run or run_of(name)
        return f"`tf.{name}`. Run: {run}. Host: {self.host}. Own: {self.own}."


def run_of(name: str) -> str:
    """Returns what the Run rung makes of a name of `tf.estimator` or `tf.contrib`."""
    # These tables take long to import, and most files need none of them.
    from estimator_compat.api import coverage

    status = coverage.status(name)
    remark = f" ({status.remark})" if status.remark else ""
    if status.kind is coverage.Kind.LATER:
        return "not in `estimator_compat` yet"
    if status.kind is coverage.Kind.NEVER:
        return f"never in `estimator_compat`{remark}"
    if not name.startswith("estimator."):
        return f"it runs under `python -m estimator_compat run`{remark}"
    from estimator_compat.api import places

    ours = name.replace("estimator", "estimator_compat", 1)
    if name.removeprefix("estimator.") in places.OF_TWO_VERSIONS:
        return f"`{ours.replace('.', '.v1.', 1)}`, of TensorFlow 1, or `{ours}` has it{remark}"
    return f"`{ours}` has it{remark}"
