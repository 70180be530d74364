"""Files that say nothing of their TensorFlow, and are used with files for TensorFlow 1 only.

`tf.nn.dropout(x, 0.9)` keeps 90% of `x` in TensorFlow 1 and 10% in TensorFlow 2. A file that has
only such names runs with the other files of its program: if they were written for TensorFlow 1, so
was it.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator

from migrate.findings import Fix
from migrate.scanning import engine, legacy_imports
from migrate.scanning.exports import TreeExports
from migrate.scanning.syntax import SourceModule


def find(paths: Iterable[str], exports: TreeExports) -> dict[str, Fix]:
    """Finds such files, and returns the edits of their imports.

    Args:
      paths: The files of a tree, as in findings.
      exports: What its modules export; it follows their imports.
    """
    modules = dict(_modules(paths))
    links = {
        os.path.abspath(path): _imported(path, module, exports) for path, module in modules.items()
    }
    legacy = {os.path.abspath(path) for path, each in modules.items() if _is_legacy(each)}
    open_questions = {
        os.path.abspath(path): path
        for path, module in modules.items()
        if legacy and legacy_imports.may_be_for_either(module)
    }
    found: dict[str, Fix] = {}
    while chosen := [file for file in open_questions if _is_used_with(file, links, legacy)]:
        for file in chosen:
            path = open_questions.pop(file)
            fix = legacy_imports.edits(modules[path])
            if fix is not None:
                found[path] = fix
                legacy.add(file)
    return found


def _modules(paths: Iterable[str]) -> Iterator[tuple[str, SourceModule]]:
    for path in paths:
        module = engine.parsed(path)
        if module is not None:
            yield path, module


def _is_legacy(module: SourceModule) -> bool:
    return legacy_imports.is_tensorflow_1(module)


def _is_used_with(file: str, links: dict[str, set[str]], legacy: set[str]) -> bool:
    """Tells whether all importers of a file, or what it imports, are for TensorFlow 1."""
    importers = {each for each, imported in links.items() if file in imported}
    return importers <= legacy and bool(importers or links[file] & legacy)


def _imported(path: str, module: SourceModule, exports: TreeExports) -> set[str]:
    """Returns the files of the tree that a module imports at its top."""
    importer = os.path.abspath(path)
    result = set()
    for statement in module.nodes(ast.ImportFrom):
        if module.function_of(statement) is None:
            name = statement.module or ""
            names = [name, *(f"{name}.{each.name}".strip(".") for each in statement.names)]
            result |= {exports.imported(importer, each, statement.level) for each in names}
    for plain in module.nodes(ast.Import):
        if module.function_of(plain) is None:
            result |= {exports.imported(importer, each.name, 0) for each in plain.names}
    return {each for each in result if each is not None}
