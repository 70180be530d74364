"""What a rewrite changes, as values."""

from __future__ import annotations

import dataclasses

from migrate.findings import RuleSummary, ScanReport


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The edits of one rule in a file.

    Attributes:
      code: The rule's code.
      edits: The number of findings that are mended.
      before: The content before them.
      after: The content after them.
    """

    code: str
    edits: int
    before: bytes
    after: bytes


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """What changes in a file.

    Attributes:
      path: The file, as in a `Finding`.
      steps: The steps, each on the content that the one before it has left; at least one.
    """

    path: str
    steps: tuple[Step, ...]

    @property
    def before(self) -> bytes:
        """The content as it is."""
        return self.steps[0].before

    @property
    def after(self) -> bytes:
        """The content after all steps."""
        return self.steps[-1].after

    @property
    def edits(self) -> int:
        """The number of findings that are mended."""
        return sum(step.edits for step in self.steps)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """What a rewrite changes, and what it leaves.

    Attributes:
      changes: The files that change, in order.
      left_out: The files that would change, too, but for the limit of changes.
      before: The scan of the files as they are.
      remaining: The scan of the files as they are afterwards: what a person mends.
      rules: The rules whose edits these are, by code.
    """

    changes: tuple[FileChange, ...]
    left_out: tuple[str, ...]
    before: ScanReport
    remaining: ScanReport
    rules: tuple[RuleSummary, ...]

    @property
    def edits(self) -> int:
        """The number of findings that are mended."""
        return sum(change.edits for change in self.changes)
