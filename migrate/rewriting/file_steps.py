"""The edits of all rules in one file, until there are no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from migrate.findings import Finding
from migrate.rewriting import edits, source_bytes
from migrate.rewriting.changes import Step
from migrate.rules.base import Rule
from migrate.scanning import engine
from migrate.scanning.bindings import Exports

# An edit may show the next one, such as that of a second name in a line. There are few such rounds,
# and a rule whose edits never end is cut off.
_ROUNDS = 20


def steps(
    data: bytes,
    path: str,
    rules: Sequence[Rule],
    wants: Callable[[Finding], bool],
    exports: Exports | None = None,
) -> Iterator[Step]:
    """Yields the steps that change a file; there are no wanted edits after the last.

    Args:
      data: The file's content.
      path: As it stands in findings.
      rules: The rules whose edits are made, in this order.
      wants: Whether the edits of a finding are made.
      exports: What other modules of the scanned tree export.
    """
    for _ in range(_ROUNDS):
        before = data
        codes = _codes(data, path, rules, wants, exports)
        for rule in rules:
            step = _step(data, path, rule, wants, exports) if rule.code in codes else None
            if step is not None:
                yield step
                data = step.after
                codes = _codes(data, path, rules, wants, exports)
        if data == before:
            return


def _codes(
    data: bytes,
    path: str,
    rules: Sequence[Rule],
    wants: Callable[[Finding], bool],
    exports: Exports | None,
) -> set[str]:
    """Returns the codes of the rules that have edits: one look at a file for all rules."""
    found = engine.scan_data(data, path, rules, exports).findings
    return {finding.code for finding in filter(wants, found)}


def _step(
    data: bytes,
    path: str,
    rule: Rule,
    wants: Callable[[Finding], bool],
    exports: Exports | None,
) -> Step | None:
    after = data
    count = 0
    for _ in range(_ROUNDS):
        found = engine.scan_data(after, path, [rule], exports).findings
        chosen, made = edits.choose(filter(wants, found))
        changed = source_bytes.with_edits(after, made, path) if made else None
        if changed is None or changed == after:
            break
        after = changed
        count += len(chosen)
    if after == data:
        return None
    return Step(code=rule.code, edits=count, before=data, after=after)
