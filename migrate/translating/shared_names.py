"""Gives the variables of helpers that are put in place the names that a person would choose.

A helper that is put in place twice has each of its variables twice, under two names. In the source
of a forward pass, the second one may take the name of the first one, once nothing reads that any
more: the repeated blocks of a network then read alike. What is only computed to be given another
name gets that name at once.
"""

import ast
import itertools
import textwrap
from collections.abc import Collection, Mapping, Sequence

from migrate.translating.source_reader.statements import kills, loads
from migrate.translating.text_places import Places, replaced

_PARAMETERS = ("self", "features", "labels", "training")


def shared(
    body: Sequence[str], originals: Mapping[str, str], outputs: Collection[str]
) -> tuple[str, ...]:
    """Returns the statements of a function, with better names.

    Args:
      body: The source of each statement, with the comments before it.
      originals: The name that a variable had in its helper, by the name that it was given.
      outputs: The names that are read after the statements.
    """
    units = _without_copies([_Unit(text) for text in body], originals, outputs)
    captured = set().union(*(one.captured for one in units))
    order = dict.fromkeys(
        name for unit in units for name in unit.in_order if originals.get(name, name) != name
    )
    for name in order:
        original = originals[name]
        if {name, original} & captured or name in outputs:
            continue
        if _may_share(units, name, original, original in outputs):
            for unit in units:
                unit.rename(name, original)
    return tuple(one.text for one in units)


class _Unit:
    """A statement of the function, and the names in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._read()

    def _read(self) -> None:
        self.node = ast.parse(self.text).body[0]
        self.nodes = [one for one in ast.walk(self.node) if isinstance(one, ast.Name)]
        self.in_order = [
            one.id for one in sorted(self.nodes, key=lambda one: (one.lineno, one.col_offset))
        ]
        self.names = set(self.in_order)
        inner = [
            one
            for one in ast.walk(self.node)
            if isinstance(one, ast.FunctionDef | ast.Lambda | ast.comprehension)
        ]
        self.captured = {n.id for one in inner for n in ast.walk(one) if isinstance(n, ast.Name)}

    @property
    def copied(self) -> tuple[str, str]:
        """The two names of `new = old`; two "" for other statements."""
        node = self.node
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
            [target] = node.targets if len(node.targets) == 1 else [None]
            if isinstance(target, ast.Name):
                return target.id, node.value.id
        return "", ""

    @property
    def comments(self) -> str:
        """The lines before the statement."""
        return "".join(self.text.splitlines(keepends=True)[: self.node.lineno - 1])

    @property
    def block(self) -> list["_Unit"]:
        """The statements under a condition; [] for other statements."""
        if not isinstance(self.node, ast.If) or self.node.orelse:
            return []
        lines = self.text.splitlines(keepends=True)
        ends = [self.node.lineno, *(one.end_lineno or 0 for one in self.node.body)]
        parts = ["".join(lines[a:b]) for a, b in itertools.pairwise(ends)]
        return [_Unit(textwrap.dedent(one).rstrip()) for one in parts]

    def set_block(self, block: Sequence["_Unit"]) -> None:
        """Puts other statements under the condition."""
        head = "".join(self.text.splitlines(keepends=True)[: self.node.lineno])
        self.text = head + textwrap.indent("\n".join(one.text for one in block), "    ")
        self._read()

    def rename(self, name: str, new: str) -> None:
        """Renames a variable."""
        if name in self.names:
            places = Places(self.text)
            found = [(*places.of(one), new) for one in self.nodes if one.id == name]
            self.text = replaced(self.text, found)
            self._read()

    def begins(self, name: str) -> bool:
        """Tells whether the statement gives a variable a value, without reading it."""
        return name in kills(self.node) and name not in loads(self.node)

    def holds(self, name: str) -> bool:
        """Tells whether a variable is given a value under a condition before it is read there."""
        if self.begins(name):
            return True
        if not isinstance(self.node, ast.If) or name in loads(self.node.test):
            return False
        with_name = [one for one in self.block if name in one.names]
        return bool(with_name) and with_name[0].begins(name)


def _without_copies(
    units: Sequence[_Unit], originals: Mapping[str, str], outputs: Collection[str]
) -> list[_Unit]:
    """Removes `new = old` where a helper's `old` is read for that alone: it is `new` at once."""
    units = _joined(units, originals, outputs)
    for unit in units:
        block = unit.block
        others = set().union(*(one.names for one in units if one is not unit))
        joined = _joined(block, originals, {*outputs, *others})
        if len(joined) < len(block):
            unit.set_block(joined)
    return units


def _joined(
    units: Sequence[_Unit], originals: Mapping[str, str], outputs: Collection[str]
) -> list[_Unit]:
    units, index = list(units), 0
    while index < len(units):
        new, old = units[index].copied
        if old in originals and old not in outputs and _is_copy(units, index, new, old):
            comments = units[index].comments
            del units[index]
            for unit in units:
                unit.rename(old, new)
            if comments and index < len(units):
                units[index].text = comments + units[index].text
                units[index] = _Unit(units[index].text)
        else:
            index += 1
    return units


def _is_copy(units: Sequence[_Unit], index: int, new: str, old: str) -> bool:
    """Tells whether all that there is of a variable ends when another one gets its value."""
    places = [place for place, unit in enumerate(units) if old in unit.names]
    captured = set().union(*(one.captured for one in units))
    first = places[0]
    if {new, old} & captured or places[-1] != index or not units[first].begins(old):
        return False
    between = [place for place in range(first, index) if new in units[place].names]
    if between == [first]:
        return _only_reads(units[first], new)
    return not between


def _may_share(units: Sequence[_Unit], name: str, original: str, is_output: bool) -> bool:
    """Tells whether a variable may have a name that another one has before or after it."""
    places = [index for index, unit in enumerate(units) if name in unit.names]
    first, last = places[0], places[-1]
    is_local = first == last and units[first].holds(name)
    if not (is_local or units[first].begins(name)):
        return False
    others = [index for index, unit in enumerate(units) if original in unit.names]
    if original in _PARAMETERS or (others and not units[others[0]].holds(original)):
        return False  # it may be a name of the module
    if any(first < one < last for one in others):
        return False
    if first in others and not _only_reads(units[first], original):
        return False
    if last in others and last != first and not units[last].begins(original):
        return False
    later = [one for one in others if one > last or (one == last and last != first)]
    if later:
        return units[later[0]].begins(original)
    return not is_output


def _only_reads(unit: _Unit, name: str) -> bool:
    """Tells whether an assignment reads a variable, and does not change it."""
    node = unit.node
    return isinstance(node, ast.Assign) and name not in kills(node) and name in loads(node.value)
