"""The lines of a program that made an op."""

from typing import Any

from estimator_compat import package_files
from estimator_compat.ledger.steps import Line


def line_of(op: Any) -> Line | None:
    """Finds the innermost line, of the user's or a legacy library's code, that made an op."""
    for frame in reversed(list(op.traceback or ())):
        if may_be_users(frame.filename):
            return Line(file=frame.filename, number=frame.lineno, function=frame.name)
    return None


def may_be_users(path: str) -> bool:
    if package_files.is_ours(path):
        return package_files.is_example(path)
    return not package_files.is_framework(path)
