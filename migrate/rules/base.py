"""What a rule is: a class in a file of its own, with its page in its docstring."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from collections.abc import Iterator
from typing import ClassVar

from migrate.findings import Edit, Finding, Fix, RuleSummary, Severity
from migrate.scanning.mentioned import Mentioned
from migrate.scanning.syntax import SourceModule

SECTIONS = ("Finds", "Why it matters", "Rewrite safety", "References")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A program, and what its rule says about it.

    Attributes:
      code: The program.
      lines: The lines that the rule finds, in order; empty for a program that is right.
      because: Words of the first message; "" for a program that is right.
      after: The program after the rule's edits; None if there are none.
      path: What the file is called.
    """

    code: str
    lines: tuple[int, ...] = ()
    because: str = ""
    after: str | None = None
    path: str = "example.py"


class Rule:
    """Something that a scan finds.

    The docstring of a rule has a first line that says what it finds, and the `SECTIONS`.

    Attributes:
      code: Its code, which never changes and is never used again.
      severity: How much a finding matters, unless the finding says otherwise.
      effort: The whole minutes that a person needs for a finding, unless it says otherwise.
      effort_reason: Why it takes that long.
      examples: Programs that are found, and programs that are not.
      words: Without one of them in its text, a module has nothing that the rule could find; empty
        if every module may.
      needs: Names below `tf`, such as `losses` or `nn.relu`: a module that refers to none of them,
        and to nothing below them, has nothing that the rule could find; empty if every module may.
    """

    code: ClassVar[str]
    severity: ClassVar[Severity]
    effort: ClassVar[int]
    effort_reason: ClassVar[str]
    examples: ClassVar[tuple[Example, ...]]
    words: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def concerns(cls, text: str) -> bool:
        """Tells whether a module with this text may have something that the rule finds."""
        return not cls.words or any(word in text for word in cls.words)

    @classmethod
    def may_find(cls, mentioned: Mentioned) -> bool:
        """Tells whether a module that is not parsed yet may have something that the rule finds."""
        return (
            cls.check is not Rule.check and cls.refers(mentioned) and cls.concerns(mentioned.text)
        )

    @classmethod
    def refers(cls, mentioned: Mentioned) -> bool:
        """Tells whether the symbols that a module may refer to allow a finding."""
        return not cls.needs or mentioned.may_refer_to(cls.needs)

    def check(self, module: SourceModule) -> Iterator[Finding]:  # noqa: ARG002
        """Yields what the rule finds in a module.

        A rule on files that cannot be parsed yields nothing here: the scan reports those.
        """
        yield from ()

    def finding(
        self,
        module: SourceModule,
        node: ast.expr | ast.stmt | ast.alias | ast.keyword,
        message: str,
        *,
        edit: Edit | None = None,
        fix: Fix | None = None,
        severity: Severity | None = None,
        effort: int | None = None,
    ) -> Finding:
        """Returns a finding at the beginning of a node; `fix` is given instead of `edit`."""
        source = module.source
        edits = fix.edits if fix is not None else ()
        return Finding(
            code=self.code,
            path=module.path,
            line=node.lineno,
            column=source.column(node.lineno, node.col_offset),
            message=message,
            severity=severity or self.severity,
            effort=self.effort if effort is None else effort,
            edit=edits[0] if edits else edit,
            also=edits[1:],
            is_safe=fix is None or fix.is_safe,
            text=source.line(node.lineno).strip(),
        )

    @classmethod
    def summary(cls) -> RuleSummary:
        """Returns what reports say about the rule."""
        first = page(cls).splitlines()[2]
        return RuleSummary(code=cls.code, name=name(cls), summary=first, page=page(cls))


def name(rule: type[Rule]) -> str:
    """Returns the name of a rule: the name of its file, with hyphens."""
    return rule.__module__.rpartition(".")[2].replace("_", "-")


def page(rule: type[Rule]) -> str:
    """Returns the page of a rule: its docstring, its effort and its examples, as Markdown."""
    lines = [f"# {rule.code} {name(rule)} ({rule.severity.value})", ""]
    lines += inspect.cleandoc(rule.__doc__ or "").splitlines()
    lines += ["", "Effort:", f"  {rule.effort} minutes. {rule.effort_reason}", "", "Examples:"]
    for example in rule.examples:
        where = ", ".join(map(str, example.lines))
        lines.append(f"  found in line {where}:" if example.lines else "  not found:")
        lines += ["", *(f"      {line}".rstrip() for line in example.code.splitlines()), ""]
    return "\n".join(lines).rstrip() + "\n"
