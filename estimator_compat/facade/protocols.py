"""Protocol buffer modules (`*_pb2.py`) that an old `protoc` generated.

Today's protobuf refuses the code of such a module. The code contains a serialized description, from
which protobuf can build the same messages.
"""

import ast
import importlib
from types import ModuleType
from typing import Any


def load(module: ModuleType, path: str) -> bool:
    """Fills a module with the messages that its file describes.

    Args:
      module: The module, which is empty.
      path: The module's file.

    Returns:
      Whether the file has such a description. Without a description, nothing is done.
    """
    if not path.endswith("_pb2.py"):
        return False
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    serialized = _description(tree)
    if serialized is None:
        return False
    for name in _imported_modules(tree):
        importlib.import_module(name)
    builder: Any = importlib.import_module("google.protobuf.internal.builder")
    pool = importlib.import_module("google.protobuf.descriptor_pool").Default()
    descriptor = pool.AddSerializedFile(serialized)
    builder.BuildMessageAndEnumDescriptors(descriptor, vars(module))
    builder.BuildTopDescriptorsAndMessages(descriptor, module.__name__, vars(module))
    vars(module)["DESCRIPTOR"] = descriptor
    return True


def _description(tree: ast.Module) -> bytes | None:
    """Returns the serialized description that the generated code passes to `FileDescriptor`.

    It is the argument `serialized_pb`: bytes, or a call of the function `_b` with latin-1 text.
    Returns None if the file has no such call.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "serialized_pb":
            value = node.value
            if isinstance(value, ast.Call) and len(value.args) == 1:
                value = value.args[0]
            if isinstance(value, ast.Constant) and isinstance(value.value, bytes | str):
                serialized = value.value
                if isinstance(serialized, str):
                    return serialized.encode("latin-1")
                return serialized
    return None


def _imported_modules(tree: ast.Module) -> list[str]:
    """Returns the protocol buffer modules that a file imports."""
    return [
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name.endswith("_pb2")
    ]
