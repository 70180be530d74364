"""The user's own modules that a program consists of, and what their names are bound to."""

import ast
from collections.abc import Iterable, Iterator, Mapping

from migrate.translating.source_reader import source_files
from migrate.translating.source_reader.source_files import SourceFile


class OwnModules:
    """Follows imports among the files of a program.

    Args:
      names: The names of the program's own modules, by their files.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._files = {name: path for path, name in names.items()}
        self._names = dict(names)
        self._bound: dict[str, dict[str, tuple[str, str]]] = {}

    def imported(self, file: SourceFile) -> dict[str, tuple[str, str]]:
        """Returns what a file imports from own modules.

        Returns:
          By the bound name, a file and the name in it; "" stands for the module itself. A module
          that is imported by a path, such as `import model.data`, is bound to "model.data".
        """
        if file.path not in self._bound:
            # Walked, as imports in functions bind names, too.
            nodes = ast.walk(file.tree)
            self._bound[file.path] = {
                name: target for node in nodes for name, target in self._targets(node, file.path)
            }
        return self._bound[file.path]

    def _targets(self, node: ast.AST, path: str) -> Iterator[tuple[str, tuple[str, str]]]:
        if isinstance(node, ast.Import):
            for one in node.names:
                found = self._module(one.name, path)
                if found:
                    yield one.asname or one.name, (found, "")
        elif isinstance(node, ast.ImportFrom):
            package = self._absolute(node.module or "", node.level, path)
            origin = self._module(package, path)
            for one in node.names:
                module = self._module(f"{package}.{one.name}" if package else one.name, path)
                if module:
                    yield one.asname or one.name, (module, "")
                elif origin:
                    yield one.asname or one.name, (origin, one.name)

    def _module(self, name: str, importing: str) -> str:
        """Returns the file of a module; "" if it is not the program's own."""
        found = self._files.get(name, "")
        return "" if found == importing else found

    def _absolute(self, module: str, level: int, path: str) -> str:
        if level == 0:
            return module
        package = self._names.get(path, "").split(".")
        if not path.endswith("__init__.py"):
            package = package[:-1]
        package = package[: len(package) - level + 1]
        return ".".join([*package, module] if module else package)

    def origin(self, file: SourceFile, name: str) -> tuple[SourceFile, str] | None:
        """Returns where a name of a file is defined: the file, and the name there.

        None if the file neither defines it nor imports it from an own module.
        """
        seen = set()
        while (file.path, name) not in seen:
            seen.add((file.path, name))
            if name in file.defined:
                return file, name
            target = self.imported(file).get(name)
            if target is None or not target[1]:
                return None
            file, name = source_files.load(target[0]), target[1]
        return None

    def imported_first(self, files: Iterable[SourceFile]) -> list[SourceFile]:
        """Orders files: what is imported stands before what imports it."""
        wanted = {file.path: file for file in files}
        ordered: dict[str, None] = {}
        seen: set[str] = set()

        def visit(path: str) -> None:
            if path in seen:
                return
            seen.add(path)
            for imported, _ in self.imported(source_files.load(path)).values():
                visit(imported)
            ordered[path] = None

        for path in wanted:
            visit(path)
        return [wanted[path] for path in ordered if path in wanted]

    def is_module(self, file: SourceFile, name: str) -> bool:
        """Tells whether a name is an own module, or begins the path of one."""
        return any(
            not target and (bound == name or bound.startswith(f"{name}."))
            for bound, (_, target) in self.imported(file).items()
        )

    def member(self, file: SourceFile, dotted_name: str) -> tuple[SourceFile, str, str] | None:
        """Returns what `module.name` is: the file, the name there, and the text that says so.

        None if it does not begin with an own module.
        """
        bound, parts = self.imported(file), dotted_name.split(".")
        for length in range(len(parts) - 1, 0, -1):
            target = bound.get(".".join(parts[:length]))
            if target is not None and not target[1]:
                found = self.origin(source_files.load(target[0]), parts[length])
                if found is not None:
                    return *found, ".".join(parts[: length + 1])
        return None
