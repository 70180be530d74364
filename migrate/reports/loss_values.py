"""A loss on a page of the migration report, as values: formula, code, facts and numbers."""

from __future__ import annotations

import dataclasses
import enum

from estimator_compat.ledger.values import LossLedger


class Role(str, enum.Enum):
    """What a part of a formula, or a line of code, is to the loss."""

    LOSSES = "losses"
    WEIGHTS = "weights"
    REDUCTION = "reduction"
    DIVISOR = "divisor"
    FACTOR = "factor"
    PENALTY = "penalty"
    OPAQUE = "opaque"
    TEXT = "text"  # parentheses, signs


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FormulaPart:
    """A piece of a formula.

    Attributes:
      text: The piece; the pieces of a formula, joined, are the formula.
      role: What it is.
      anchor: The anchor of the line of code that it comes from; "" if that is not shown.
    """

    text: str
    role: Role = Role.TEXT
    anchor: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CodeLine:
    """A line of code that a report shows.

    Attributes:
      number: From 1.
      text: The line, without its end.
      roles: What the line is to the loss.
      anchor: Its anchor; "" for a line that nothing leads to.
      findings: The indices, in `Report.findings`, of what was found in it.
    """

    number: int
    text: str
    roles: tuple[Role, ...] = ()
    anchor: str = ""
    findings: tuple[int, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CodeBlock:
    """Lines of a file that follow each other."""

    path: str
    lines: tuple[CodeLine, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar of a drawing: a number with its name."""

    label: str
    value: float
    is_reference: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """An example in numbers.

    Attributes:
      title: What is shown.
      given: The invented losses and weights, in a sentence.
      columns: The titles of the table's columns.
      rows: The cells.
      bars: The numbers that are drawn; empty for none.
      says: What the numbers show, in a sentence.
    """

    title: str
    given: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    bars: tuple[Bar, ...] = ()
    says: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TermPage:
    """A term of a loss.

    Attributes:
      name: Its name in the ledger.
      kind: Its kind, as a word.
      formula: The pieces of its formula.
      reduction: The name of its reduction; "" if no row of the table reduces it.
      facts: Pairs of a word and what is known, such as "losses" and their shape.
      sentences: What is known of a short batch, weights of 0, replicas and Keras.
      worked: The same in numbers.
    """

    name: str
    kind: str
    formula: tuple[FormulaPart, ...]
    reduction: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    sentences: tuple[str, ...] = ()
    worked: tuple[Worked, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPage:
    """A loss explained.

    Attributes:
      ledger: The ledger itself.
      modes: The modes whose loss it is: "TRAIN", "EVAL".
      formula: The pieces of the formula, joined by " + ".
      terms: Its terms.
      checked: What recomputing the loss has shown; "" if it was read from source.
      cautions: Pairs of a code and a text.
      hints: What to mind in Keras, likewise.
    """

    ledger: LossLedger
    modes: tuple[str, ...]
    formula: tuple[FormulaPart, ...]
    terms: tuple[TermPage, ...]
    checked: str = ""
    cautions: tuple[tuple[str, str], ...] = ()
    hints: tuple[tuple[str, str], ...] = ()
