"""What a scan finds, as values."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
from collections import Counter
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from estimator_compat.ledger.values import LossLedger


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

    def to_json(self) -> dict[str, Any]:
        """Returns the edit as `migrate scan --format=json` writes it."""
        return {"start": self.start, "end": self.end, "text": self.text}


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
      cell: In a notebook, the number of the cell among all cells, from 1; `line` is the line there.
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
    cell: int | None = None

    @property
    def place(self) -> str:
        """The path, the cell if there is one, the line and the column, as a terminal shows them."""
        cell = "" if self.cell is None else f"cell {self.cell}:"
        return f"{self.path}:{cell}{self.line}:{self.column}"

    @property
    def message_with_cell(self) -> str:
        """The message, after the cell if there is one: for formats that have no place for it."""
        return self.message if self.cell is None else f"Cell {self.cell}: {self.message}"

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
            "edit": None if self.edit is None else self.edit.to_json(),
            "also": [edit.to_json() for edit in self.also],
            "safe": None if self.edit is None else self.is_safe,
            **({} if self.cell is None else {"cell": self.cell}),
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
class Rung:
    """Whether a model_fn reaches a rung, as far as its source says.

    Attributes:
      status: "yes" if nothing in the source stands in the way, "no", or "unknown".
      because: Why it does not, or why it is not known; "" for "yes".
    """

    status: str = "unknown"
    because: str = "`migrate scan` does not determine it"

    def to_json(self) -> dict[str, str]:
        """Returns the rung as `migrate scan --format=json` writes it."""
        return {"status": self.status, "because": self.because}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rungs:
    """The rungs that a model_fn can reach.

    Attributes:
      run: `estimator_compat` runs it unedited.
      host: `migrate.host` puts it into a custom loop unedited.
      own: `migrate translate` writes it as a TF2 loop.
    """

    run: Rung = Rung()
    host: Rung = Rung()
    own: Rung = Rung()

    def to_json(self) -> dict[str, Any]:
        """Returns the rungs as `migrate scan --format=json` writes them."""
        return {name: getattr(self, name).to_json() for name in ("run", "host", "own")}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ModelFn:
    """A function that returns an EstimatorSpec.

    Attributes:
      path: Its file, as in a `Finding`.
      line: The line of its `def`.
      name: Its name, below those of the classes and functions that it stands in.
      train: The ledger of TRAIN's loss, read from the source; None if there is none.
      eval: The ledger of EVAL's loss, read from the source; None if there is none.
      because: Why a ledger is None; "" if both are there.
      optimizer: The optimizer as the source names it, such as `tf.train.AdamOptimizer`; "" if that
        is not known.
      rungs: What it can reach.
      cell: In a notebook, the number of its cell, as in a `Finding`.
    """

    path: str
    line: int
    name: str
    train: LossLedger | None = None
    eval: LossLedger | None = None
    because: str = ""
    optimizer: str = ""
    rungs: Rungs = Rungs()
    cell: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns the model_fn as `migrate scan --format=json` writes it."""
        ledgers = {"train": self.train, "eval": self.eval}
        return {
            "path": self.path,
            "line": self.line,
            "name": self.name,
            "ledger": {mode: each and each.to_json() for mode, each in ledgers.items()},
            "because": self.because,
            "optimizer": self.optimizer,
            "rungs": self.rungs.to_json(),
            **({} if self.cell is None else {"cell": self.cell}),
        }


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CannedEstimator:
    """A call that makes a canned estimator.

    Attributes:
      path: Its file, as in a `Finding`.
      line: Its line.
      name: The class, such as `DNNClassifier`.
      train: The ledger of TRAIN's loss, read from its arguments; None if it is not known.
      eval: The ledger of EVAL's loss, read from its arguments; None if it is not known.
      because: Why a ledger is None; "" if both are there.
      cell: In a notebook, the number of its cell, as in a `Finding`.
    """

    path: str
    line: int
    name: str
    train: LossLedger | None = None
    eval: LossLedger | None = None
    because: str = ""
    cell: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns the estimator as `migrate scan --format=json` writes it."""
        ledgers = {"train": self.train, "eval": self.eval}
        return {
            "path": self.path,
            "line": self.line,
            "name": self.name,
            "ledger": {mode: each and each.to_json() for mode, each in ledgers.items()},
            "because": self.because,
            **({} if self.cell is None else {"cell": self.cell}),
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
      canned_estimators: By path and line.
    """

    files: tuple[str, ...]
    findings: tuple[Finding, ...]
    model_fns: tuple[ModelFn, ...]
    rules: tuple[RuleSummary, ...]
    canned_estimators: tuple[CannedEstimator, ...] = ()

    @property
    def effort(self) -> int:
        """The minutes of all findings."""
        return sum(finding.effort for finding in self.findings)

    def without(self, fingerprints: Collection[str]) -> ScanReport:
        """Returns the report without the findings that have one of these fingerprints."""
        kept = [each for each in self.findings if each.fingerprint not in fingerprints]
        return dataclasses.replace(self, findings=tuple(kept))

    def to_json(self) -> dict[str, Any]:
        """Returns the report as `migrate scan --format=json` writes it."""
        return {
            "files": list(self.files),
            "findings": [finding.to_json() for finding in self.findings],
            "model_fns": [model_fn.to_json() for model_fn in self.model_fns],
            "canned_estimators": [each.to_json() for each in self.canned_estimators],
        }
