"""Serves the calls to a subject: reads a request, calls the method, writes what it returned.

A request is the name of a method of `SubjectCalls` and a list of its arguments. An answer is
`("returned", value)` or `("raised", failure)`, where the failure is a `Failure`. The first answer
comes without a request: whether the subject could be made.

TensorFlow is imported after the user's module, which may set environment variables before it
imports TensorFlow itself.
"""

import contextlib
import faulthandler
import inspect
import os
import re
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, TextIO

from estimator_compat import package_files
from estimator_compat.command_line import error_text, function_references
from migrate.verifying.subject_calls.greeting import Failure, Greeting

# A line that TensorFlow's C++ code logs below the level of an error.
_LOG_LINE = re.compile(rb"WARNING: All log messages before absl|[IW]\d{4} |\d{4}-\S+ \S+: [IW] ")


def serve(greeting: Greeting, requests: BinaryIO, answers: BinaryIO) -> None:
    """Makes the subject, and answers requests until their stream ends."""
    with open(greeting.report, "w") as report:
        faulthandler.enable(report)
        subject: Any = None

        def make() -> None:
            nonlocal subject
            subject = _make(greeting)

        _answer(answers, make, greeting.time_limit, report)
        if subject is None:
            return
        from migrate.verifying.subject_calls import messages

        while True:
            try:
                method, arguments = messages.read(requests)
            except EOFError:
                return
            function = _call(subject, method, arguments)
            if method == "replay":

                def function(folder: str = arguments[0]) -> None:
                    nonlocal subject
                    subject = _replayed(subject, folder)

            _answer(answers, function, greeting.time_limit, report)


def _make(greeting: Greeting) -> Any:
    """Imports the subject's module and makes the subject, as the user's own program would."""
    sys.path[:] = greeting.path
    sys.argv[:] = [greeting.reference.rpartition(":")[0]]
    with _without_log_lines() if greeting.is_quiet else contextlib.nullcontext():
        function = function_references.load(greeting.reference)
        import tensorflow  # noqa: F401
    from migrate.verifying.subject_calls.calls import SubjectCalls

    _parse_flags(greeting)
    try:
        inspect.signature(function).bind()
    except TypeError as error:
        raise TypeError(
            f"`{greeting.reference}` cannot be called: {error}; expected a class or a function "
            "without arguments, which returns the loop; write a function that passes them."
        ) from None
    return SubjectCalls(function(), greeting.reference)


def _parse_flags(greeting: Greeting) -> None:
    """Parses the flags that the subject's code defines: they cannot be read before.

    A required flag may be missing: a program's `main` needs it, and its loop perhaps does not.
    """
    from absl import flags

    try:
        flags.FLAGS([*sys.argv, *greeting.flags], known_only=True)
    except flags.Error as error:
        if flags.FLAGS.is_parsed() and "must have a value other than None" in str(error):
            return
        raise ValueError(
            f"{error}; expected flags that the code behind `{greeting.reference}` defines; correct "
            "them after `--`."
        ) from error


def _replayed(subject: Any, folder: str) -> Any:
    """Returns the calls to a subject that gets the draws that a folder has recordings of."""
    from migrate.verifying.subject_calls.replayed_calls import ReplayedCalls

    return ReplayedCalls(subject, folder)


def _call(subject: Any, method: str, arguments: list[Any]) -> Callable[[], Any]:
    """Returns a function that calls a method of the subject with the arguments of a request."""
    from migrate.verifying.subject_calls import arrays

    def call() -> Any:
        given = list(arguments)
        if method in ("step", "gradients"):
            given[0] = arrays.to_tensors(given[0])
        elif method in ("evaluate", "predict", "train_steps"):
            given[:2] = [arrays.dataset_of(*given[:2])]
        return getattr(subject, method)(*given)

    return call


def _answer(
    answers: BinaryIO, function: Callable[[], Any], time_limit: float, report: TextIO
) -> None:
    """Calls a function and writes what it returned, or the error that it raised."""
    faulthandler.dump_traceback_later(time_limit, file=report)
    try:
        answer: tuple[str, Any] = ("returned", function())
    except (Exception, SystemExit) as error:
        answer = ("raised", _failure(error))
    finally:
        faulthandler.cancel_dump_traceback_later()
        sys.stdout.flush()
    from migrate.verifying.subject_calls import messages

    try:
        messages.write(answers, answer)
    except TypeError as error:
        messages.write(answers, ("raised", _failure(error)))


def _failure(error: BaseException) -> Failure:
    # An error of ours is often raised from the user's, whose traceback is the telling one.
    cause = error.__cause__ if error.__cause__ is not None else error
    frames = traceback.extract_tb(cause.__traceback__)
    users = [n for n, frame in enumerate(frames) if _is_user_frame(frame)]
    return Failure(
        type=type(error).__name__,
        message=error_text.describe(error),
        is_ours=error_text.raised_here(error),
        traceback="".join(traceback.format_list(frames[users[0] :])) if users else "",
    )


def _is_user_frame(frame: traceback.FrameSummary) -> bool:
    name = frame.filename
    return not (package_files.is_ours(name) or package_files.is_library(name))


@contextlib.contextmanager
def _without_log_lines() -> Iterator[None]:
    """Hides the log lines that TensorFlow's C++ code writes while it is imported.

    TF_CPP_MIN_LOG_LEVEL takes effect too late for them. Other lines are shown afterwards.
    """
    with tempfile.TemporaryFile() as output:
        stderr = os.dup(2)
        os.dup2(output.fileno(), 2)
        try:
            yield
        finally:
            sys.stdout.flush()
            os.dup2(stderr, 2)
            output.seek(0)
            lines = [line for line in output if not _LOG_LINE.match(line)]
            os.write(stderr, b"".join(lines))
            os.close(stderr)
