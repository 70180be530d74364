"""Why a file cannot be read or parsed, in words."""

from __future__ import annotations

import re

_PYTHON_2 = (
    (re.compile(r"^\s*print\s+[^(=.\s]|^\s*print\s*>>|^\s*print\s*$"), "a `print` statement"),
    (re.compile(r"^\s*except\s+[\w.()\s,]+,\s*\w+\s*:"), "`except Error, name`"),
    (re.compile(r"^\s*exec\s+[^(=.\s]"), "an `exec` statement"),
    (re.compile(r"^\s*raise\s+[\w.]+\s*,"), "`raise Error, value`"),
    (re.compile(r"`[^`]+`"), "backticks"),
    (re.compile(r"<>"), "`<>`"),
    (re.compile(r"\b0[0-7]+\b|\b\d+[lL]\b"), "a number such as 0777 or 1L"),
    (re.compile(r"\b[uU][rR]['\"]"), "a string such as ur''"),
    (re.compile(r"\bdef\s+\w+\s*\([^)]*\(\s*\w+\s*,|\blambda\s*\("), "a tuple as a parameter"),
)


def python_2_construct(line: str, message: str) -> str:
    """Returns what makes a line Python 2; "" if nothing does.

    Args:
      line: The line at which Python 3 stopped.
      message: What Python 3 said about it.
    """
    for word in ("exec", "print"):
        if message.startswith(f"Missing parentheses in call to '{word}'"):
            return f"a `{word}` statement"
    code = line.partition("#")[0]
    return next((construct for pattern, construct in _PYTHON_2 if pattern.search(code)), "")
