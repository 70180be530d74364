"""Makes the edits of findings in a text."""

from __future__ import annotations

from collections.abc import Iterable

from migrate.findings import Edit, Finding


def choose(findings: Iterable[Finding]) -> tuple[list[Finding], list[Edit]]:
    """Chooses findings whose edits can be made together.

    Args:
      findings: Findings of one file.

    Returns:
      The findings, in order, and all their edits, each once, in the order of the text. A finding
      whose edits are in the way of an earlier one's is left out: it is found again afterwards.
    """
    chosen: list[Finding] = []
    edits: set[Edit] = set()
    for finding in findings:
        if finding.edit is None:
            continue
        new = {finding.edit, *finding.also} - edits
        if not any(_collide(one, other) for one in new for other in edits):
            chosen.append(finding)
            edits |= new
    return chosen, sorted_once(edits)


def sorted_once(edits: Iterable[Edit]) -> list[Edit]:
    """Returns edits in the order of the text, each once."""
    return sorted(set(edits), key=lambda edit: (edit.start, edit.end))


def _collide(one: Edit, other: Edit) -> bool:
    """Tells whether two edits touch the same text, or insert at the same place."""
    if one.start == other.start:
        return True
    return one.start < other.end and other.start < one.end


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Returns a text after edits that do not touch each other, in its order."""
    parts = []
    position = 0
    for edit in edits:
        parts += [text[position : edit.start], edit.text]
        position = edit.end
    return "".join([*parts, text[position:]])
