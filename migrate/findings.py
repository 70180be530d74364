"""What a scan finds, as values."""

import dataclasses
import enum
import hashlib
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any


class Severity(enum.Enum):
    """How much a finding matters."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the most severe."""
        return list(Severity).index(self)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A replacement of a span of a file's text.

    Attributes:
      start: The first character that is replaced, from 0; a byte order mark does not count.
      end: The character after the last one that is replaced.
      text: What stands there afterwards.
    """

    start: int
    end: int
    text: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """The edits that mend a finding.

    Attributes:
      edits: At least one; the first is the finding's `edit`, the others are its `also`.
      is_safe: As in a `Finding`.
    """

    edits: tuple[Edit, ...]
    is_safe: bool = True


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something in a file that a rule has found.

    Attributes:
      code: The rule's code.
      path: The file, relative to the working folder, with `/`.
      line: From 1.
      column: From 1, in characters.
      message: What was found, and what to do.
      severity: How much it matters.
      effort: Whole minutes that a person needs for it.
      edit: The edit that mends it; None if there is none.
      also: Further edits without which `edit` is not whole, such as an import. Findings of a file
        may have the same ones; they are made once.
      is_safe: Whether the program does the same after the edits as it did before on the TensorFlow
        that it was written for. `migrate rewrite` makes other edits with `--unsafe` only.
      text: The line of code, without the blanks around it; "" if it cannot be read.
      fingerprint: The same as long as neither the rule, the path nor the line of code changes.
    """

    code: str
    path: str
    line: int
    column: int
    message: str
    severity: Severity
    effort: int
    edit: Edit | None = None
    also: tuple[Edit, ...] = ()
    is_safe: bool = True
    text: str = ""
    fingerprint: str = ""

    def to_json(self) -> dict[str, Any]:
        """Returns the finding as `migrate scan --format=json` writes it."""
        return {
            "code": self.code,
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "severity": self.severity.value,
            "effort": self.effort,
            "edit": None if self.edit is None else dataclasses.asdict(self.edit),
            "also": [dataclasses.asdict(edit) for edit in self.also],
            "safe": None if self.edit is None else self.is_safe,
        }


def with_fingerprints(findings: Iterable[Finding]) -> list[Finding]:
    """Gives findings their fingerprints; equal lines of a file are counted."""
    seen: Counter[tuple[str, str, str]] = Counter()
    result = []
    for finding in findings:
        key = (finding.code, finding.path, finding.text)
        seen[key] += 1
        digest = hashlib.sha256("\0".join([*key, str(seen[key])]).encode("utf-8", "replace"))
        result.append(dataclasses.replace(finding, fingerprint=digest.hexdigest()[:32]))
    return result


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ModelFn:
    """A function that returns an EstimatorSpec.

    Attributes:
      path: Its file, as in a `Finding`.
      line: The line of its `def`.
      name: Its name, below those of the classes and functions that it stands in.
    """

    path: str
    line: int
    name: str

    def to_json(self) -> dict[str, Any]:
        """Returns the model_fn as `migrate scan --format=json` writes it.

        This version does not read ledgers from source: they are None, and the rungs "unknown".
        """
        unknown = {"status": "unknown", "because": "`migrate scan` does not determine it yet"}
        return {
            "path": self.path,
            "line": self.line,
            "name": self.name,
            "ledger": {"train": None, "eval": None},
            "rungs": {"run": unknown, "host": unknown, "own": unknown},
        }


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RuleSummary:
    """What reports say about a rule.

    Attributes:
      code: The rule's code.
      name: Its name, in words joined by hyphens.
      summary: What it finds, in a sentence.
      page: All that `migrate rules CODE` prints.
    """

    code: str
    name: str
    summary: str
    page: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ScanReport:
    """The result of a scan.

    Attributes:
      files: The Python files that were looked at, in order.
      findings: By path and line.
      model_fns: By path and line.
      rules: The rules of the findings, by code.
    """

    files: tuple[str, ...]
    findings: tuple[Finding, ...]
    model_fns: tuple[ModelFn, ...]
    rules: tuple[RuleSummary, ...]

    @property
    def effort(self) -> int:
        """The minutes of all findings."""
        return sum(finding.effort for finding in self.findings)

    def without(self, fingerprints: Collection[str]) -> "ScanReport":
        """Returns the report without the findings that have one of these fingerprints."""
        kept = [each for each in self.findings if each.fingerprint not in fingerprints]
        return dataclasses.replace(self, findings=tuple(kept))

    def to_json(self) -> dict[str, Any]:
        """Returns the report as `migrate scan --format=json` writes it."""
        return {
            "files": list(self.files),
            "findings": [finding.to_json() for finding in self.findings],
            "model_fns": [model_fn.to_json() for model_fn in self.model_fns],
        }
