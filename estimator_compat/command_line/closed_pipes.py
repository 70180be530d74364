"""Ends a command quietly if the reader of its output has left, as `head` does."""

import os
import select
import sys
from collections.abc import Callable
from typing import TextIO

# 128 + 13, the number of SIGPIPE: the exit status of programs that do not catch that signal.
STATUS = 141


def call(main: Callable[[], int]) -> int:
    """Calls the main function of a command, and returns its exit status.

    The output is written before the call returns. If a reader of it has left, the stream is
    replaced, because Python writes what is left of it when it exits, and would report an error.

    Args:
      main: Returns the exit status, or raises SystemExit.

    Returns:
      The exit status of `main`; `STATUS` if a reader has left.
    """
    try:
        try:
            return main()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
    except BrokenPipeError:
        if not discard():  # the pipe is one of the program's own
            raise
        return STATUS


def discard() -> bool:
    """Sends what is written to stdout or stderr from now on nowhere, if its reader has left.

    Returns:
      Whether a reader has left.
    """
    left = [stream for stream in (sys.stdout, sys.stderr) if _reader_has_left(stream)]
    for stream in left:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    return bool(left)


def _reader_has_left(stream: TextIO) -> bool:
    """Returns whether a stream is a pipe that nobody reads; True where that cannot be found out."""
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    try:
        poll.register(stream.fileno(), 0)
    except (OSError, ValueError):  # it is closed, or has no file descriptor
        return False
    return any(event & select.POLLERR for _, event in poll.poll(0))
