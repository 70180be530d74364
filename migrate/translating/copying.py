"""Copies constants, functions and imports of the legacy module that the written one needs."""

import ast
import builtins
import dataclasses
import re
import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence

from migrate.mappings import functions
from migrate.translating import annotations, array_inputs, imports, iterators, tf1_calls
from migrate.translating.expressions import dotted
from migrate.translating.own_modules import OwnModules
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.source_files import SourceFile
from migrate.translating.source_reader.statements import loads, stores
from migrate.translating.text_places import Places, renamed, replaced

_TENSORFLOW = ("tensorflow", "tensorflow.compat.v1", "tensorflow.compat.v2")
# The written module has `from absl import app, flags`, and flags of its own.
_ABSL = ("app", "flags")
OWN_FLAGS = ("steps", "steps_per_loop", "warm_start_from")


@dataclasses.dataclass(frozen=True, slots=True)
class Copied:
    """Parts of a module.

    Attributes:
      imports: Import statements, TensorFlow's left out.
      parts: The source of constants and functions, in their order.
      names: The names that the parts define.
    """

    imports: tuple[str, ...]
    parts: tuple[str, ...]
    names: frozenset[str]


def aliases(file: SourceFile) -> list[str]:
    """Returns the names by which a module calls TensorFlow."""
    found = []
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                if one.name in _TENSORFLOW:
                    found.append(one.asname or one.name.partition(".")[0])
        elif isinstance(node, ast.ImportFrom) and node.module == "tensorflow.compat":
            found += [one.asname or one.name for one in node.names]
    return found or ["tf"]


def copy_of(
    names: Iterable[tuple[SourceFile, str]],
    *,
    known: Sequence[str],
    literals: Mapping[str, str],
    own: OwnModules,
    flags: Iterable[str] = (),
    flag_values: Mapping[str, str] | None = None,
    renamed: Mapping[str, str] | None = None,
    modules: Mapping[str, str] | None = None,
    tf2: Mapping[str, Collection[str]] | None = None,
) -> Copied:
    """Copies what modules define at their top levels, and what that needs.

    Args:
      names: The names that are needed, with the files that read them.
      known: Names that the written module has already.
      literals: The source of values that stand for what a module computes, by name.
      own: The modules of the program: what is imported from them is copied.
      flags: Flags whose definitions are needed.
      flag_values: The source of the values of flags that are not their defaults.
      renamed: What the written module calls names that it needs for its own.
      modules: The names of modules by their files.
      tf2: The names of TensorFlow 2 in modules, by their files: its functions stay.

    Raises:
      Refusal: A name is not defined at the top level, or two modules define it.
    """
    copier = _Copier(own, {*known, *dir(builtins)}, literals, flag_values or {}, renamed or {})
    copier.modules, copier.tf2 = modules or {}, tf2 or {}
    files = []
    for file, name in names:
        files.append(file)
        copier.add(file, name)
    for name in flags:
        copier.flag(files, name)
    return copier.copied()


