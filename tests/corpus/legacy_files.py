"""Which files of a package use the Estimator, and the names of TensorFlow that they use."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOTS = ("tensorflow", "tensorflow_estimator")
_ESTIMATOR = re.compile(r"\bestimator\b|\bTPUEstimator|EstimatorSpec|\bModeKeys\b|\bRunConfig\b")


def estimator_files(site: Path) -> list[Path]:
    """The files below a folder that contain `tensorflow` and a name of the Estimator."""
    return [
        path
        for path in sorted(site.rglob("*.py"))
        if "tensorflow" in (text := path.read_text(errors="replace")) and _ESTIMATOR.search(text)
    ]


def module_name(path: Path, site: Path) -> str:
    """The dotted name of a file below a folder of packages."""
    parts = path.relative_to(site).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def names_used(tree: ast.AST) -> set[str]:
    """The dotted names of TensorFlow in a module, such as `tensorflow.train.AdamOptimizer`."""
    bound = dict(_imported(tree))
    return {
        ".".join([bound[name], *attributes]) for name, attributes in _chains(tree) if name in bound
    }


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Each name that an import of TensorFlow binds, and the imported dotted name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                if root in ROOTS:
                    yield (alias.asname, alias.name) if alias.asname else (root, root)
        elif isinstance(node, ast.ImportFrom) and _root(node) in ROOTS:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _root(node: ast.ImportFrom) -> str:
    return "" if node.level else str(node.module).partition(".")[0]


def _chains(node: ast.AST) -> Iterator[tuple[str, list[str]]]:
    """Each name in a module with the attributes that follow it: for `a.b.c`, a and [b, c]."""
    attributes: list[str] = []
    inner = node
    while isinstance(inner, ast.Attribute):
        attributes.insert(0, inner.attr)
        inner = inner.value
    if isinstance(inner, ast.Name):
        yield inner.id, attributes
    else:
        for child in ast.iter_child_nodes(inner):
            yield from _chains(child)
