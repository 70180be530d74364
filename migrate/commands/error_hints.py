"""Tells from an error that code was written for TensorFlow 1 and found TensorFlow 2 instead."""

import re
from collections.abc import Iterator

# What TensorFlow 2 says to code of TensorFlow 1: a name is gone, a graph is missing, or a size of a
# static shape is a number.
_SIGNS = (
    (AttributeError, r"tensorflow"),
    (ImportError, r"tensorflow"),
    (AttributeError, r"'(int|NoneType)' object has no attribute 'value'"),
    (RuntimeError, r"eager execution|The Session graph is empty"),
)


def is_of_legacy_code(error: BaseException) -> bool:
    """Tells whether an error, or an error that caused it, is what legacy code meets without facade.

    Args:
      error: The error that ended a command.
    """
    return any(
        isinstance(one, kind) and re.search(text, str(one))
        for one in _with_causes(error)
        for kind, text in _SIGNS
    )


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
