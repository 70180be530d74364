"""Replaces the content of a file as a whole: whoever reads it sees the old content or the new."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile


def replace(path: str, before: bytes, after: bytes) -> None:
    """Replaces a file's content; its permissions stay, and a link to it stays a link.

    A process that is killed leaves the old content or the new one. It may leave a temporary file
    beside it, whose name begins with a dot.

    Args:
      path: The file.
      before: What it held when it was read.
      after: What it holds afterwards.

    Raises:
      OSError: The file or its folder cannot be written, or the file has changed in between.
    """
    target = os.path.realpath(path)
    with open(target, "rb") as file:
        status = os.fstat(file.fileno())
        if file.read() != before:
            raise OSError(f"{path!r} has changed since it was read; rewrite it again.")
    if not os.access(target, os.W_OK):
        raise PermissionError(f"{path!r} is read-only; make it writable, or exclude it.")
    folder, name = os.path.split(target)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        _keep(temporary, status)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _keep(path: str, status: os.stat_result) -> None:
    """Gives a file the owner and the permissions of another one, as far as the system lets it."""
    if hasattr(os, "chown"):
        with contextlib.suppress(PermissionError):
            os.chown(path, status.st_uid, status.st_gid)
    os.chmod(path, stat.S_IMODE(status.st_mode))