class _Copier:
    modules: Mapping[str, str]
    tf2: Mapping[str, Collection[str]]

    def __init__(
        self,
        own: OwnModules,
        known: set[str],
        literals: Mapping[str, str],
        flag_values: Mapping[str, str],
        renamed: Mapping[str, str],
    ) -> None:
        self.own, self.known, self.literals = own, known, literals
        self.flag_values, self.renamed = flag_values, renamed
        self.chosen: dict[SourceFile, list[ast.stmt]] = {}
        self.origins: dict[str, SourceFile] = {}
        self.imports: list[str] = []

    def add(self, file: SourceFile, name: str) -> None:
        """Copies a name of a file, and what its definitions need."""
        if name in self.known or name in aliases(file) or (name in _ABSL and _is_absl(file, name)):
            return
        origin = self.own.origin(file, name)
        if origin is None:
            self._import(file, name)
            return
        source, original = origin
        other = self.origins.setdefault(original, source)
        if other is not source:
            if self._texts(other, original) == self._texts(source, original):
                return
            raise Refusal(
                f"`{original}` is defined in {other.path}, too, and one module cannot have both; "
                "rename one of them",
                path=source.path,
                line=source.defined[original][0].lineno,
            )
        chosen = self.chosen.setdefault(source, [])
        # All of them: a later statement may change what an earlier one made.
        for node in source.defined[original]:
            if node in chosen:
                continue
            chosen.append(node)
            if original not in self.literals:
                for needed in sorted(_needs(node)):
                    self._need(source, needed)
                for named in annotations.names(node):
                    if self.has_type(source, named):
                        self.add(source, named)
                for flag in sorted(flags_read(ast.unparse(node))):
                    self.flag([source], flag)

    def _texts(self, file: SourceFile, name: str) -> list[str]:
        return [_Text(file, node, self).text() for node in file.defined[name]]

    def _need(self, file: SourceFile, name: str) -> None:
        """Copies a name, or a member of an own module."""
        member = self.own.member(file, name)
        if member is not None:
            self.add(member[0], member[1])
        elif "." not in name and not self.own.is_module(file, name):
            self.add(file, name)

    def has_type(self, file: SourceFile, name: str) -> bool:
        """Tells whether the written module can have a name of an annotation.

        It has names of Python's and NumPy's, and aliases such as `Features = dict[str, Any]`.
        """
        if name in self.known or name in aliases(file):
            return True
        origin = self.own.origin(file, name)
        if origin is None:
            found = [one for one in file.tree.body if name in imported(one)]
            return bool(found) and all(annotations.is_common(one) for one in found)
        return all(isinstance(one, ast.Assign) for one in origin[0].defined[origin[1]])

    def _import(self, file: SourceFile, name: str) -> None:
        for node in ast.walk(file.tree):
            if name in imported(node) and not self.own.imported(file).get(name):
                assert isinstance(node, ast.Import | ast.ImportFrom)
                self.imports.append(imports.absolute(node, name, file.path, self.modules))
                return
        raise Refusal(f"`{name}` is not defined at the top level of the module", path=file.path)

    def flag(self, files: Iterable[SourceFile], name: str) -> None:
        """Copies the definition of a flag; the written module has --model_dir itself."""
        if name == "model_dir":
            return
        for file in dict.fromkeys([*files, *self.chosen]):
            for node in file.tree.body:
                if defined_flag(node) != name or node in self.chosen.setdefault(file, []):
                    continue
                if name in OWN_FLAGS:
                    raise Refusal(
                        f"the written module has a flag --{name} of its own; rename the legacy one",
                        path=file.path,
                        line=node.lineno,
                    )
                self.chosen[file].append(node)
                for needed in sorted(_needs(node)):
                    self._need(file, needed)

    def copied(self) -> Copied:
        """Returns the parts: what is imported stands before what imports it."""
        parts = []
        for file in self.own.imported_first(self.chosen):
            for node in sorted(self.chosen[file], key=lambda one: one.lineno):
                parts.append(_Text(file, node, self).text())
        parts = [part for i, part in enumerate(parts) if not _is_replaced(part, parts[i + 1 :])]
        names = set().union(*(stores(node) for part in parts for node in ast.parse(part).body))
        return Copied(tuple(dict.fromkeys(self.imports)), tuple(parts), frozenset(names))


def _is_replaced(part: str, later: Iterable[str]) -> bool:
    """Tells whether a function is defined anew later."""
    [node] = ast.parse(part).body
    return isinstance(node, ast.FunctionDef) and any(
        isinstance(one, ast.FunctionDef) and one.name == node.name
        for text in later
        for one in ast.parse(text).body
    )


def _needs(node: ast.stmt) -> set[str]:
    """Returns the names that a definition reads, also `a.b`, those of its annotations left out."""
    bare = _without_annotations(node)
    members = {dotted(one) for one in ast.walk(bare) if isinstance(one, ast.Attribute)} - {""}
    if isinstance(bare, ast.ClassDef):
        names = set().union(*(_needs(one) for one in bare.body), *(loads(b) for b in bare.bases))
    else:
        names = loads(bare)
    return names | members


def _without_annotations(node: ast.stmt) -> ast.stmt:
    new = ast.parse(ast.unparse(node)).body[0]
    for one in ast.walk(new):
        if isinstance(one, ast.FunctionDef):
            one.returns = None
        elif isinstance(one, ast.arg):
            one.annotation = None
    return new


def imported(node: ast.AST) -> set[str]:
    """Returns the names that an import binds."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {one.asname or one.name.partition(".")[0] for one in node.names}
    return set()


def _is_absl(file: SourceFile, name: str) -> bool:
    """Tells whether a name of a file is absl's module, also as TensorFlow 1 had it."""
    made = [ast.unparse(node) for node in file.defined.get(name, [])]
    return not made or all(re.fullmatch(rf"{name} = \w+\.(\w+\.)*{name}", one) for one in made)


def flags_read(source: str) -> set[str]:
    """Returns the names of the flags that source reads."""
    return set(re.findall(r"\bFLAGS\.([a-z]\w*)", source)) - {"is_parsed", "mark_as_parsed"}


def defined_flag(node: ast.stmt) -> str:
    """Returns the name of the flag that a statement defines; "" if it defines none."""
    call = node.value if isinstance(node, ast.Expr) else None
    if (
        isinstance(call, ast.Call)
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and ".DEFINE_" in f".{dotted(call.func)}"
    ):
        return str(call.args[0].value)
    return ""


