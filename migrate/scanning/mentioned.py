"""What a module's text mentions of TensorFlow, read without parsing it.

A scan asks the text first: a rule that needs a symbol which the text does not mention finds nothing
in the module, and a module in which no rule finds anything is not worth a syntax tree. The text
says too much: names in strings and comments count, and so does each binding of a name anywhere in
the file. It says nothing too little: `is_certain` is False where a name may be bound in a way that
is not seen here.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from migrate.scanning.bindings import Exports, of_itself
from migrate.scanning.syntax import api_name

# Packages whose symbols rules ask for, by how they begin.
_LIBRARIES = ("tensorflow", "keras", "tf_keras", "tf_slim", "estimator_compat")
# What may stand between two parts of a dotted name.
GAP = r"(?:\s|\\|#[^\n]*\n)"
_DOTTED = rf"\w+(?:{GAP}*\.{GAP}*\w+)*"
_NAMES = rf"{_DOTTED}(?:{GAP}+as{GAP}+\w+)?(?:{GAP}*,{GAP}*{_DOTTED}(?:{GAP}+as{GAP}+\w+)?)*"
# What follows the word is only looked at, so that a word in a comment hides no statement behind it.
_IMPORT = re.compile(rf"import(?={GAP}+({_NAMES}))")
_FROM = re.compile(
    rf"from(?={GAP}*((?:\.{GAP}*)*)((?:{_DOTTED})?){GAP}*import{GAP}*"
    rf"(\((?:[^)#]|#[^\n]*)*\)|\*|{_NAMES}))"
)
_ALIAS = re.compile(r"([\w.]+)(?:\s+as\s+(\w+))?")
_NOT_CODE = re.compile(r"#[^\n]*|\\")
_SPACE = re.compile(rf"{GAP}+")
# Attributes of a name.
_REST = re.compile(rf"(?:{GAP}*\.{GAP}*\w+)+")
# What stands before a value that is assigned as it is, and what follows a part of another value.
_BEFORE_VALUE = frozenset(" \t\n\f=(\\")
_AFTER_PART = frozenset("([_.0123456789")
_LAST_WORD = re.compile(r"\w+\Z")
_LONGEST = 12  # dots in a symbol
_ANNOTATED = re.compile(r"(?:\A|;)\s*(\w+)\s*:")


class _Uses(NamedTuple):
    """What follows a name, such as `.nn.relu`, and what of it is assigned at which `=`."""

    rests: frozenset[str]
    assigned: list[tuple[str, int]]


class Mentioned:
    """The symbols that a module may refer to.

    Args:
      text: The text of the module.
      exports: What other modules of the scanned tree export.

    Attributes:
      text: The text.
      is_certain: Whether the module refers to nothing else.
      symbols: The symbols of TensorFlow, Keras and `estimator_compat`, with what is above them.
    """

    def __init__(self, text: str, exports: Exports | None = None) -> None:
        self.text = text
        self.is_certain = text.isascii() or unicodedata.is_normalized("NFKC", text)
        self._exports = exports
        self._code = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
        self._bound: dict[str, set[str]] = {}
        self._uses: dict[str, _Uses] = {}
        self.symbols: set[str] = set()
        self._read_imports()
        if self._bound:
            self._follow_assignments()
            for name, symbols in self._bound.items():
                for rest in self._uses_of(name).rests:
                    self.symbols.update(_below(symbols, rest))

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """The names below `tf` that the module may refer to, with those above them."""
        names: set[str] = set()
        for name in map(api_name, self.symbols):
            while name and name not in names:
                names.add(name)
                name = name.rpartition(".")[0]
        return frozenset(names)

    def may_refer_to(self, names: frozenset[str]) -> bool:
        """Tells whether the module may refer to one of these names below `tf`."""
        return not self.is_certain or not names.isdisjoint(self.names)

    def _read_imports(self) -> None:
        for names in _IMPORT.findall(self._code):
            for dotted, name in _aliases(names):
                if dotted.startswith(_LIBRARIES):
                    self.symbols.add(dotted)
                    self._bind(name or dotted.partition(".")[0], [_bound_by(dotted, name)])
        for dots, module, names in _FROM.findall(self._code):
            level, dotted = dots.count("."), _plain(module)
            for imported, name in _aliases(names):
                self._bind(name or imported, self._imported(dotted, level, imported))
            if not level and dotted.startswith(_LIBRARIES):
                self.symbols.add(dotted)

    def _imported(self, module: str, level: int, name: str) -> Iterable[str]:
        if self._exports is not None:
            yield from self._exports(module, level, name)
        if not level and module.startswith(_LIBRARIES):
            yield f"{module}.{name}"

    def _bind(self, name: str, symbols: Iterable[str]) -> bool:
        """Adds what a name may stand for; tells whether that is new."""
        new = {of_itself(each) for each in symbols if each.startswith(_LIBRARIES)}
        if any(each.count(".") > _LONGEST for each in new):  # of names that stand for each other
            self.is_certain = False
            return False
        known = self._bound.get(name, set())
        if new <= known:
            return False
        self._bound[name] = known | new
        self.symbols |= new
        return True

    def _follow_assignments(self) -> None:
        """Binds the names that stand for a symbol because a dotted name is assigned to them."""
        made: dict[int, set[str]] = {}  # what `x = x.a` has made of `x`, at each place
        is_new = True
        while is_new:
            is_new = False
            for base in list(self._bound):
                for rest, place in self._uses_of(base).assigned:
                    of = self._bound[base] - made.get(place, set())
                    symbols = {of_itself(each + rest) for each in of}
                    for name in self._targets(place):
                        if name == base and rest:
                            made.setdefault(place, set()).update(symbols - self._bound[base])
                        is_new = self._bind(name, symbols) or is_new

    def _uses_of(self, name: str) -> _Uses:
        if name not in self._uses:
            self._uses[name] = self._find_uses(name)
        return self._uses[name]

    def _find_uses(self, name: str) -> _Uses:
        code, length = self._code, len(name)
        found: set[str] = set()
        assigned = []
        place = code.find(name)
        while place >= 0:
            end = place + length
            match = _REST.match(code, end)
            if match is not None:
                found.add(match.group())
                end = match.end()
            if code[place - 1 : place] in _BEFORE_VALUE and code[end : end + 1] not in _AFTER_PART:
                equals = self._equals_before(place)
                if equals >= 0:
                    assigned.append((_plain(match.group()) if match else "", equals))
            place = code.find(name, place + length)
        return _Uses(frozenset(map(_plain, found)), assigned)

    def _equals_before(self, place: int) -> int:
        """Returns the place of the `=` before a value; -1 if something else is before it."""
        code = self._code
        while place > 0:
            line = code.rfind("\n", 0, place) + 1
            text = code[line:place]
            if "#" in text:  # of an earlier line
                if "=" in text and ('"' in text or "'" in text):
                    self.is_certain = False  # it may be no comment
                text = text.partition("#")[0]
            text = text.rstrip(" \t\f(\\")
            if text:
                return line + len(text) - 1 if text.endswith("=") else -1
            place = line - 1
        return -1

    def _targets(self, place: int) -> Iterator[str]:
        """Yields the names that the `=` at a place may bind."""
        line = self._code[self._code.rfind("\n", 0, place) + 1 : place]
        if line.endswith(("=", "!", "<", ">", "+", "-", "*", "/", "%", "&", "|", "^", "@")):
            return
        target = line.rstrip(" \t\f:")
        last = _LAST_WORD.search(target)
        if last is not None:
            yield last.group()
        elif not target or any(target.count(a) < target.count(b) for a, b in ("[]", "()")):
            self.is_certain = False  # the target, or its annotation, begins on an earlier line
        elif target.endswith(")"):
            self.is_certain = False  # `(name) = ...`
        yield from _ANNOTATED.findall(target)


def _aliases(names: str) -> list[tuple[str, str]]:
    """Returns the names of an import, each with the name after `as`, or ""."""
    if "#" in names or "\\" in names:
        names = _NOT_CODE.sub(" ", names)
    if " ." in names or ". " in names:
        names = re.sub(r"\s*\.\s*", ".", names)
    return _ALIAS.findall(names)


def _bound_by(dotted: str, name: str) -> str:
    """Returns the symbol that `import DOTTED as NAME` binds."""
    return dotted if name else dotted.partition(".")[0]


def _plain(dotted: str) -> str:
    """Returns a dotted name without what stands between its parts."""
    return dotted if dotted.replace(".", "").isidentifier() else _SPACE.sub("", dotted)


def _below(symbols: Iterable[str], rest: str) -> Iterator[str]:
    """Yields the symbols with what follows them, and with each part of it."""
    parts = rest.split(".")[1:]
    for symbol in symbols:
        yield symbol
        for part in parts:
            symbol = of_itself(f"{symbol}.{part}")
            yield symbol
