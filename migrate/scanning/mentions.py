"""Why nothing was found in a file that mentions an Estimator."""

from __future__ import annotations

import io
import tokenize

ONLY_TEXT = "the word stands in comments and strings only"
OWN_NAMES = "the word is part of names that are not TensorFlow's"


def reason(data: bytes) -> str:
    """Returns the reason; "" if the file does not mention an Estimator.

    Args:
      data: A file of Python that can be parsed, in which no rule found anything.
    """
    if b"stimator" not in data:
        return ""
    for token in tokenize.tokenize(io.BytesIO(data).readline):
        if token.type == tokenize.NAME and "stimator" in token.string:
            return OWN_NAMES
    return ONLY_TEXT