class _Text:
    """The source of a definition as TF2 code, with the comments before it."""

    def __init__(self, file: SourceFile, node: ast.stmt, copier: _Copier) -> None:
        self.file, self.copier = file, copier
        self.aliases, self.comments = aliases(file), file.comments_before(node)
        of_tf2 = copier.tf2.get(file.path, ())
        self.legacy = [one for one in self.aliases if one not in of_tf2]
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(one.lineno for one in decorators)])
        source = "".join(file.text.splitlines(keepends=True)[first - 1 : node.end_lineno])
        self._read(source)
        function = array_inputs.written(self.node, self.aliases)
        if function is not None:
            self._read(function)
        for one in ast.walk(self.node):
            found = iterators.without_iterator(one) if isinstance(one, ast.FunctionDef) else None
            if found is not None:
                begin, end, new = found
                place = self.places.of(begin)[0], self.places.of(end)[1]
                self._read(replaced(source, [(*place, _indented(new, begin.col_offset))]))
                break

    def _read(self, source: str) -> None:
        self.source, [self.node] = source, ast.parse(source).body
        self.places = Places(source)

    def text(self) -> str:
        """Returns the text."""
        literals = self.copier.literals
        names = stores(self.node) & set(literals)
        if names:
            [name] = names
            text = f"{name} = {literals[name]}"
        else:
            text = replaced(self.source, self._changes()).rstrip()
        return "\n".join([*self.comments, renamed(text, self.copier.renamed)])

    def _changes(self) -> list[tuple[int, int, str]]:
        """Returns the places of the text that TF2 writes otherwise: start, end, new text."""
        rewritten = tf1_calls.rewritten(self.node, self.aliases, self.legacy)
        found = [(*self.places.of(one), new) for one, new in rewritten.items()]
        found += [
            (*self.places.of(one), "tf.get_current_name_scope()")
            for one in tf1_calls.scopes_in_messages(self.node, self.legacy)
        ]
        for one in ast.walk(self.node):
            new = self._new(one)
            if new is not None:
                found.append((*self.places.of(one), new))
            for note in annotations.of(one):
                named = annotations.names_in(note)
                new = _FOREIGN_TYPES.get(ast.unparse(note))
                if new is None and not all(self.copier.has_type(self.file, n) for n in named):
                    new = "Any"
                if new is not None:
                    found.append((*self.places.of(note), new))
        flag = defined_flag(self.node)
        if flag in self.copier.flag_values:
            call = self.node.value  # type: ignore[attr-defined]
            given = [one.value for one in call.keywords if one.arg == "default"]
            default = given[0] if given else call.args[1]
            found.append((*self.places.of(default), self.copier.flag_values[flag]))
        return found

    def _new(self, node: ast.AST) -> str | None:
        """Returns what the written module calls a name; None if it is called the same."""
        own = self.copier.own
        if isinstance(node, ast.Name):
            if node.id in self.aliases:
                return "tf" if node.id != "tf" else None
            target = own.imported(self.file).get(node.id, ("", ""))[1]
            if target and target != node.id and node.id not in _assigned(self.node):
                return target
            return None
        name = dotted(node) if isinstance(node, ast.Attribute) else ""
        member = own.member(self.file, name) if name else None
        if member is not None and member[2] == name:
            if member[1] in _assigned(self.node):
                raise Refusal(
                    f"`{name}` has the name of a variable that stands beside it; rename one",
                    path=self.file.path,
                    line=node.lineno,  # type: ignore[attr-defined]
                )
            return member[1]
        if tf1_calls.is_size(node):
            return ast.unparse(node.value)  # type: ignore[attr-defined]
        root, _, rest = name.partition(".")
        if root not in self.aliases or not rest:
            return None
        if root not in self.legacy and not rest.startswith("compat.v1."):
            return None
        rest = rest.removeprefix("compat.v1.")
        for absl in ("app.flags", "flags"):
            if rest == absl or rest.startswith(f"{absl}."):
                return f"flags{rest.removeprefix(absl)}"
        row = functions.ROWS.get(f"tf.{rest}")
        return row.name if row is not None and row.name and row.name != name else None


def _indented(source: str, columns: int) -> str:
    return textwrap.indent(source, " " * columns).lstrip()


def _assigned(node: ast.AST) -> set[str]:
    """Returns the names that are variables or parameters inside a definition."""
    names = {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        names |= {
            one.id
            for one in ast.walk(node)
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
        }
    return names


_FOREIGN_TYPES = {"Dataset": "tf.data.Dataset"}
