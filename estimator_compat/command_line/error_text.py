"""Describes an exception: its message, and where in the user's own code it was raised."""

import os
import re
import traceback
from collections.abc import Mapping

from estimator_compat import package_files

# The error of a session begins with the traceback of the failing node. The message follows it.
_NODE_TRACEBACK = re.compile(
    r"Graph execution error:\s+Detected at node.*?\nNode: '[^']*'\n", re.DOTALL
)


def describe(error: BaseException) -> str:
    """Describes `error` as `Type: message (file.py, line 12, in model_fn)`.

    If this package raised the error, the type is left out, because the message is complete. The
    place is the deepest frame outside this package, the standard library and site-packages. The
    place is left out if there is no such frame, and for a SyntaxError, because the message of a
    SyntaxError already names the place. An error about `params` says how to pass them.
    """
    frames = traceback.extract_tb(error.__traceback__)
    text = _without_op_tracebacks(str(error))
    if not raised_here(error) or not text:
        text = f"{type(error).__name__}: {text}".removesuffix(": ")
    user_frames = [frame for frame in frames if _is_user_file(frame.filename)]
    if isinstance(error, SyntaxError) or not user_frames:
        return text
    last = user_frames[-1]
    place = f"{os.path.basename(last.filename)}, line {last.lineno}, in {last.name}"
    advice = _advice_on_params(error)
    return f"{text} ({place})" + (f"; {advice}" if advice else "")


def _advice_on_params(error: BaseException) -> str:
    """Returns what to do about `params` that lack what the user's code reads from them, or ""."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    params = frames[-1].f_locals.get("params") if frames else None
    if not isinstance(params, Mapping):
        return ""
    if isinstance(error, KeyError) and error.args and error.args[0] not in params:
        key = error.args[0]
        return f"`params` has no {key!r}: pass it in `params`, or with --params={key}=VALUE"
    if isinstance(error, AttributeError) and error.obj is params:
        return (
            f"`params` is a {type(params).__name__}, and the code reads `params.{error.name}`: "
            "pass an object with that attribute, such as an HParams, in a migrate.Target"
        )
    return ""


def raised_here(error: BaseException) -> bool:
    """Returns whether this package raised the error; its message then says what to do."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and package_files.is_ours(frames[-1].filename)


def _is_user_file(filename: str) -> bool:
    return not (package_files.is_ours(filename) or package_files.is_library(filename))


def _without_op_tracebacks(message: str) -> str:
    """Removes the tracebacks of ops, which TensorFlow puts before or after its message."""
    message = _NODE_TRACEBACK.sub("", message)
    for heading in ("\n\nOriginal stack trace for", "\n\nErrors may have originated"):
        message = message.split(heading, 1)[0]
    return message.strip()
