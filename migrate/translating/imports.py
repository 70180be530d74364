"""Import statements of a module, as another module needs them: without dots."""

import ast
from collections.abc import Mapping


def absolute(
    node: ast.Import | ast.ImportFrom, name: str, path: str, modules: Mapping[str, str]
) -> str:
    """Returns the import of one name, without dots before the module.

    Args:
      node: The statement.
      name: The name that it defines.
      path: The file that it stands in.
      modules: The names of modules by their files.
    """
    chosen = [one for one in node.names if name == (one.asname or one.name.partition(".")[0])]
    names = ", ".join(ast.unparse(one) for one in chosen)
    if isinstance(node, ast.Import):
        return f"import {names}"
    base = node.module or ""
    if node.level and path in modules:
        package = modules[path].split(".")
        if not path.endswith("__init__.py"):
            package = package[:-1]
        package = package[: len(package) - node.level + 1]
        base = ".".join([*package, *([base] if base else [])])
    elif node.level:
        base = "." * node.level + base
    return f"from {base} import {names}"
