"""The migration report, as values: what `migrate report` shows, in every format."""

from __future__ import annotations

import dataclasses

from estimator_compat.ledger.values import LossLedger
from migrate.findings import Finding, ModelFn, RuleSummary
from migrate.reports.loss_values import CodeBlock, CodeLine, LedgerPage
from migrate.verifying.verdict import Verdict

RUNGS = ("run", "host", "own")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """What `migrate translate` did with a target.

    Attributes:
      outcome: "whole" or another word of the command; "refused".
      source: The module; "" if it was refused.
      reason: Why it was refused.
      left_out: What it left out.
      verdict: Its proof; None if there is none.
    """

    outcome: str
    source: str = ""
    reason: str = ""
    left_out: tuple[str, ...] = ()
    verdict: Verdict | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A command on a target that did not do its work.

    Attributes:
      command: The command, such as "ledger".
      reason: What it said.
    """

    command: str
    reason: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TargetRun:
    """What running a target has shown.

    Attributes:
      target: The target, as it was named.
      ledgers: The measured ledgers.
      verdict: What `migrate verify` found of the hosted loop; None if it failed.
      translated: What `migrate translate` did; None if it failed.
      failures: The commands that failed.
    """

    target: str
    ledgers: tuple[LossLedger, ...] = ()
    verdict: Verdict | None = None
    translated: Translated | None = None
    failures: tuple[Failure, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RungPage:
    """Whether a model_fn reaches a rung.

    Attributes:
      name: One of `RUNGS`.
      status: "yes", "no" or "unknown" as its source says; "shown" or "refuted" where it was run.
      because: Why it does not, or what was shown.
    """

    name: str
    status: str
    because: str = ""

    @property
    def reaches(self) -> bool:
        """Whether it does, by its source or by a run."""
        return self.status in ("yes", "shown")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ModelFnPage:
    """The page of a model_fn.

    Attributes:
      id: Its anchor.
      model_fn: What the scan says.
      owner: Who owns the file.
      end_line: Its last line.
      code: Its lines, then lines elsewhere that its loss comes from; empty if they cannot be read.
      rungs: What it can reach, one each of `RUNGS`.
      read: The ledgers that were read from source; equal ones of two modes are one.
      measured: The ledgers of a run.
      disagreements: Where a ledger that was read is not the one that was measured.
      findings: The indices, in `Report.findings`, of what was found in it.
      hazards: The codes of the rules on losses and on lost state among them, each once.
      effort: The minutes of its findings.
      runs: What running it has shown.
    """

    id: str
    model_fn: ModelFn
    owner: str = ""
    end_line: int = 0
    code: tuple[CodeBlock, ...] = ()
    rungs: tuple[RungPage, ...] = ()
    read: tuple[LedgerPage, ...] = ()
    measured: tuple[LedgerPage, ...] = ()
    disagreements: tuple[str, ...] = ()
    findings: tuple[int, ...] = ()
    hazards: tuple[str, ...] = ()
    effort: int = 0
    runs: tuple[TargetRun, ...] = ()

    @property
    def ledgers(self) -> tuple[LedgerPage, ...]:
        """The ledgers to show first: what was measured, otherwise what was read."""
        return self.measured or self.read

    @property
    def reductions(self) -> tuple[str, ...]:
        """The reductions of the losses, each once; "other" where no row of the table reduces."""
        terms = [term for page in self.ledgers for term in page.terms if term.kind == "data"]
        return tuple(dict.fromkeys(term.reduction or "other" for term in terms))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FindingPage:
    """A finding, with its place in the report.

    Attributes:
      id: Its anchor.
      finding: The finding.
      owner: Who owns the file.
      before: The lines that its edit changes; empty without an edit.
      after: The same lines after the edit.
    """

    id: str
    finding: Finding
    owner: str = ""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """The line, after the cell in a notebook."""
        cell = getattr(self.finding, "cell", None)
        line = f"line {self.finding.line}"
        return line if cell is None else f"cell {cell}, {line}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MessageGroup:
    """The findings of a rule that say the same.

    Attributes:
      message: What they say.
      effort: Their minutes.
      findings: The indices, in `Report.findings`.
      owners: Who owns their files, each once.
    """

    message: str
    effort: int
    findings: tuple[int, ...]
    owners: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RuleGroup:
    """What a rule found.

    Attributes:
      rule: The rule.
      severity: The most severe finding's severity.
      effort: The minutes.
      findings: How many.
      files: In how many files.
      edits: How many of them `migrate rewrite` mends.
      messages: The findings by what they say, those with the most minutes first.
    """

    rule: RuleSummary
    severity: str
    effort: int
    findings: int
    files: int
    edits: int
    messages: tuple[MessageGroup, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FileGroup:
    """What was found in a file.

    Attributes:
      id: Its anchor.
      path: The file.
      owner: Who owns it.
      effort: The minutes.
      findings: The indices, in `Report.findings`.
      hunks: Lines of code around the findings; empty if the file cannot be read.
    """

    id: str
    path: str
    owner: str
    effort: int
    findings: tuple[int, ...]
    hunks: tuple[tuple[CodeLine, ...], ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OwnerGroup:
    """What an owner has to do."""

    owner: str
    effort: int
    findings: int
    files: int
    model_fns: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BaselineProgress:
    """What is left of a baseline, and what is new.

    Attributes:
      path: The baseline's file.
      known: The findings in it.
      left: Those that are still found.
      left_effort: Their minutes.
      new: The findings that are not in it.
      new_effort: Their minutes.
    """

    path: str
    known: int
    left: int
    left_effort: int
    new: int
    new_effort: int

    @property
    def gone(self) -> int:
        """The findings of the baseline that are no longer found."""
        return self.known - self.left


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The migration report.

    Attributes:
      paths: What was scanned, as it was named.
      date: The day, as `2026-11-28`; "" for none.
      version: The versions of this package and of TensorFlow.
      files: The files that were looked at.
      findings: By path and line.
      model_fns: By path and line.
      rules: The rule with the most minutes first.
      by_file: The file with the most minutes first.
      owners: The owner with the most minutes first.
      owned_by: Where the owners come from: the path of a CODEOWNERS file, or "" for folders.
      baseline: What is left against a baseline; None without one.
      targets: All targets that were run.
      elsewhere: Pages of targets whose model_fn stands in no file that was scanned.
    """

    paths: tuple[str, ...]
    date: str
    version: str
    files: tuple[str, ...]
    findings: tuple[FindingPage, ...]
    model_fns: tuple[ModelFnPage, ...]
    rules: tuple[RuleGroup, ...]
    by_file: tuple[FileGroup, ...]
    owners: tuple[OwnerGroup, ...]
    owned_by: str = ""
    baseline: BaselineProgress | None = None
    targets: tuple[TargetRun, ...] = ()
    elsewhere: tuple[ModelFnPage, ...] = ()

    @property
    def effort(self) -> int:
        """The minutes of all findings."""
        return sum(each.finding.effort for each in self.findings)

    @property
    def edits(self) -> int:
        """How many findings `migrate rewrite` mends."""
        return sum(each.finding.edit is not None for each in self.findings)

    def reaching(self, rung: str) -> int:
        """Returns how many model_fns reach a rung."""
        return sum(each.name == rung and each.reaches for m in self.model_fns for each in m.rungs)

    def with_status(self, rung: str, *statuses: str) -> int:
        """Returns for how many model_fns a rung has one of these statuses."""
        return sum(
            each.name == rung and each.status in statuses
            for model_fn in self.model_fns
            for each in model_fn.rungs
        )
