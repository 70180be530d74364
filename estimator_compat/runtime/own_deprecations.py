"""Calls TensorFlow's deprecated functions without its warnings, which are for whoever calls them.

An Estimator's files and signatures cannot be written without such functions, and a user cannot
change these calls.
"""

import contextlib
import logging
from collections.abc import Iterator


def is_deprecation(record: logging.LogRecord) -> bool:
    """Returns whether a record of TensorFlow's log says that a function is deprecated."""
    return "Instructions for updating" in record.getMessage()


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Returns a context in which TensorFlow logs no deprecations."""

    def keep(record: logging.LogRecord) -> bool:
        return not is_deprecation(record)

    logger = logging.getLogger("tensorflow")
    logger.addFilter(keep)
    try:
        yield
    finally:
        logger.removeFilter(keep)
