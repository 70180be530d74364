"""A rewrite as people read it: its diff, its patches, and what is left for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from migrate.findings import Finding
from migrate.reports import terminal
from migrate.reports.text_layout import plural
from migrate.rewriting import diffs
from migrate.rewriting.changes import Rewrite


def diff(rewrite: Rewrite) -> bytes:
    """Returns all changes as a diff that `git apply` takes."""
    return b"".join(diffs.diff(each.path, each.before, each.after) for each in rewrite.changes)


def patches(rewrite: Rewrite) -> Iterator[tuple[str, bytes]]:
    """Yields the name and the content of a patch for each rule, in their order."""
    rules = {rule.code: rule for rule in rewrite.rules}
    for number, patch in enumerate(diffs.series(rewrite.changes), 1):
        rule = rules[patch.code]
        count = f"{plural(patch.edits, 'edit')} in {plural(patch.files, 'file')}"
        head = f"{rule.code} {rule.name}: {count}\n\n{rule.summary}\n\n"
        yield f"{number:02}-{rule.code}-{rule.name}.patch", head.encode() + patch.diff


def render(rewrite: Rewrite, *, verb: str, names_files: bool) -> str:
    """Returns what is left, each with its line of code, and how much changes.

    Args:
      rewrite: The rewrite.
      verb: "changed" or "would change".
      names_files: Whether the files that change are listed.
    """
    lines = []
    if names_files:
        lines += [f"{verb} {each.path}: {_edits(each.edits)}" for each in rewrite.changes]
    if rewrite.remaining.findings:
        lines += ["", "Left for a person:"] if lines else ["Left for a person:"]
        lines += [line for each in rewrite.remaining.findings for line in _left(each)]
    lines += _totals(rewrite, verb)
    return "".join(line + "\n" for line in lines)


def _left(finding: Finding) -> list[str]:
    unsafe = ""
    if finding.edit is not None:
        unsafe = " (There is an edit, with `--unsafe`.)" if not finding.is_safe else ""
    head = f"{finding.place}: {finding.severity.value} {finding.code} {finding.message}{unsafe}"
    return [head, *([f"    {finding.text}"] if finding.text else [])]


def _edits(count: int) -> str:
    return plural(count, "edit")


def _totals(rewrite: Rewrite, verb: str) -> list[str]:
    files = plural(len(rewrite.changes), "file")
    by_code = Counter(
        {
            code: sum(
                step.edits
                for change in rewrite.changes
                for step in change.steps
                if step.code == code
            )
            for code in {step.code for change in rewrite.changes for step in change.steps}
        }
    )
    codes = ", ".join(f"{code} {count}" for code, count in sorted(by_code.items()))
    detail = f" ({codes})" if codes else ""
    before, after = len(rewrite.before.findings), len(rewrite.remaining.findings)
    lines = [
        f"{files} {verb}, of {len(rewrite.before.files)}; {_edits(rewrite.edits)}{detail}; "
        f"findings: {before} before, {after} left."
    ]
    if rewrite.left_out:
        names = ", ".join(rewrite.left_out)
        lines.append(f"Left out, because of `--max-changes`: {names}.")
    if after:
        lines.append(f"The rest: {terminal.duration(rewrite.remaining.effort)} of work.")
    return lines
