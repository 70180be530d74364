"""The annotations of functions that are copied."""

import ast
import sys


def of(node: ast.AST) -> list[ast.expr]:
    """Returns the annotations of a function's parameters and of what it returns."""
    if not isinstance(node, ast.FunctionDef):
        return []
    notes = [one.annotation for one in ast.walk(node.args) if isinstance(one, ast.arg)]
    return [one for one in [node.returns, *notes] if one is not None]


def names_in(note: ast.expr) -> set[str]:
    """Returns the names that an annotation reads."""
    return {one.id for one in ast.walk(note) if isinstance(one, ast.Name)}


def names(node: ast.AST) -> list[str]:
    """Returns the names that all annotations in a definition read."""
    return sorted({name for one in ast.walk(node) for note in of(one) for name in names_in(note)})


def is_common(node: ast.stmt) -> bool:
    """Tells whether an import is of Python's own modules, or of NumPy."""
    if isinstance(node, ast.ImportFrom):
        modules = [] if node.level else [node.module or ""]
    else:
        modules = [one.name for one in node.names] if isinstance(node, ast.Import) else []
    tops = {one.partition(".")[0] for one in modules}
    return bool(tops) and tops <= {*sys.stdlib_module_names, "numpy"}
