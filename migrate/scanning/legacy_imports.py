"""Whether a module was written for TensorFlow 1, and the edits that give it `tf.compat.v1`."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator

from migrate.findings import Edit, Fix
from migrate.mappings import behavior_names, symbols
from migrate.mappings.symbols import PRIVATE
from migrate.scanning import import_edits, legacy_names, statement_edits
from migrate.scanning.bindings import dotted
from migrate.scanning.legacy_names import V1
from migrate.scanning.syntax import Reference, SourceModule

_ROOT = "tensorflow"
# What a message may say about the version does not decide anything.
_MESSAGES = frozenset({"critical", "debug", "error", "format", "info", "log", "print", "warning"})
_VERSIONS = frozenset({"__version__", "VERSION", "version", "GIT_VERSION", "__git_version__"})
_DISABLED = "disable_v2_behavior"


@functools.lru_cache(maxsize=1)
def fix(module: SourceModule) -> Fix | None:
    """Returns the edits that make all of a module's TensorFlow `tf.compat.v1`.

    They are right for a module that was written for TensorFlow 1: one that builds graphs with names
    that TensorFlow 2 never had, outside of branches for other versions. `tf.compat.v1` is what
    TensorFlow was for it, with `disable_v2_behavior()`.

    Args:
      module: A module.

    Returns:
      The edits; None if the module was not written for TensorFlow 1, if it has names that
      `tf.compat.v1` lacks, or if not one import statement decides what a name stands for. They are
      not safe if the module asks for TensorFlow's version, which `tf.compat.v1` does not change.
    """
    return edits(module) if is_tensorflow_1(module) else None


def edits(module: SourceModule) -> Fix | None:
    """Returns the edits of `fix` for a module that is known to be for TensorFlow 1."""
    roots = _roots(module)
    if not roots or not _has_all(module):
        return None
    made: list[Edit] = []
    for statement, alias in roots:
        made.append(_edit_of_root(module, alias))
        if _DISABLED not in module.source.text:
            text = f"{alias.asname or _ROOT}.{_DISABLED}()"
            made.append(statement_edits.insert_after(module.source, statement, text))
    for imported in module.nodes(ast.ImportFrom):
        made.extend(_edits_of_names(module, imported))
    for other in module.nodes(ast.Import):
        made.extend(_edits_of_modules(module, other))
    return Fix(edits=tuple(made), is_safe=not _asks_for_version(module))


@functools.lru_cache(maxsize=1)
def is_tensorflow_1(module: SourceModule) -> bool:
    """Tells whether a module uses names that no TensorFlow 2 had, whatever the version is.

    Names that were left when a module was ported to TensorFlow 2 do not count: those that do not
    depend on the behavior, and those that are fewer than the names of `tf.compat.v1`.
    """
    names = {
        reference.symbols[0]
        for reference in module.references
        if _is_of_tensorflow_1(module, reference)
    }
    return len(names) > len(_ported_names(module))


def may_be_for_either(module: SourceModule) -> bool:
    """Tells whether nothing in a module says for which TensorFlow it is, but it matters.

    Nothing in it is of one TensorFlow only, and it uses names that both have with another meaning.
    """
    return (
        not is_tensorflow_1(module)
        and not _ported_names(module)
        and uses_other_names(module)
        and not any(_is_of_tensorflow_1(module, reference) for reference in module.references)
    )


def _ported_names(module: SourceModule) -> set[str]:
    """Returns the names that programs use since they were ported to TensorFlow 2."""
    return {
        symbol
        for reference in module.references
        for symbol in reference.symbols
        if not isinstance(reference.node, ast.alias)
        and (symbol.startswith(f"{V1}.") or is_below(symbol, behavior_names.PORTED))
    }


@functools.lru_cache(maxsize=1)
def uses_other_names(module: SourceModule) -> bool:
    """Tells whether a module uses names that are something else in TensorFlow 2 than in 1."""
    return any(
        is_below(symbol, behavior_names.OTHER_IN_V2)
        for reference in module.references
        for symbol in reference.symbols
        if legacy_names.missing((symbol,)) is None
    )


def is_neutral(symbol: str) -> bool:
    """Tells whether a symbol does the same whatever the behavior is."""
    return is_below(symbol, behavior_names.NEUTRAL)


def is_below(symbol: str, names: frozenset[str]) -> bool:
    """Tells whether a symbol of TensorFlow is one of some names, or below one."""
    return symbol.startswith("tensorflow.") and symbol.split(".")[1] in names


def _is_of_tensorflow_1(module: SourceModule, reference: Reference) -> bool:
    row = legacy_names.missing(reference.symbols)
    return (
        row is not None
        and row.since == "2.0"
        and not row.name.startswith(("compat.", "python."))
        and not any(each.startswith(f"{V1}.") for each in reference.symbols)
        and not all(map(is_neutral, reference.symbols))
        and not module.is_for_other_versions(reference.node)
    )


def _roots(module: SourceModule) -> list[tuple[ast.Import, ast.alias]]:
    """Lists the `import tensorflow`; none if a name of one is bound by anything else, too."""
    result = []
    for statement in module.nodes(ast.Import):
        for alias in statement.names:
            if alias.name.startswith(f"{_ROOT}.") and not alias.asname:
                return []  # it binds `tensorflow`, and loads a module below it
            if alias.name == _ROOT:
                result.append((statement, alias))
    if any(module.is_for_other_versions(statement) for statement, _ in result):
        return []
    names = {alias.asname or _ROOT for _, alias in result}
    bound = [binding.alias for name in names for binding in module.bindings_of(name)]
    aliases = {id(alias) for _, alias in result}
    return result if all(id(alias) in aliases for alias in bound) else []


def _has_all(module: SourceModule) -> bool:
    """Tells whether `tf.compat.v1` has all that the module uses of TensorFlow, or nobody has it."""
    for reference in module.references:
        for symbol in reference.symbols:
            root, _, name = symbol.partition(".")
            if root != _ROOT or not name or isinstance(reference.node, ast.alias):
                continue
            is_gone = legacy_names.missing((symbol,)) is not None
            is_private = name.partition(".")[0] in PRIVATE
            if not is_gone and not legacy_names.in_v1(name) and not is_private:
                return False
    return True


def _edit_of_root(module: SourceModule, alias: ast.alias) -> Edit:
    start, _ = module.source.span(alias)
    text = V1 if alias.asname else f"{V1} as {_ROOT}"
    return Edit(start=start, end=start + len(_ROOT), text=text)


def _edits_of_names(module: SourceModule, statement: ast.ImportFrom) -> tuple[Edit, ...]:
    """Returns the edits of `from tensorflow.x import y` for names that TensorFlow 2 has, too."""
    if statement.level or not _is_public(statement.module or ""):
        return ()
    if module.is_for_other_versions(statement):
        return ()
    targets = {
        alias: (_in_v1(statement.module or ""), alias.name)
        for alias in statement.names
        if alias.name != "*" and _stays(f"{statement.module}.{alias.name}")
    }
    return import_edits.move(module.source, statement, targets) if targets else ()


def _edits_of_modules(module: SourceModule, statement: ast.Import) -> Iterator[Edit]:
    for alias in statement.names:
        if alias.name != _ROOT and alias.asname and _is_public(alias.name) and _stays(alias.name):
            start, _ = module.source.span(alias)
            yield Edit(start=start, end=start + len(alias.name), text=_in_v1(alias.name))


def _is_public(name: str) -> bool:
    """Tells whether a module is one of the API of TensorFlow that `tf.compat.v1` has, too."""
    root, _, rest = name.partition(".")
    if root != _ROOT or rest.startswith("compat") or rest.partition(".")[0] in PRIVATE:
        return False
    return not rest or (legacy_names.in_v1(rest) and symbols.find(rest) is None)


def _stays(symbol: str) -> bool:
    name = symbol.removeprefix(f"{_ROOT}.")
    if legacy_names.missing((symbol,)) is not None or name.partition(".")[0] in PRIVATE:
        return False
    return not name.startswith("compat") and legacy_names.in_v1(name)


def _in_v1(name: str) -> str:
    return V1 + name.removeprefix(_ROOT)


def _asks_for_version(module: SourceModule) -> bool:
    for node in module.nodes(ast.Call):
        is_hasattr = isinstance(node.func, ast.Name) and node.func.id == "hasattr"
        if is_hasattr and node.args and not _answers_alike(module, node):
            return True
    return any(
        bool(_VERSIONS & set(_parts(reference)))
        and not isinstance(reference.node, ast.alias)
        and not _is_message(module, reference.node)
        for reference in module.references
    )


def _answers_alike(module: SourceModule, call: ast.Call) -> bool:
    """Tells whether `hasattr` says the same of `tf.compat.v1` as of TensorFlow 1."""
    found = module.symbols(call.args[0])
    if not found:
        return True
    asked = call.args[-1]
    name = asked.value if isinstance(asked, ast.Constant) else None
    if not isinstance(name, str) or any(map(_is_of_contrib, found)):
        return False
    below = [f"{symbol}.{name}".partition(".")[2] for symbol in found]
    return all(map(legacy_names.in_v1, below))


def _is_of_contrib(symbol: str) -> bool:
    return "contrib" in symbol.split(".")


def _parts(reference: Reference) -> list[str]:
    root = reference.symbols[0].partition(".")[0]
    return dotted(reference.node)[1].split(".") if root == _ROOT else []


def _is_message(module: SourceModule, node: ast.AST) -> bool:
    for parent in module.parents(node):
        if isinstance(parent, ast.Call):
            func = parent.func
            name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
            if name in _MESSAGES:
                return True
        elif isinstance(parent, ast.stmt):
            break
    return False
