"""Source files: their trees, their functions by line, and the comments before each statement."""

import ast
import functools
import io
import re
import tokenize
from collections.abc import Mapping
from pathlib import Path

from migrate.translating.facts import Span
from migrate.translating.source_reader.statements import stores

_FOR_TOOLS = re.compile(
    r"#+\s*(noqa|type:|pylint:|pragma:|pytype:|fmt:|yapf:|flake8)", re.IGNORECASE
)


class SourceFile:
    """A file of the user's source.

    Attributes:
      path: The path.
      text: The whole text.
      tree: The module.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        with tokenize.open(path) as file:
            self.text = file.read()
        self.tree = ast.parse(self.text, filename=path)
        for node in ast.walk(self.tree):
            node.path = path  # type: ignore[attr-defined]  # a copy has it, too: see `path_of`

    @functools.cached_property
    def functions(self) -> Mapping[int, list[ast.FunctionDef]]:
        """The functions by the line of their `def`, or of their first decorator."""
        found: dict[int, list[ast.FunctionDef]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef):
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                found.setdefault(first, []).append(node)
        return found

    @functools.cached_property
    def defined(self) -> Mapping[str, list[ast.stmt]]:
        """What each name is defined by at the top level, imports left out."""
        found: dict[str, list[ast.stmt]] = {}
        for node in self.tree.body:
            if not isinstance(node, ast.Import | ast.ImportFrom):
                for name in stores(node):
                    found.setdefault(name, []).append(node)
        return found

    @functools.cached_property
    def comments(self) -> Mapping[int, str]:
        """The comments that stand alone on their lines, by line."""
        return {line: text for line, (text, alone) in self._every_comment.items() if alone}

    @functools.cached_property
    def _every_comment(self) -> Mapping[int, tuple[str, bool]]:
        """All comments that people read, and whether they stand alone, by line."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        lines = self.text.splitlines()
        return {
            token.start[0]: (token.string, lines[token.start[0] - 1].lstrip().startswith("#"))
            for token in tokens
            if token.type == tokenize.COMMENT and not _FOR_TOOLS.match(token.string)
        }

    def comments_before(self, node: ast.stmt) -> list[str]:
        """Returns the comments on the lines just before a statement."""
        found: list[str] = []
        line = node.lineno - 1
        while line in self.comments:
            found.insert(0, self.comments[line])
            line -= 1
        return found

    def comments_beside(self, node: ast.stmt) -> list[str]:
        """Returns the comments at the ends of the first and the last line of a statement."""
        if hasattr(node, "body"):
            return []
        lines = dict.fromkeys((node.lineno, node.end_lineno or node.lineno))
        found = [self._every_comment.get(line, ("", True)) for line in lines]
        return [text for text, alone in found if not alone]

    def span(self, node: ast.expr | ast.stmt | ast.ExceptHandler) -> Span:
        """Returns the place of a node."""
        return Span(
            self.path, node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0
        )

    def segment(self, node: ast.AST) -> str:
        """Returns the source text of a node."""
        return ast.get_source_segment(self.text, node) or ""


def path_of(node: ast.AST | None, default: str) -> str:
    """Returns the file that a node, or the one that it is a copy of, stands in."""
    return str(getattr(node, "path", default))


@functools.lru_cache(maxsize=64)
def load(path: str) -> SourceFile:
    """Reads a file, once in a process."""
    return SourceFile(str(Path(path)))
