"""Finds the lines of source code that created an op."""

from estimator_compat import package_files
from estimator_compat.ledger import function_bodies
from estimator_compat.ledger.steps import Line
from estimator_compat.type_aliases import Operation


def line_of(op: Operation) -> Line | None:
    """Returns the innermost line of the user's or a legacy library's code that created an op.

    None if the op has no traceback, or no line of such code is in it.
    """
    for frame in reversed(list(function_bodies.original(op).traceback or ())):
        if may_be_users(frame.filename):
            return Line(file=frame.filename, number=frame.lineno, function=frame.name)
    return None


def may_be_users(path: str) -> bool:
    """Returns whether a file may be the user's program or a legacy library.

    It returns False for files of this project, except its embedded examples, and for files of
    TensorFlow and Keras.
    """
    if package_files.is_ours(path):
        return package_files.is_example(path)
    return not package_files.is_framework(path)
