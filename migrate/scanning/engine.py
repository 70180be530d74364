"""All rules on one file."""

from __future__ import annotations

import ast
import dataclasses
import os
from collections.abc import Sequence

from migrate import rules
from migrate.findings import Finding, ModelFn
from migrate.rules.base import Rule
from migrate.scanning import files, model_fns, suppressions, unreadable
from migrate.scanning.bindings import Exports
from migrate.scanning.source import SourceText
from migrate.scanning.syntax import SourceModule


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """What was found in one file.

    Attributes:
      path: The file, as it stands in findings.
      findings: By line, column and code.
      model_fns: By line.
    """

    path: str
    findings: tuple[Finding, ...] = ()
    model_fns: tuple[ModelFn, ...] = ()


def scan_file(path: str, checks: Sequence[Rule], exports: Exports | None = None) -> FileResult:
    """Reads a file and applies rules to it; a file that cannot be read is a finding."""
    shown = files.relative(path)
    if os.path.exists(path) and not os.path.isfile(path):  # reading a pipe would wait for ever
        return _refused(shown, "FILE901", "The file is not a regular file: it is not read.")
    try:
        with open(path, "rb") as file:
            data = file.read(files.LARGEST + 1)
    except OSError as error:
        return _refused(shown, "FILE901", f"The file cannot be read: {error.strerror or error}.")
    if len(data) > files.LARGEST:
        message = (
            f"The file is larger than {files.LARGEST // 2**20} MiB: it is not scanned. "
            "Exclude it, if it is data; otherwise divide it."
        )
        return _refused(shown, "FILE901", message)
    return scan_data(data, shown, checks, exports)


def parsed(path: str) -> SourceModule | None:
    """Returns a file that mentions TensorFlow, parsed; None for another one, or if it cannot be."""
    try:
        with open(path, "rb") as file:
            data = file.read(files.LARGEST + 1)
        if len(data) > files.LARGEST or not files.mentions_tensorflow(data):
            return None
        return SourceModule(path, SourceText.decode(data), ast.parse(data, path))
    except (OSError, SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
        return None


def scan_data(
    data: bytes, path: str, checks: Sequence[Rule], exports: Exports | None = None
) -> FileResult:
    """Applies rules to the content of a file.

    Args:
      data: The content.
      path: As it stands in findings.
      checks: The rules.
      exports: What other modules of the scanned tree export.
    """
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
    try:
        module = SourceModule(path, source, ast.parse(data, path), exports)
    except SyntaxError as error:
        return _not_parsed(path, source, error)
    except (RecursionError, MemoryError, ValueError) as error:
        message = f"The file cannot be parsed: {error or type(error).__name__}."
        return _refused(path, "FILE903", message)
    found = [finding for rule in checks for finding in rule.check(module)]
    found = suppressions.without_ignored(found, data)
    return FileResult(
        path=path,
        findings=tuple(sorted(found, key=lambda each: (each.line, each.column, each.code))),
        model_fns=tuple(model_fns.find(module)),
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
