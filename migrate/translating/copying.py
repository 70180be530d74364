"""Copies constants, functions and imports of the legacy module that the written one needs."""

import ast
import builtins
import copy
import dataclasses
from collections.abc import Iterable, Sequence

from migrate.mappings import functions
from migrate.translating.expressions import ToTf2, dotted, static_facts
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.source_files import SourceFile
from migrate.translating.source_reader.statements import loads, stores

_TENSORFLOW = ("tensorflow", "tensorflow.compat.v1", "tensorflow.compat.v2")
_ITERATORS = ("make_one_shot_iterator", "make_initializable_iterator")


@dataclasses.dataclass(frozen=True, slots=True)
class Copied:
    """Parts of a module.

    Attributes:
      imports: Import statements, TensorFlow's left out.
      parts: The source of constants and functions, in their order.
    """

    imports: tuple[str, ...]
    parts: tuple[str, ...]


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
    file: SourceFile, names: Iterable[str], *, known: Sequence[str], literals: dict[str, str]
) -> Copied:
    """Copies what a module defines at its top level, and what that needs.

    Args:
      file: The module.
      names: The names that are needed.
      known: Names that the written module has already.
      literals: The source of values that stand for what the module computes, by name.

    Raises:
      Refusal: A name is not defined at the top level.
    """
    defining: dict[str, list[ast.stmt]] = {}
    for node in file.tree.body:
        for name in [*imported(node)] or stores(node):
            defining.setdefault(name, []).append(node)
    waiting, chosen, seen = list(names), [], set(known) | set(dir(builtins)) | set(aliases(file))
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name not in defining:
            raise Refusal(f"`{name}` is not defined at the top level of the module", path=file.path)
        # All of them: a later statement may change what an earlier one made.
        for node in defining[name]:
            if node not in chosen:
                chosen.append(node)
                if name not in literals:
                    waiting += _needs(node)
    imports, parts = [], []
    for node in sorted(chosen, key=lambda one: one.lineno):
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports.append(ast.unparse(node))
        else:
            parts.append(_text(file, node, literals))
    return Copied(tuple(imports), tuple(parts))


def _needs(node: ast.stmt) -> set[str]:
    """Returns the names that a definition reads, those of its annotations left out."""
    bare = _without_annotations(node)
    if isinstance(bare, ast.ClassDef):
        return set().union(*(_needs(one) for one in bare.body), *(loads(b) for b in bare.bases))
    return loads(bare)


def _without_annotations(node: ast.stmt) -> ast.stmt:
    new = ast.parse(ast.unparse(node)).body[0]
    for one in ast.walk(new):
        if isinstance(one, ast.FunctionDef):
            one.returns = None
        elif isinstance(one, ast.arg):
            one.annotation = None
    return new


def imported(node: ast.stmt) -> set[str]:
    """Returns the names that an import binds."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {one.asname or one.name.partition(".")[0] for one in node.names}
    return set()


def _text(file: SourceFile, node: ast.stmt, literals: dict[str, str]) -> str:
    """Returns the source of a definition as TF2 code, with the comments before it."""
    comments = file.comments_before(node)
    names = stores(node)
    if names & set(literals):
        [name] = names & set(literals)
        return "\n".join([*comments, f"{name} = {literals[name]}"])
    decorators = getattr(node, "decorator_list", [])
    lines = file.text.splitlines(keepends=True)
    first = min([node.lineno, *(one.lineno for one in decorators)])
    text = "".join(lines[first - 1 : node.end_lineno])
    changes = sorted(_changes(file, node, first), reverse=True)
    for start, end, new in changes:
        text = text[:start] + new + text[end:]
    return "\n".join([*comments, text.rstrip()])


def _changes(file: SourceFile, node: ast.stmt, first: int) -> list[tuple[int, int, str]]:
    """Returns the places of the text that TF2 writes otherwise: start, end, new text."""
    names = aliases(file)
    lines = file.text.splitlines(keepends=True)
    starts = [0]
    for line in lines[first - 1 : node.end_lineno]:
        starts.append(starts[-1] + len(line))

    def place(one: ast.AST) -> tuple[int, int]:
        start, end = one.lineno - first, (one.end_lineno or 0) - first  # type: ignore[attr-defined]
        line, last = lines[one.lineno - 1], lines[(one.end_lineno or 0) - 1]  # type: ignore[attr-defined]
        columns = (
            len(line.encode()[: one.col_offset].decode()),  # type: ignore[attr-defined]
            len(last.encode()[: one.end_col_offset].decode()),  # type: ignore[attr-defined]
        )
        return starts[start] + columns[0], starts[end] + columns[1]

    found: list[tuple[int, int, str]] = []
    rewritten = _rewritten_calls(node, names)
    found += [(*place(one), new) for one, new in rewritten.items()]
    inside = {id(part) for one in rewritten for part in ast.walk(one)}
    for one in ast.walk(node):
        if id(one) in inside:
            continue
        if isinstance(one, ast.FunctionDef):
            for note in [
                one.returns,
                *(a.annotation for a in ast.walk(one.args) if isinstance(a, ast.arg)),
            ]:
                if note is not None and ast.unparse(note) in _FOREIGN_TYPES:
                    found.append((*place(note), _FOREIGN_TYPES[ast.unparse(note)]))
        name = dotted(one) if isinstance(one, ast.Attribute) else ""
        root, _, rest = name.partition(".")
        if root in names and rest:
            row = functions.ROWS.get(f"tf.{rest.removeprefix('compat.v1.')}")
            if row is not None and row.name and row.name != name:
                found.append((*place(one), row.name))
        if (
            isinstance(one, ast.Call)
            and isinstance(one.func, ast.Attribute)
            and one.func.attr == "get_next"
            and isinstance(one.func.value, ast.Call)
            and isinstance(one.func.value.func, ast.Attribute)
            and one.func.value.func.attr in _ITERATORS
        ):
            _, end = place(one)
            _, inner = place(one.func.value.func.value)
            found.append((inner, end, ""))
    return found


def _rewritten_calls(node: ast.AST, names: Sequence[str]) -> dict[ast.Call, str]:
    """Returns the outermost calls whose arguments TF2 takes otherwise, and what it writes."""
    found: dict[ast.Call, str] = {}
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call) and _takes_otherwise(child, names):
            new = copy.deepcopy(child)
            made = ToTf2(static_facts(new, names), names).visit(new)
            found[child] = ast.unparse(made)
        else:
            found |= _rewritten_calls(child, names)
    return found


def _takes_otherwise(node: ast.Call, names: Sequence[str]) -> bool:
    root, _, rest = dotted(node.func).partition(".")
    row = functions.ROWS.get(f"tf.{rest.removeprefix('compat.v1.')}")
    if root not in names or row is None:
        return False
    given = {one.arg for one in node.keywords}
    return (
        bool(row.template)
        or bool(given & (set(row.renamed) | set(row.dropped)))
        or (row.positional is not None and len(node.args) > row.positional)
    )


_FOREIGN_TYPES = {"Dataset": "tf.data.Dataset"}
