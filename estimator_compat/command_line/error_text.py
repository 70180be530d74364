"""Says in one line what an exception was and where in the user's own code it came from."""

import os
import re
import traceback

from estimator_compat import package_files

# A session's error begins with the trace of the node, and says what it is about behind that.
_ACCOUNT = re.compile(r"Graph execution error:\s+Detected at node.*?\nNode: '[^']*'\n", re.DOTALL)


def describe(error: BaseException) -> str:
    """Describes `error` as `Type: message (file.py, line 12, in model_fn)`.

    The type is left out of an error that this package raised, whose message says all. The place is
    the deepest frame outside this package, the standard library and site-packages; it is left out
    where there is none, and for a SyntaxError, whose message names its own.
    """
    frames = traceback.extract_tb(error.__traceback__)
    text = _brief(str(error))
    if not raised_here(error) or not text:
        text = f"{type(error).__name__}: {text}".removesuffix(": ")
    users = [frame for frame in frames if _is_users(frame.filename)]
    if isinstance(error, SyntaxError) or not users:
        return text
    last = users[-1]
    return f"{text} ({os.path.basename(last.filename)}, line {last.lineno}, in {last.name})"


def raised_here(error: BaseException) -> bool:
    """Tells whether this package raised it: its message then says what to do."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and package_files.is_ours(frames[-1].filename)


def _is_users(filename: str) -> bool:
    return not (package_files.is_ours(filename) or package_files.is_library(filename))


def _brief(message: str) -> str:
    """Leaves out TensorFlow's account of where an op was made, before its message or behind it."""
    message = _ACCOUNT.sub("", message)
    for account in ("\n\nOriginal stack trace for", "\n\nErrors may have originated"):
        message = message.split(account, 1)[0]
    return message.strip()
