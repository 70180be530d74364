"""The code that a loss comes from: the model_fn, and lines of the functions that it calls."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence

from estimator_compat.ledger.values import LossLedger
from migrate.reporting import sources
from migrate.reporting.formula_parts import Place, places_of
from migrate.reporting.sources import Sources
from migrate.reports.loss_values import CodeBlock, CodeLine, Role

_CONTEXT = 3  # lines around a line of another function


class LossCode:
    """The lines of code that the losses of a model_fn come from.

    Args:
      page: The anchor of the model_fn's page; those of lines begin with it.
      path: The file of the model_fn.
      files: Reads files.
      ledgers: The ledgers.

    Attributes:
      anchors: The anchors of the lines.
    """

    def __init__(self, page: str, path: str, files: Sources, ledgers: Sequence[LossLedger]) -> None:
        self._path = path
        self._files = files
        self._roles = _roles(ledgers)
        own = os.path.abspath(path)
        others = dict.fromkeys(file for file, _ in self._roles if file != own)
        self._paths = {own: path, **{file: _shown(file) for file in others}}
        numbers = {file: number for number, file in enumerate(self._paths)}
        self.anchors: dict[Place, str] = {
            (file, line): f"{page}-{numbers[file]}-{line}"
            for file, line in self._roles
            if 1 <= line <= len(files.lines(self._paths[file]))
        }

    def blocks(self, first: int, last: int) -> tuple[CodeBlock, ...]:
        """Returns the lines of the model_fn, then the others with the lines around them."""
        own = os.path.abspath(self._path)
        lines = self._files.lines(self._path)
        code = tuple(
            self._line(own, number, lines[number - 1])
            for number in range(first, min(last, len(lines)) + 1)
        )
        blocks = [CodeBlock(path=self._path, lines=code)] if code else []
        elsewhere: defaultdict[str, dict[int, tuple[int, ...]]] = defaultdict(dict)
        for file, line in self.anchors:
            if file != own or not first <= line <= last:
                elsewhere[file][line] = ()
        for file in (each for each in self._paths if each in elsewhere):
            found = elsewhere[file]
            lines = self._files.lines(self._paths[file])
            for hunk in sources.hunks(lines, found, _CONTEXT):
                shown = tuple(
                    self._line(file, line.number, line.text) if line.number in found else line
                    for line in hunk
                )
                blocks.append(CodeBlock(path=self._paths[file], lines=shown))
        return tuple(blocks)

    def _line(self, file: str, number: int, text: str) -> CodeLine:
        place = (file, number)
        return CodeLine(
            number=number,
            text=sources.cut(text),
            roles=tuple(self._roles.get(place, ())),
            anchor=self.anchors.get(place, ""),
        )


def _roles(ledgers: Sequence[LossLedger]) -> dict[Place, list[Role]]:
    roles: dict[Place, list[Role]] = {}
    for ledger in ledgers:
        for term in ledger.terms:
            for place, found in places_of(term).items():
                known = roles.setdefault(place, [])
                known += [role for role in found if role not in known]
    return roles


def _shown(file: str) -> str:
    return os.path.relpath(file).replace(os.sep, "/")
