"""Tests for migrate.translating.imports: import statements without dots."""

import ast

import pytest

from migrate.translating import imports

MODULES = {"/a/b/c.py": "a.b.c", "/a/b/__init__.py": "a.b"}
CASES = [
    ("from ..layers import dense", "dense", "/a/b/c.py", "from a.layers import dense"),
    ("from . import d as e", "e", "/a/b/c.py", "from a.b import d as e"),
    ("from .d import e, f", "f", "/a/b/__init__.py", "from a.b.d import f"),
    ("from x import y, z", "z", "/a/b/c.py", "from x import z"),
    ("import x.y, z", "x", "/a/b/c.py", "import x.y"),
    ("from .d import e", "e", "/elsewhere.py", "from .d import e"),
]


@pytest.mark.parametrize(("text", "name", "path", "expected"), CASES)
def test_an_import_has_no_dots(text: str, name: str, path: str, expected: str) -> None:
    [node] = ast.parse(text).body
    assert isinstance(node, ast.Import | ast.ImportFrom)
    assert imports.absolute(node, name, path, MODULES) == expected
