"""Protocol buffer modules (`*_pb2.py`) that an old `protoc` generated.

Today's protobuf refuses their code, but each holds its serialized description, from which protobuf
builds the same messages.
"""

import ast
import importlib
from types import ModuleType
from typing import Any


def load(module: ModuleType, path: str) -> bool:
    """Fills a module from the description in its file.

    Returns:
      False, and does nothing, where the file is no such module.
    """
    if not path.endswith("_pb2.py"):
        return False
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    serialized = _description(tree)
    if serialized is None:
        return False
    for name in _imported(tree):
        importlib.import_module(name)
    builder: Any = importlib.import_module("google.protobuf.internal.builder")
    pool = importlib.import_module("google.protobuf.descriptor_pool").Default()
    described = pool.AddSerializedFile(serialized)
    builder.BuildMessageAndEnumDescriptors(described, vars(module))
    builder.BuildTopDescriptorsAndMessages(described, module.__name__, vars(module))
    vars(module)["DESCRIPTOR"] = described
    return True


def _description(tree: ast.Module) -> bytes | None:
    """The argument `serialized_pb` of the file's descriptor: bytes, or latin-1 text in `_b()`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "serialized_pb":
            value = node.value
            if isinstance(value, ast.Call) and len(value.args) == 1:
                value = value.args[0]
            if isinstance(value, ast.Constant) and isinstance(value.value, bytes | str):
                given = value.value
                return given.encode("latin-1") if isinstance(given, str) else given
    return None


def _imported(tree: ast.Module) -> list[str]:
    """The modules of the descriptions that this one needs."""
    return [
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name.endswith("_pb2")
    ]
