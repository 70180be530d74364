"""From paths to what changes in their files, and to what a person is left with."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Sequence
from typing import Any

from migrate import findings, rules
from migrate.findings import Finding, Fix, RuleSummary, ScanReport
from migrate.rewriting import edits, file_steps, linked_files, source_bytes
from migrate.rewriting.changes import FileChange, Rewrite, Step
from migrate.rules import removed_symbol
from migrate.rules.base import Rule
from migrate.scanning import engine, scan

# A file that changes may change what its importers see: they are looked at again.
_ROUNDS = 5


def rewrite(
    paths: Sequence[str],
    *,
    unsafe: bool = False,
    max_changes: int | None = None,
    overrides: dict[str, Any] | None = None,
    jobs: int | None = None,
    progress: scan.Progress | None = None,
) -> Rewrite:
    """Returns what a rewrite of files and folders changes; nothing is written, and nothing is run.

    Args:
      paths: Files and folders.
      unsafe: Whether edits that are not safe are made, too.
      max_changes: The largest number of edits; a file is changed wholly or not at all. None for no
        limit.
      overrides: Settings of a scan, as in `migrate.scanning.scan.scan`.
      jobs: The number of processes of the scan; None for one for each core.
      progress: Called with the number of files that are scanned, and of all files.

    Raises:
      FileNotFoundError: A path does not exist.
      ValueError: There is no Python file in `paths`, or a setting is wrong.
    """
    before = scan.scan(paths, overrides=overrides, jobs=jobs, progress=progress)
    tree = _Tree(before, unsafe=unsafe, max_changes=max_changes, overrides=overrides or {})
    return _changed(tree, before)


def rewrite_text(
    data: bytes,
    path: str,
    *,
    unsafe: bool = False,
    max_changes: int | None = None,
    overrides: dict[str, Any] | None = None,
) -> Rewrite:
    """Returns what a rewrite of the content of one file changes.

    Args:
      data: The content.
      path: The path that findings and the diff give it; it is not read.
      unsafe: As in `rewrite`.
      max_changes: As in `rewrite`.
      overrides: As in `rewrite`.
    """
    before = scan.scan_text(data, path, overrides=overrides)
    tree = _Tree(before, unsafe=unsafe, max_changes=max_changes, overrides=overrides or {})
    tree.give(before.files[0], data)
    return _changed(tree, before)


def _changed(tree: _Tree, before: ScanReport) -> Rewrite:
    tree.change()
    changes = tuple(tree.changes())
    codes = sorted({step.code for change in changes for step in change.steps})
    return Rewrite(
        changes=changes,
        left_out=tuple(sorted(tree.left_out)),
        before=before,
        remaining=tree.remaining(),
        rules=_summaries(codes),
    )


class _Tree:
    """The files of a rewrite, with the content that they have so far."""

    def __init__(
        self,
        before: ScanReport,
        *,
        unsafe: bool,
        max_changes: int | None,
        overrides: dict[str, Any],
    ) -> None:
        self._before = before
        self._unsafe = unsafe
        self._max_changes = max_changes
        self._overrides = overrides
        self._exports = scan.exports_of(before.files)
        self._rules = [rule() for rule in rules.catalogue().values()]
        self._steps: dict[str, list[Step]] = {}
        self._given: dict[str, bytes] = {}
        self.left_out: set[str] = set()

    def give(self, path: str, content: bytes) -> None:
        """Takes this for what a file holds, whatever is on the disk."""
        self._given[path] = content

    def change(self) -> None:
        """Makes all edits, file by file, until no file changes."""
        self._change_linked()
        todo = _files(filter(self._wants, self._before.findings))
        for _ in range(_ROUNDS):
            changed = [path for path in todo if self._change(path)]
            if not changed:
                break
            todo = _files(self._before.findings)

    def _change_linked(self) -> None:
        """Gives `tf.compat.v1` to files that are used with files for TensorFlow 1 only."""
        code = removed_symbol.RemovedSymbol.code
        files = [path for path in self._before.files if path not in self._given]
        for path, fix in linked_files.find(files, self._exports).items():
            data = self._content(path)
            is_selected = scan.settings_of(path, self._overrides).wants(_linked(path, fix))
            if data is None or path in self._steps or not is_selected:
                continue
            after = source_bytes.with_edits(data, edits.sorted_once(fix.edits))
            if after is None or not (fix.is_safe or self._unsafe):
                continue
            self._add(path, [Step(code=code, edits=1, before=data, after=after)])

    def _wants(self, finding: Finding) -> bool:
        is_wanted = scan.settings_of(finding.path, self._overrides).wants(finding)
        return is_wanted and finding.edit is not None and (finding.is_safe or self._unsafe)

    def _change(self, path: str) -> bool:
        data = self._content(path)
        if data is None or not path.endswith((".py", ".pyi", ".pyw", ".ipynb")):
            return False
        exports = self._exports.of_file(path)
        steps = list(file_steps.steps(data, path, self._editing(), self._wants, exports))
        return self._add(path, steps)

    def _add(self, path: str, steps: list[Step]) -> bool:
        count = sum(step.edits for step in steps)
        if self._max_changes is not None and self._count() + count > self._max_changes:
            self.left_out.add(path)
            return False
        if steps:
            self._steps[path] = _joined([*self._steps.get(path, ()), *steps])
            self._exports.replace(os.path.abspath(path), steps[-1].after)
        return bool(steps)

    def _editing(self) -> list[Rule]:
        """Returns the rules that have an example of an edit: no other rule makes one."""
        return [
            rule for rule in self._rules if any(each.after is not None for each in rule.examples)
        ]

    def _count(self) -> int:
        return sum(step.edits for steps in self._steps.values() for step in steps)

    def _content(self, path: str) -> bytes | None:
        """Returns what a file holds so far; None if it cannot be read."""
        if path in self._steps:
            return self._steps[path][-1].after
        if path in self._given:
            return self._given[path]
        try:
            with open(path, "rb") as file:
                return file.read()
        except OSError:
            return None

    def changes(self) -> list[FileChange]:
        """Returns the files that change, in the order of the scan."""
        return [
            FileChange(path=path, steps=tuple(self._steps[path]))
            for path in self._before.files
            if path in self._steps
        ]

    def remaining(self) -> ScanReport:
        """Scans the files that had findings as they are afterwards."""
        found = [
            finding
            for path in _files(self._before.findings)
            for finding in self._scan(path).findings
            if scan.settings_of(path, self._overrides).wants(finding)
        ]
        kept = tuple(findings.with_fingerprints(found))
        summaries = _summaries(sorted({finding.code for finding in kept}))
        return dataclasses.replace(self._before, findings=kept, rules=summaries)

    def _scan(self, path: str) -> engine.FileResult:
        exports = self._exports.of_file(path)
        content = self._content(path) if path in self._steps or path in self._given else None
        if content is None:
            return engine.scan_file(path, self._rules, exports)
        return engine.scan_data(content, path, self._rules, exports)


def _summaries(codes: Iterable[str]) -> tuple[RuleSummary, ...]:
    catalogue = rules.catalogue()
    return tuple(catalogue[code].summary() for code in codes)


def _joined(steps: list[Step]) -> list[Step]:
    """Joins steps of the same rule that follow each other."""
    result: list[Step] = []
    for step in steps:
        if result and result[-1].code == step.code:
            last = result.pop()
            count = last.edits + step.edits
            step = dataclasses.replace(step, before=last.before, edits=count)
        result.append(step)
    return result


def _linked(path: str, fix: Fix) -> Finding:
    """Returns a finding of the rule whose edits these are, to ask whether it is selected."""
    rule = removed_symbol.RemovedSymbol
    return Finding(
        code=rule.code,
        path=path,
        line=1,
        column=1,
        message="",
        severity=rule.severity,
        effort=0,
        edit=fix.edits[0],
    )


def _files(found: Iterable[Finding]) -> list[str]:
    return list(dict.fromkeys(finding.path for finding in found))
