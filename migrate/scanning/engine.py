"""All rules on one file."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Iterator, Sequence

from migrate import rules
from migrate.findings import CannedEstimator, Edit, Finding, ModelFn
from migrate.ledger_reading.tree import Tree, no_tree
from migrate.rules.base import Rule
from migrate.scanning import (
    canned_estimators,
    files,
    model_fns,
    notebook_text,
    notebooks,
    suppressions,
    unreadable,
)
from migrate.scanning.bindings import Exports
from migrate.scanning.mentioned import Mentioned
from migrate.scanning.source import SourceText, check_syntax, parse
from migrate.scanning.syntax import SourceModule

# What a module was asked for, the level of the import, the name, and the symbols that it is.
Answers = tuple[tuple[str, int, str, tuple[str, ...]], ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """What was found in one file.

    Attributes:
      path: The file, as it stands in findings.
      findings: By line, column and code.
      model_fns: By line.
      canned_estimators: By line.
      key: What tells the content of the file from any other; "" if it was not read.
      asked: What its imports stand for in the tree.
    """

    path: str
    findings: tuple[Finding, ...] = ()
    model_fns: tuple[ModelFn, ...] = ()
    canned_estimators: tuple[CannedEstimator, ...] = ()
    key: str = ""
    asked: Answers = ()


def scan_file(
    path: str,
    checks: Sequence[Rule],
    exports: Exports | None = None,
    tree: Tree | None = None,
) -> FileResult:
    """Reads a file and applies rules to it; a file that cannot be read is a finding."""
    shown = files.relative(path)
    if os.path.isdir(path):
        return _refused(shown, "FILE901", "The folder cannot be listed: its files are not read.")
    if os.path.exists(path) and not os.path.isfile(path):  # reading a pipe would wait for ever
        return _refused(shown, "FILE901", "The file is not a regular file: it is not read.")
    largest = files.largest(path)
    try:
        with open(path, "rb") as file:
            data = file.read(largest + 1)
    except OSError as error:
        return _refused(shown, "FILE901", f"The file cannot be read: {error.strerror or error}.")
    if len(data) > largest:
        message = (
            f"The file is larger than {largest // 2**20} MiB: it is not scanned. "
            "Exclude it, if it is data; otherwise divide it."
        )
        return _refused(shown, "FILE901", message)
    result = scan_data(data, shown, checks, exports, tree=tree, file=os.path.abspath(path))
    # What a model_fn's loss is may change with other files.
    has_ledgers = result.model_fns or result.canned_estimators
    is_kept = b"model_fn" not in data and not has_ledgers
    return dataclasses.replace(result, key=files.key_of(shown, data) if is_kept else "")


def parsed(path: str) -> SourceModule | None:
    """Returns a file that mentions TensorFlow, parsed; None for another one, or if it cannot be."""
    try:
        with open(path, "rb") as file:
            data = file.read(files.LARGEST + 1)
        if len(data) > files.LARGEST or not files.mentions_tensorflow(data):
            return None
        return SourceModule(path, SourceText.decode(data), parse(data, path))
    except (OSError, SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
        return None


def scan_data(
    data: bytes,
    path: str,
    checks: Sequence[Rule],
    exports: Exports | None = None,
    *,
    tree: Tree | None = None,
    file: str = "",
) -> FileResult:
    """Applies rules to the content of a file.

    Args:
      data: The content.
      path: As it stands in findings.
      checks: The rules.
      exports: What other modules of the scanned tree export.
      tree: The modules of the scanned tree that the code of a model_fn may lead to.
      file: The absolute path of the file; "" if the content is not of a file.
    """
    context = _Context(checks=checks, exports=exports, tree=tree or no_tree(), file=file)
    if path.endswith(files.NOTEBOOK):
        return _scan_notebook(data, path, context)
    return _scan_module(notebooks.without_cell_magic(data), path, context)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    checks: Sequence[Rule]
    exports: Exports | None
    tree: Tree
    file: str


def _scan_notebook(data: bytes, path: str, context: _Context) -> FileResult:
    try:
        parts = notebooks.parts(data)
    except ValueError as error:
        return _refused(path, "FILE904", str(error))
    found: list[Finding] = []
    functions: list[ModelFn] = []
    canned: list[CannedEstimator] = []
    for part in parts:
        text = part.text.encode("utf-8", "replace")
        result = _scan_module(text, path, context)
        found += _in_cells(result.findings, part, data)
        for function in result.model_fns:
            cell, line = part.place(function.line)
            functions.append(dataclasses.replace(function, cell=cell, line=line))
        for estimator in result.canned_estimators:
            cell, line = part.place(estimator.line)
            canned.append(dataclasses.replace(estimator, cell=cell, line=line))
    if any(each.code.startswith("FILE") for each in found):
        # What is imported may be used in cells that were not read.
        found = [dataclasses.replace(each, is_safe=False) for each in found]
    return FileResult(
        path=path,
        findings=tuple(sorted(found, key=lambda each: (each.cell or 0, each.line, each.column))),
        model_fns=tuple(sorted(functions, key=lambda each: (each.cell or 0, each.line))),
        canned_estimators=tuple(sorted(canned, key=lambda each: (each.cell or 0, each.line))),
    )


def _in_cells(found: Iterable[Finding], part: notebooks.Part, data: bytes) -> Iterator[Finding]:
    """Yields findings of a part of a notebook where they are in it, with edits of its JSON."""
    text = None
    for finding in found:
        cell, line = part.place(finding.line)
        is_cell = finding.code.startswith("FILE")
        message = finding.message.replace(" file", " cell") if is_cell else finding.message
        edits: list[Edit | None] = []
        if finding.edit is not None:
            text = text or notebook_text.NotebookText(data.decode("utf-8-sig"))
            edits = [text.edit(edit, part) for edit in (finding.edit, *finding.also)]
        placed = tuple(edit for edit in edits if edit is not None)
        is_whole = bool(placed) and len(placed) == len(edits)
        yield dataclasses.replace(
            finding,
            message=message,
            cell=cell,
            line=line,
            edit=placed[0] if is_whole else None,
            also=placed[1:] if is_whole else (),
        )


def _scan_module(data: bytes, path: str, context: _Context) -> FileResult:
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        message = "The file holds zero bytes: it is binary, or UTF-16. Exclude it, or convert it."
        return _refused(path, "FILE901", message, line=line)
    try:
        source = SourceText.decode(data)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        message = (
            f"The file is not in its encoding: {error}. Declare the encoding in the first line, "
            "such as `# coding: latin-1`."
        )
        return _refused(path, "FILE901", message)
    if not files.mentions_tensorflow(data):
        return FileResult(path=path)
    mentioned = Mentioned(source.text, context.exports)
    checks = [rule for rule in context.checks if rule.may_find(mentioned)]
    has_model_fns = model_fns.may_be_in(source.text)
    has_canned = canned_estimators.may_be_in(mentioned)
    try:
        if not checks and not has_model_fns and not has_canned:
            check_syntax(data, path)
            return FileResult(path=path)
        module = SourceModule(path, source, parse(data, path), context.exports)
    except SyntaxError as error:
        return _not_parsed(path, source, error)
    except (RecursionError, MemoryError, ValueError) as error:
        message = f"The file cannot be parsed: {str(error) or type(error).__name__}."
        return _refused(path, "FILE903", message)
    found: list[Finding] = []
    for rule in checks:
        try:
            found += rule.check(module)
        except RecursionError:  # an expression that is nested too deeply to be followed
            message = f"An expression is nested too deeply: {rule.code} did not look at all."
            found += _refused(path, "FILE903", message).findings
    found = suppressions.without_ignored(found, data)
    return FileResult(
        path=path,
        findings=tuple(sorted(found, key=lambda each: (each.line, each.column, each.code))),
        model_fns=tuple(
            model_fns.find(module, context.tree, context.file) if has_model_fns else ()
        ),
        canned_estimators=tuple(canned_estimators.find(module) if has_canned else ()),
    )


def _not_parsed(path: str, source: SourceText, error: SyntaxError) -> FileResult:
    line = error.lineno or 1
    column = max(error.offset or 1, 1)
    construct = unreadable.python_2_construct(source.line(line), error.msg)
    if construct:
        message = (
            f"The file is Python 2: {construct}. Convert it with 2to3, which Python has up to "
            "3.12; nothing else in the file was looked at."
        )
        return _refused(path, "FILE902", message, line=line, column=column)
    message = f"The file cannot be parsed: {error.msg}. Nothing else in it was looked at."
    return _refused(path, "FILE903", message, line=line, column=column)


def _refused(path: str, code: str, message: str, *, line: int = 1, column: int = 1) -> FileResult:
    rule = rules.catalogue()[code]
    finding = Finding(
        code=code,
        path=path,
        line=line,
        column=column,
        message=message,
        severity=rule.severity,
        effort=rule.effort,
    )
    return FileResult(path=path, findings=(finding,))
